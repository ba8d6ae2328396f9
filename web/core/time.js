// Times as the regulation's readers write them: 24 hours, dd/MM/yyyy, Asia/Ho_Chi_Minh, whatever zone the device is set to.

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

/** The protocol's form of an instant. @param {number} at milliseconds */
export const utc = at => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** The instant behind a `datetime-local` value, or '' when the field is empty. @param {string} value */
export const fromLocal = value => (value ? utc(Date.parse(`${value.slice(0, 16)}:00${OFFSET}`)) : '');

/** The `datetime-local` value of an instant. @param {string | number} at */
export function toLocal(at) {
  const p = split(new Date(at).getTime());
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

/** `08:30`. @param {string | number} at */
export function hourMinute(at) {
  const p = split(new Date(at).getTime());
  return `${p.hour}:${p.minute}`;
}

/** `08:30:05`. @param {string | number} at */
export function clock(at) {
  const p = split(new Date(at).getTime());
  return `${p.hour}:${p.minute}:${p.second}`;
}

/** `05/04/2026`. @param {string | number} at */
export function day(at) {
  const p = split(new Date(at).getTime());
  return `${p.day}/${p.month}/${p.year}`;
}

/** `Chủ Nhật, 05/04/2026`. @param {string | number} at @param {string} language */
export function weekday(at, language) {
  const name = new Intl.DateTimeFormat(language, {timeZone: ZONE, weekday: 'long'}).format(new Date(at));
  return `${name}, ${day(at)}`;
}

/** `08:00–10:00 05/04/2026`, with both days when they differ. @param {Slot} slot */
export function slot({start, end}) {
  return day(start) === day(end)
    ? `${hourMinute(start)}–${hourMinute(end)} ${day(start)}`
    : `${hourMinute(start)} ${day(start)} – ${hourMinute(end)} ${day(end)}`;
}

/** `02:15` or `1:02:15`. @param {number} seconds */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = /** @param {number} n */ n => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** Midnight in Vietnam of the day that holds `at`. @param {number} at milliseconds */
export const midnight = at => Date.parse(`${toLocal(at).slice(0, 10)}T00:00:00${OFFSET}`);
