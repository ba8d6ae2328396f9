// Which sessions are to be reminded of: before a slot begins, and when its technical check is due (Điều 13.2.b). Pure
// functions, for reminder-timer.js.

const BEFORE_MS = 15 * 60_000;
/** A check that was due longer ago, as that of an emergency, is not reminded of. */
const LATE_MS = 15 * 60_000;
const KEPT_MS = 86_400_000;
/** Phases of a session that has its code. */
const HELD = ['upcoming', 'lobby', 'open'];

/** @typedef {{key: string, kind: 'start' | 'check', at: number, entry: CalendarEntry}} Reminder */

/** @param {CalendarEntry} entry @returns {(Reminder & {from: number, until: number})[]} */
function remindersOf(entry) {
  const [start, check] = [Date.parse(entry.start), Date.parse(entry.check_due)];
  return [
    {key: `${entry.id} start ${entry.start}`, kind: 'start', at: start, entry, from: start - BEFORE_MS, until: start},
    {key: `${entry.id} check ${entry.check_due}`, kind: 'check', at: check, entry, from: check, until: Math.min(check + LATE_MS, start)},
  ];
}

/**
 * Return the reminders that are due at an instant and were not shown, those of the earliest time first.
 * @param {CalendarEntry[]} entries
 * @param {Record<string, number>} shown
 * @param {number} now milliseconds
 * @returns {Reminder[]}
 */
export function dueReminders(entries, shown, now) {
  const all = entries.filter(({phase}) => HELD.includes(phase)).flatMap(remindersOf);
  const due = all.filter(({key, from, until}) => !(key in shown) && from <= now && now < until);
  return [...new Map(due.map(each => [each.key, each])).values()].sort((one, other) => one.at - other.at);
}

/** Return which reminders were shown, without those of another day. @param {Record<string, number>} shown @param {number} now */
export const stillShown = (shown, now) => Object.fromEntries(Object.entries(shown).filter(([, at]) => now - at < KEPT_MS));

/** Return the whole minutes until an instant, one at least. @param {number} at @param {number} now */
export const minutesUntil = (at, now) => Math.max(1, Math.ceil((at - now) / 60_000));
