// Whether a raised hand is told by a sound in the console, for the queue and the side panel.

import {raisedHands} from '../client/meeting-state.js';

/** The localStorage key of this device's choice. */
const STORAGE_KEY = 'hand-sound';

/** Return whether this device sounds when a hand is raised; it does not until somebody wants it. */
export const handSounds = () => localStorage.getItem(STORAGE_KEY) === 'on';

/** @param {boolean} on */
export const setHandSounds = on => localStorage.setItem(STORAGE_KEY, on ? 'on' : 'off');

/**
 * Return whether somebody raised a hand between two states: a queue in another order is no new hand.
 * @param {Pick<MeetingState, 'seats'>} before
 * @param {Pick<MeetingState, 'seats'>} after
 */
export function isHandNew(before, after) {
  const known = new Set(raisedHands(before.seats).map(({seat}) => seat));
  return raisedHands(after.seats).some(({seat}) => !known.has(seat));
}
