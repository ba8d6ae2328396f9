// Counts of the register form: legs, free capacity, groups of points. Pure functions, for register.js, point-
// picker.js and capacity-chart.js.

/**
 * Count the legs of a registration: each device of its points, and `other` ones.
 * @param {Point[]} points
 * @param {string} host
 * @param {Set<string>} chosen
 * @param {number} other
 */
export function countLegs(points, host, chosen, other) {
  const devices = points.filter(({id}) => id === host || chosen.has(id)).reduce((sum, point) => sum + point.devices, 0);
  return devices + other;
}

/**
 * Return the sessions and legs that are free at the busiest instant of a slot.
 * @param {Capacity} capacity
 * @param {Slot} slot
 */
export function freeCapacity(capacity, slot) {
  const [start, end] = [Date.parse(slot.start), Date.parse(slot.end)];
  const within = capacity.steps.filter(step => Date.parse(step.start) < end && Date.parse(step.end) > start);
  const peak = /** @param {'sessions' | 'points'} what */ what => Math.max(0, ...within.map(step => step[what]));
  return {
    sessions: Math.max(0, capacity.sessions.usable - peak('sessions')),
    points: Math.max(0, capacity.points.usable - peak('points')),
  };
}

/**
 * Group other sessions by the point that is busy with them.
 * @param {BusyPoint[]} busy
 * @returns {Map<string, BusyPoint[]>}
 */
export function busyByPoint(busy) {
  const found = new Map();
  for (const each of busy) found.set(each.point, [...(found.get(each.point) ?? []), each]);
  return found;
}

/**
 * Return groups of points that are picked together: those of a level, and those of a district with its communes.
 * @param {Point[]} points @param {Unit[]} units
 * @returns {{id: string, level: string, unit: Unit | null, points: string[]}[]}
 */
export function pointGroups(points, units) {
  const levels = [...new Set(points.map(({level}) => level))];
  const byLevel = levels.map(level => ({
    id: `level:${level}`,
    level,
    unit: null,
    points: points.filter(point => point.level === level).map(({id}) => id),
  }));
  const parents = units.filter(({id}) => units.some(({parent}) => parent === id));
  const byUnit = parents.map(unit => {
    const family = new Set([unit.id, ...units.filter(({parent}) => parent === unit.id).map(({id}) => id)]);
    return {id: `unit:${unit.id}`, level: unit.level, unit, points: points.filter(point => family.has(point.unit)).map(({id}) => id)};
  });
  return [...byLevel, ...byUnit].filter(group => group.points.length > 1);
}

/**
 * Return the corners of a step chart as [milliseconds, load].
 * @param {CapacityStep[]} steps
 * @param {'sessions' | 'points'} what
 * @returns {[number, number][]}
 */
export const stepCorners = (steps, what) =>
  steps.flatMap(step => /** @type {[number, number][]} */ ([[Date.parse(step.start), step[what]], [Date.parse(step.end), step[what]]]));
