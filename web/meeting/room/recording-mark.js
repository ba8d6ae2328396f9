// The mark of the recording: in the room, the console and the test room.

import {html, nothing} from '../../vendor/lit.js';
import {hasText, t} from '../../core/i18n.js';
import {icon} from '../../core/base.js';
import {span} from '../../core/time.js';
import {recordedSeconds, recordState} from '../client/meeting-state.js';

/** Return the text key for a recording that failed. @param {string} word why it ended */
const recordingFault = word => (hasText(`reason.${word}`) ? `reason.${word}` : 'room.rec-error');

/**
 * Draw that the meeting is recorded, and for how long, and why it no longer is.
 * @param {RecordingMark} mark
 * @param {number} now server time, milliseconds
 */
export function recordingMark(mark, now) {
  const state = recordState(mark);
  const text = t(state === 'paused' ? 'room.rec-pauses' : 'room.recording', span(recordedSeconds(mark, now)));
  return html`<span class="mark rec ${state}" data-testid="rec-mark" data-state=${state} ?hidden=${!mark.on}><i></i>${text}</span>
    ${mark.error ? html`<span class="mark rec failed" role="alert" data-testid="rec-error">${icon('warn')}${t(recordingFault(mark.error))}</span>` : nothing}`;
}

/** Draw that meetings of neighbouring systems, which this one is held with, are recorded there. @param {MeetingState} state */
export function neighbourMarks({neighbours, seats}) {
  return Object.entries(neighbours).filter(([, {recording}]) => recording).map(([point, {paused}]) => {
    const label = seats.find(seat => seat.point === point)?.label ?? point;
    return html`<span class="mark rec ${paused ? 'paused' : 'on'}" data-testid="neighbour-rec" data-point=${point}><i></i>${label}: ${t(paused ? 'neighbour.rec-pauses' : 'neighbour.recording')}</span>`;
  });
}
