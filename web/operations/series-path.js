// The geometry of lines over time, of which some values are missing. No DOM. For quality-chart.js.

/** Steps of the scale, each with the powers of ten. */
const ROUND = [1, 2, 3, 4, 5, 7.5, 10];

/** Distances between ticks of the time, in seconds. */
const TICKS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/**
 * Return the round number that is at least `least` and all values.
 * @param {(number | null)[][]} series
 * @param {number} least
 */
export function topOf(series, least) {
  const most = series.flat().reduce((top, value) => Math.max(/** @type {number} */ (top), value ?? 0), least) ?? least;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * /** @type {number} */ (ROUND.find(step => step * power >= most * 0.999));
}

/**
 * Return the path (SVG's `d`) of values in equal steps over a width; a missing value breaks it, one alone is a dash.
 * @param {(number | null)[]} values
 * @param {{left: number, top: number, width: number, height: number, most: number}} box
 */
export function pathOf(values, {left, top, width, height, most}) {
  const step = width / Math.max(1, values.length);
  const x = (/** @type {number} */ at) => round(left + at * step);
  const y = (/** @type {number} */ value) => round(top + height * (1 - Math.min(1, value / most)));
  let path = '';
  let open = false;
  values.forEach((value, at) => {
    if (value === null) open = false;
    else {
      path += `${open ? 'L' : 'M'}${x(at)} ${y(value)}H${x(at + 1)}`;
      open = true;
    }
  });
  return path;
}

/** @param {number} value */
const round = value => Math.round(10 * value) / 10;

/**
 * Return where ticks stand within a time, in milliseconds: at whole steps, so many apart that their words have room.
 * @param {number} start milliseconds
 * @param {number} end milliseconds
 * @param {number} room of how many words
 */
export function ticksOf(start, end, room) {
  const step = 1000 * (TICKS_S.find(seconds => (end - start) / (1000 * seconds) <= Math.max(1, room)) ?? /** @type {number} */ (TICKS_S.at(-1)));
  const ticks = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) ticks.push(at);
  return ticks;
}
