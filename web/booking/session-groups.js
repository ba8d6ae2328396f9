// Which sessions of a list repeat each other: they share one card. Pure functions, for sessions.js.

import {hourMinute} from '../core/time.js';

/** @typedef {{session: Session, later: Session[]}} SessionGroup */

const WEEK_MS = 604_800_000;

/** Return what sessions of a repeat have in common. @param {Session} session */
const keyOf = ({title, host, official, points}) =>
  JSON.stringify([title, host.point, hourMinute(official.start), hourMinute(official.end), points.map(({id}) => id).sort()]);

/**
 * Return sessions, sorted by their start, in groups: the next one of each repeat with those after it.
 * @param {Session[]} sessions
 * @returns {SessionGroup[]}
 */
export function grouped(sessions) {
  /** @type {Map<string, SessionGroup>} */
  const groups = new Map();
  for (const session of sessions) {
    const known = groups.get(keyOf(session));
    if (known) known.later.push(session);
    else groups.set(keyOf(session), {session, later: []});
  }
  return [...groups.values()];
}

/** Return whether a group repeats every week, without a gap. @param {SessionGroup} group */
export function isWeekly({session, later}) {
  const starts = [session, ...later].map(({official}) => Date.parse(official.start));
  return later.length > 0 && starts.slice(1).every((start, at) => start - starts[at] === WEEK_MS);
}

/** Return whether a session can be entered now: its lobby or its meeting is open. @param {Session} session */
export const isDue = ({phase, code}) => Boolean(code) && ['lobby', 'open'].includes(phase);
