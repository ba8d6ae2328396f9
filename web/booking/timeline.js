// Calculations for timelines, the calendar and differences of profiles. Pure functions, for the pages of planning/
// and policy/ and for the capacity chart.

/**
 * Return where a slot lies between two instants, as left edge and width in percent; null when it lies outside.
 * @param {Slot} slot
 * @param {number} from
 * @param {number} to
 */
export function barPosition(slot, from, to) {
  const [start, end] = [Math.max(from, Date.parse(slot.start)), Math.min(to, Date.parse(slot.end))];
  if (end <= start) return null;
  return {left: (100 * (start - from)) / (to - from), width: (100 * (end - start)) / (to - from)};
}

/** Return the time that holds all slots, widened to full hours; milliseconds. @param {Slot[]} slots */
export function enclosingHours(slots) {
  const HOUR = 3_600_000;
  const from = Math.floor(Math.min(...slots.map(({start}) => Date.parse(start))) / HOUR) * HOUR;
  const to = Math.ceil(Math.max(...slots.map(({end}) => Date.parse(end))) / HOUR) * HOUR;
  return {from, to};
}

/**
 * Assign lanes beside each other to entries that overlap: each gets the first free lane, and the number of lanes that
 * it and its neighbours need.
 * @template {Slot} T @param {T[]} entries by start
 * @returns {{entry: T, lane: number, lanes: number}[]}
 */
export function assignLanes(entries) {
  /** @type {{entry: T, lane: number, lanes: number}[]} */
  const placed = [];
  /** @type {{entry: T, lane: number, lanes: number}[]} */
  let cluster = [];
  let until = -Infinity;
  /** @type {number[]} */
  let free = [];
  const close = () => cluster.forEach(each => (each.lanes = free.length));
  for (const entry of entries) {
    const [start, end] = [Date.parse(entry.start), Date.parse(entry.end)];
    if (start >= until) {
      close();
      [cluster, free] = [[], []];
    }
    let lane = free.findIndex(taken => taken <= start);
    if (lane < 0) lane = free.length;
    free[lane] = end;
    until = Math.max(until, end);
    const each = {entry, lane, lanes: 1};
    cluster.push(each);
    placed.push(each);
  }
  close();
  return placed;
}

/**
 * Fold lanes that would be too narrow to read: of more than `most` lanes the last one counts what is left out.
 * @template {Slot} T @param {{entry: T, lane: number, lanes: number}[]} placed @param {number} most
 * @returns {{shown: {entry: T, lane: number, lanes: number}[], more: {start: string, end: string, count: number}[]}}
 */
export function foldLanes(placed, most) {
  const fits = (/** @type {{lane: number, lanes: number}} */ {lane, lanes}) => lanes <= most || lane < most - 1;
  /** @type {{start: string, end: string, count: number}[]} */
  const more = [];
  for (const {entry: {start, end}} of placed.filter(each => !fits(each))) {
    const last = more.at(-1);
    if (!last || Date.parse(start) >= Date.parse(last.end)) more.push({start, end, count: 1});
    else {
      last.count += 1;
      if (Date.parse(end) > Date.parse(last.end)) last.end = end;
    }
  }
  return {shown: placed.filter(fits).map(each => ({...each, lanes: Math.min(each.lanes, most)})), more};
}

/**
 * Return Monday, midnight in Vietnam, of the week that holds the given midnight.
 * @param {number} midnight milliseconds
 */
export function mondayOf(midnight) {
  const DAY = 86_400_000;
  const VIETNAM = 7 * 3_600_000;
  const weekday = new Date(midnight + VIETNAM).getUTCDay();
  return midnight - ((weekday + 6) % 7) * DAY;
}

/**
 * Return every value of a profile that is not null, with its path (`capacity.share.num`).
 * @param {any} value
 * @param {string} [path]
 * @returns {[string, string][]}
 */
export function leafValues(value, path = '') {
  if (value === null) return [];
  if (typeof value !== 'object') return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = Array.isArray(value) && inner && typeof inner === 'object' && 'id' in inner ? inner.id : key;
    return leafValues(inner, path ? `${path}.${name}` : name);
  });
}

/**
 * Return the values in which two profiles differ, without those that name and date them.
 * @param {any} before
 * @param {any} after
 */
export function differences(before, after) {
  const own = ['id', 'version', 'title', 'extends', 'effective_from', 'effective_to', 'replaces', 'legal_basis'];
  const [old, fresh] = [before, after].map(content => new Map(leafValues(content).filter(([path]) => !own.includes(path.split('.')[0]))));
  const paths = [...new Set([...old.keys(), ...fresh.keys()])].filter(path => old.get(path) !== fresh.get(path));
  return paths.map(path => ({path, before: old.get(path) ?? null, after: fresh.get(path) ?? null}));
}

/**
 * Return two loads on top of each other, as steps that are cut where either changes.
 * @param {CapacityStep[]} lower
 * @param {CapacityStep[]} upper
 * @returns {CapacityStep[]}
 */
export function stackedSteps(lower, upper) {
  const cuts = [...new Set([...lower, ...upper].flatMap(({start, end}) => [start, end]))].sort();
  const at = (/** @type {CapacityStep[]} */ steps, /** @type {string} */ start) => steps.find(step => step.start <= start && start < step.end) ?? {sessions: 0, points: 0};
  return cuts.slice(0, -1).map((start, place) => {
    const [below, above] = [at(lower, start), at(upper, start)];
    return {start, end: cuts[place + 1], sessions: below.sessions + above.sessions, points: below.points + above.points};
  });
}

/**
 * Return the step of rated capacity that holds at an instant.
 * @param {RatedStep[]} steps in order
 * @param {number} at milliseconds
 */
export const ratedAt = (steps, at) => steps.filter(({since}) => since === null || Date.parse(since) <= at).at(-1) ?? steps[0];
