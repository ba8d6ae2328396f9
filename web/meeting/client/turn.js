// Whose turn it is, as one sentence to the people at a seat: whether they are heard, and what they wait for. No DOM.

import {ownSeat} from './meeting-state.js';

/**
 * Return the key of the sentence under `turn.`, with its arguments.
 * @param {MeetingState} state
 * @param {{mic: MicState, connected: boolean}} now
 * @returns {[string, ...any[]]}
 */
export function turnOf(state, {mic, connected}) {
  const seat = ownSeat(state);
  if (!connected) return ['lost'];
  if (!seat?.point) return ['observer'];
  if (mic === 'on' || mic === 'live') return ['on'];
  if (mic === 'invited') return ['invited'];
  if (mic === 'off') return [!seat.floor ? 'advisory' : state.role === 'host' ? 'host' : 'off'];
  if (seat.hand) return ['hand', seat.hand];
  return [state.locks.hands ? 'locked' : 'blocked'];
}
