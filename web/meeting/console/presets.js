// The layouts on the keys 1 to 6 of the console. They name points, whose seats change. Pure functions, for
// layout-picker.js.

import {DEFAULT_LAYOUT, layoutFields} from '../client/layouts.js';

/** @type {LayoutKind[]} What the keys show until other layouts are saved. */
const FIRST = ['grid', 'speaker', 'single', 'content', '1+5', 'side-by-side'];

/**
 * Return the six presets: those that the session has, the others as at first.
 * @param {SavedPreset[]} saved
 * @returns {Preset[]}
 */
export function presets(saved) {
  const known = new Map(saved.map(preset => [preset.number, preset]));
  return FIRST.map((kind, index) => layoutFields(known.get(index + 1) ?? {...DEFAULT_LAYOUT, kind}));
}

/**
 * Return a layout as a preset: points instead of seats.
 * @param {Layout} layout
 * @param {Seat[]} seats
 * @returns {Preset}
 */
export function presetOf(layout, seats) {
  const point = (/** @type {string | null} */ id) => seats.find(({seat}) => seat === id)?.point ?? null;
  return {...layoutFields(layout), focus: point(layout.focus), seats: layout.seats.map(point)};
}

/**
 * Return the layout of a preset in this meeting: a point that was not invited leaves its pane free, and nobody is
 * large who is absent.
 * @param {Preset} preset
 * @param {Seat[]} seats
 * @returns {Layout}
 */
export function layoutOfPreset(preset, seats) {
  const seated = (/** @type {string | null} */ id) => seats.find(({point}) => id !== null && point === id);
  const large = seated(preset.focus);
  return {...preset, focus: large?.here ? large.seat : null, seats: preset.seats.map(id => seated(id)?.seat ?? null)};
}
