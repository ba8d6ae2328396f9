// Which days each view of the calendar shows, and which entries fall on them. Pure functions, for calendar.js.

import {monthAfter, weeksOf} from '../core/dates.js';
import {fromLocal, midnight, toLocal} from '../core/time.js';
import {mondayOf} from '../booking/timeline.js';

/** @typedef {'day' | 'week' | 'month' | 'list'} CalendarView */

/** @type {CalendarView[]} */
export const VIEWS = ['day', 'week', 'month', 'list'];
const DAY_MS = 86_400_000;
const LIST_DAYS = 28;

/** @param {string} date `2026-04-05` */
const start = date => Date.parse(fromLocal(`${date}T00:00`));

/** Return the month of an instant, `2026-04`. @param {number} at */
export const monthOf = at => toLocal(at).slice(0, 7);

/**
 * Return the midnights of the days that a view shows: whole weeks for a month, four weeks from the day for a list.
 * @param {CalendarView} view
 * @param {number} at midnight of the day that is looked at
 */
export function daysOf(view, at) {
  if (view === 'month') return weeksOf(monthOf(at)).flat().map(start);
  const [from, length] = {day: [at, 1], week: [mondayOf(at), 7], list: [at, LIST_DAYS]}[view];
  return Array.from({length}, (_, place) => from + place * DAY_MS);
}

/**
 * Return the day that is looked at after a step back (-1) or on (1).
 * @param {CalendarView} view
 * @param {number} at
 * @param {-1 | 1} by
 */
export function stepped(view, at, by) {
  if (view === 'month') return start(`${monthAfter(monthOf(at), by)}-01`);
  return at + by * {day: 1, week: 7, list: LIST_DAYS}[view] * DAY_MS;
}

/**
 * Return the entries of each day, a day without any left out if `busy`.
 * @template {Slot} T
 * @param {T[]} entries by start
 * @param {number[]} days midnights
 * @param {boolean} [busy]
 * @returns {{day: number, entries: T[]}[]}
 */
export function byDay(entries, days, busy = false) {
  const found = days.map(day => ({day, entries: entries.filter(({start: from, end}) => Date.parse(from) < day + DAY_MS && Date.parse(end) > day)}));
  return busy ? found.filter(({entries: here}) => here.length) : found;
}

/** Return the view to begin with: a list where a week would be too narrow. @param {string | null} wanted @param {number} width of the window, in pixels */
export const firstView = (wanted, width) => VIEWS.find(view => view === wanted) ?? (width < 700 ? 'list' : 'week');

/** Return midnight of the day in an address, or of today. @param {string | null} wanted @param {number} now */
export const firstDay = (wanted, now) => midnight(Date.parse(`${wanted}T12:00:00+07:00`) || now);
