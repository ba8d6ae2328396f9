// The day of a room display: which session is next, which one it joins by itself, and when a page may be loaded anew.
// Pure, for room-display.js.

const OPEN_PHASES = ['lobby', 'open'];
const QUIET_MS = 2 * 60_000; // before a slot begins nothing is loaded anew
const DAY_MS = 24 * 3600_000;

/** Return the first day's slot of a session that is not over, else its last one. @param {DaySession} session @param {number} now */
export const slotAt = ({slots}, now) => slots.find(({end}) => Date.parse(end) > now) ?? slots[slots.length - 1];

/** Return whether points may enter a session now. @param {DaySession} session */
export const isOpen = ({phase}) => OPEN_PHASES.includes(phase);

/** Return the name of what a session's points may enter now: a rehearsal and its meeting are two. @param {DaySession} session */
export const visitOf = ({id, current}) => `${id} ${current}`;

/** @param {DaySession} session @param {number} now */
const startOf = (session, now) => Date.parse(slotAt(session, now).start);

/**
 * Return the session that a display joins by itself: of those in progress the one that began last, else the one that
 * begins first of those whose points may enter already.
 * @param {DaySession[]} sessions
 * @param {Set<string>} left the visits that it stays out of
 * @param {number} now milliseconds
 */
export function toJoin(sessions, left, now) {
  const open = sessions.filter(session => isOpen(session) && !left.has(visitOf(session))).sort((a, b) => startOf(a, now) - startOf(b, now));
  return open.filter(({phase}) => phase === 'open').at(-1) ?? open[0] ?? null;
}

/**
 * Return the sessions of the day by the start of their next slot, those that are over last.
 * @param {DaySession[]} sessions
 * @param {number} now
 */
export function inOrder(sessions, now) {
  const over = /** @param {DaySession} session */ ({phase}) => Number(phase === 'ended' || phase === 'cancelled');
  return [...sessions].sort((a, b) => over(a) - over(b) || startOf(a, now) - startOf(b, now));
}

/**
 * Return whether the page may be loaded anew: it is a day old or another version is there, and nothing is about to begin.
 * @param {{sessions: DaySession[], newVersion: boolean, age: number, now: number}} state `age` in milliseconds
 */
export function mayReload({sessions, newVersion, age, now}) {
  const busy = sessions.some(session => isOpen(session) || (session.phase === 'upcoming' && session.slots.some(({start}) => Math.abs(Date.parse(start) - now) < QUIET_MS)));
  return (newVersion || age > DAY_MS) && !busy;
}

/** Return how long to wait after so many failed attempts, in milliseconds: up to five seconds, spread by `chance` from 0 to 1. @param {number} attempt @param {number} chance */
export const backoff = (attempt, chance) => Math.min(5000, 500 * 2 ** attempt) * (0.5 + chance / 2);

/** Return a pairing code in two groups, as it is read aloud. @param {string} code */
export const spelled = code => `${code.slice(0, 4)}-${code.slice(4)}`;
