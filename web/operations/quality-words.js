// What the quality of a seat's connection tells, as keys of sentences with their arguments. No DOM. For quality.js.

import {hourMinute} from '../core/time.js';

/** Causes of which the way to us is to blame, and from us; the others concern both. @type {Record<'up' | 'down', string[]>} */
const OF_WAY = {up: ['up', 'narrow-up'], down: ['down', 'narrow-down', 'jitter', 'delay']};

/** A cause that shows in less of its time than this comes and goes. */
const STEADY = 0.7;

/**
 * Return what was wrong, one sentence for each finding, as `[key, ...args]`: from when, until when, in the mean, at
 * worst.
 * @param {QualityFinding[]} findings
 * @param {(value: number | null) => string} format
 * @returns {{cause: QualityCause, sentence: [string, ...string[]], advice: string, at_times: boolean}[]}
 */
export const faultsOf = (findings, format) =>
  findings.map(({cause, start, end, share, mean, worst}) => ({
    cause,
    sentence: [`cause.${cause}`, hourMinute(start), hourMinute(end), format(mean), format(worst)],
    advice: `cause.${cause}-do`,
    at_times: share < STEADY,
  }));

/**
 * Return what was good: the ways that no finding concerns, with their means; the keys are `cause.good-up` and
 * `cause.good-down`. A way of which nothing was measured is left out.
 * @param {QualityFinding[]} findings
 * @param {QualityMeans} means
 * @param {(value: number | null) => string} format
 * @returns {[string, ...string[]][]}
 */
export function goodOf(findings, {up, down, round_trip: trip, jitter}, format) {
  const bad = new Set(findings.map(({cause}) => cause));
  const fine = (/** @type {'up' | 'down'} */ way) => !OF_WAY[way].some(cause => bad.has(/** @type {QualityCause} */ (cause)));
  /** @type {[string, ...string[]][]} */
  const good = [];
  if (up !== null && fine('up')) good.push(['cause.good-up', format(up)]);
  if (down !== null && fine('down')) good.push(['cause.good-down', format(down), format(trip), format(jitter)]);
  return good;
}

/** Return the seats of a session, each with its point: those with the gravest causes first. @param {SessionQuality} quality @param {QualityCause[]} order the causes, the gravest first */
export function seatsOf({points}, order) {
  const grave = (/** @type {QualitySeat} */ {causes: [first]}) => (first ? order.indexOf(first) : order.length);
  const seats = points.flatMap(({point, devices}) => devices.map(seat => ({point, seat})));
  return seats.sort((one, two) => grave(one.seat) - grave(two.seat) || two.seat.causes.length - one.seat.causes.length);
}

/** The causes, the gravest first, as `signaling/quality/rules.py` has them. @type {QualityCause[]} */
export const CAUSES = ['disconnected', 'server', 'up', 'down', 'tcp', 'delay', 'jitter', 'narrow-down', 'narrow-up', 'device', 'camera', 'frozen', 'limited'];
