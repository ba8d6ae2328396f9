// What the register form counts: legs, free capacity and groups of points. Pure.

/** What a registration holds: each device of its points, and `other` legs. @param {Point[]} points @param {string} host @param {Set<string>} chosen @param {number} other */
export function legs(points, host, chosen, other) {
  const devices = points.filter(({id}) => id === host || chosen.has(id)).reduce((sum, point) => sum + point.devices, 0);
  return devices + other;
}

/** What is still free at the busiest instant of a slot. @param {Capacity} capacity @param {Slot} slot */
export function free(capacity, slot) {
  const [start, end] = [Date.parse(slot.start), Date.parse(slot.end)];
  const within = capacity.steps.filter(step => Date.parse(step.start) < end && Date.parse(step.end) > start);
  const peak = /** @param {'sessions' | 'points'} what */ what => Math.max(0, ...within.map(step => step[what]));
  return {
    sessions: Math.max(0, capacity.sessions.usable - peak('sessions')),
    points: Math.max(0, capacity.points.usable - peak('points')),
  };
}

/** When and where each point is already, by point. @param {Busy[]} busy @returns {Map<string, Busy[]>} */
export function byPoint(busy) {
  const found = new Map();
  for (const each of busy) found.set(each.point, [...(found.get(each.point) ?? []), each]);
  return found;
}

/**
 * Points that are picked together: every point of a level, and every district with its communes.
 * @param {Point[]} points @param {Unit[]} units
 * @returns {{id: string, level: string, unit: Unit | null, points: string[]}[]}
 */
export function groups(points, units) {
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

/** Corners of a step chart: x grows with time, y with the load. @param {CapacityStep[]} steps @param {'sessions' | 'points'} what @returns {[number, number][]} */
export const corners = (steps, what) =>
  steps.flatMap(step => /** @type {[number, number][]} */ ([[Date.parse(step.start), step[what]], [Date.parse(step.end), step[what]]]));
