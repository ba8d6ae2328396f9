// Times as the regulation writes them: 24 hours, dd/MM/yyyy, Asia/Ho_Chi_Minh, whatever the device's time zone. All
// pages use it.

const ZONE = 'Asia/Ho_Chi_Minh';
const OFFSET = '+07:00'; // Vietnam has kept UTC+7 without summer time since 1975.

const PARTS = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** @param {number} at milliseconds @returns {Record<string, string>} */
const split = at => Object.fromEntries(PARTS.formatToParts(at).map(({type, value}) => [type, value]));

/** Format an instant as RFC 3339 in UTC, as the protocol has it. @param {number} at milliseconds */
export const utc = at => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** Convert a `datetime-local` value to RFC 3339 in UTC; '' stays ''. @param {string} value */
export const fromLocal = value => (value ? utc(Date.parse(`${value.slice(0, 16)}:00${OFFSET}`)) : '');

/** Format an instant as a `datetime-local` value. @param {string | number} at */
export function toLocal(at) {
  const p = split(new Date(at).getTime());
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

/** Format an instant as `08:30`. @param {string | number} at */
export function hourMinute(at) {
  const p = split(new Date(at).getTime());
  return `${p.hour}:${p.minute}`;
}

/** Format an instant as `08:30:05`. @param {string | number} at */
export function clock(at) {
  const p = split(new Date(at).getTime());
  return `${p.hour}:${p.minute}:${p.second}`;
}

/** Format an instant as `05/04/2026`. @param {string | number} at */
export function day(at) {
  const p = split(new Date(at).getTime());
  return `${p.day}/${p.month}/${p.year}`;
}

/** Return the short name of a weekday, `T2`. @param {string | number} at @param {string} language */
export const weekdayName = (at, language) => new Intl.DateTimeFormat(language, {timeZone: ZONE, weekday: 'narrow'}).format(new Date(at));

/** Format an instant as `Chủ Nhật, 05/04/2026`. @param {string | number} at @param {string} language */
export function weekday(at, language) {
  const name = new Intl.DateTimeFormat(language, {timeZone: ZONE, weekday: 'long'}).format(new Date(at));
  return `${name}, ${day(at)}`;
}

/** Format a slot as `08:00–10:00 05/04/2026`, with both days when they differ. @param {Slot} slot */
export function slot({start, end}) {
  return day(start) === day(end)
    ? `${hourMinute(start)}–${hourMinute(end)} ${day(start)}`
    : `${hourMinute(start)} ${day(start)} – ${hourMinute(end)} ${day(end)}`;
}

/** Return whether a deadline is over at an instant (now): what is due is then due at once. @param {string} due @param {string | number} [at] */
export const isPast = (due, at = Date.now()) => Date.parse(due) <= new Date(at).getTime();

/** Format a duration as `02:15` or `1:02:15`. @param {number} seconds */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = /** @param {number} n */ n => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** Format the time that is left as `02:15`, and `+02:15` once so much is over. @param {number} seconds */
export const timeLeft = seconds => `${seconds < 0 ? '+' : ''}${span(Math.abs(seconds))}`;

/** Return midnight in Vietnam of the day that holds `at`, milliseconds. @param {number} at milliseconds */
export const midnight = at => Date.parse(`${toLocal(at).slice(0, 10)}T00:00:00${OFFSET}`);
