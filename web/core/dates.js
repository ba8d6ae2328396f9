// Days and times as people write them (05/04/2026 08:30) and as forms hold them (2026-04-05T08:30), whatever the
// browser's language. Pure functions, for date-field.js.

const DAY = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/;
const DAY_DIGITS = /^(\d{2})(\d{2})(\d{4})$/;
const DAY_ISO = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{1,2})(?:[:h.](\d{2})?)?$/i;
const TIME_DIGITS = /^(\d{2})(\d{2})$/;
const EARLIEST_YEAR = 1900;

/** @param {number | string} n */
const two = n => String(n).padStart(2, '0');

/** Return a day as `2026-04-05`, or '' when there is no such day. @param {string} text */
export function parseDay(text) {
  const written = DAY.exec(text) ?? DAY_DIGITS.exec(text);
  const [year, month, day] = (written ? [written[3], written[2], written[1]] : (DAY_ISO.exec(text)?.slice(1) ?? [])).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= EARLIEST_YEAR && date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? `${year}-${two(month)}-${two(day)}` : '';
}

/** Return a time as `08:30`, or ''; `8`, `8h` and `8h30` are times, too. @param {string} text */
export function parseTime(text) {
  const found = TIME_DIGITS.exec(text) ?? TIME.exec(text);
  const [hour, minute] = [Number(found?.[1] ?? NaN), Number(found?.[2] ?? 0)];
  return hour < 24 && minute < 60 ? `${two(hour)}:${two(minute)}` : '';
}

/** Return day and time as `2026-04-05T08:30`, or '' unless both are there. @param {string} text */
export function parseDayTime(text) {
  const [day = '', time = ''] = text.trim().split(/[T\s]+/);
  const parts = [parseDay(day), parseTime(time)];
  return parts.every(Boolean) ? parts.join('T') : '';
}

/** Return a value of a form as it is read: `05/04/2026` or `05/04/2026 08:30`; '' stays ''. @param {string} value */
export function asWritten(value) {
  const [day, time] = value.split('T');
  const [year, month, date] = day.split('-');
  return date ? `${date}/${month}/${year}${time ? ` ${time.slice(0, 5)}` : ''}` : '';
}

/**
 * Return what was typed with the separators that its digits need so far: `0504` becomes `05/04`. What is no row of
 * digits stays as it is.
 * @param {string} text
 * @param {boolean} withTime
 */
export function separated(text, withTime) {
  if (!/^[\d/: ]*$/.test(text) || /^\d{1,2}\/\d\//.test(text) || /^\d\//.test(text)) return text;
  const digits = text.replace(/\D/g, '').slice(0, withTime ? 12 : 8);
  const day = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 8)].filter(Boolean).join('/');
  const time = [digits.slice(8, 10), digits.slice(10)].filter(Boolean).join(':');
  return time ? `${day} ${time}` : day;
}

/**
 * Return the weeks of a month, each from Monday to Sunday, as days `2026-04-05`; days of other months fill the ends.
 * @param {string} month `2026-04`
 */
export function weeksOf(month) {
  const [year, number] = month.split('-').map(Number);
  const first = (new Date(Date.UTC(year, number - 1, 1)).getUTCDay() + 6) % 7;
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const day = /** @param {number} offset */ offset => new Date(Date.UTC(year, number - 1, 1 + offset)).toISOString().slice(0, 10);
  return Array.from({length: Math.ceil((first + length) / 7)}, (_, week) => Array.from({length: 7}, (_, at) => day(week * 7 + at - first)));
}

/** Return another month. @param {string} month `2026-04` @param {number} by */
export function monthAfter(month, by) {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}
