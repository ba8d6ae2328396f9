// The meeting of a neighbouring system, below the row of the point that stands for it in the console's list of points.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {icon} from '../../core/base.js';
import {ACTIVITY_ICONS} from '../room/activity-icons.js';

/** Return the icon and the words of what a point does there. @param {NeighbourSeat} seat @returns {[string, string]} */
function doing({here, floor, hand, speaking}) {
  if (!here) return [ACTIVITY_ICONS.absent, 'seat.absent'];
  if (speaking) return [ACTIVITY_ICONS.speaking, 'seat.speaking'];
  if (floor) return [ACTIVITY_ICONS.open, 'neighbour.has-floor'];
  return hand ? [ACTIVITY_ICONS.hand, 'neighbour.asks'] : [ACTIVITY_ICONS.listening, 'seat.listening'];
}

/**
 * Draw who is there in the meeting of a neighbouring system, who speaks there, and whether it is recorded.
 * @param {NeighbourMeeting | undefined} meeting
 * @param {string} point
 */
export function neighbourRow(meeting, point) {
  if (!meeting) return nothing;
  const {seats, recording, paused, floor} = meeting;
  const speaker = seats.find(({speaking}) => speaking);
  return html`<li class="neighbour" data-testid="neighbour" data-point=${point} data-recording=${recording} data-floor=${floor}>
    <details><summary>${t('neighbour.here', seats.filter(({here}) => here).length, seats.length)}${recording ? html` · <strong>${t(paused ? 'neighbour.rec-pauses' : 'neighbour.recording')}</strong>` : nothing}${floor ? html` · ${t('neighbour.floor')}` : nothing}${speaker ? html` · ${t('neighbour.speaks', speaker.name)}` : nothing}</summary>
      <ul>${seats.map(seat => {
        const [picture, words] = doing(seat);
        return html`<li data-testid="neighbour-seat">${icon(picture)}<span>${seat.name}</span> <small>${t(words)}</small></li>`;
      })}</ul></details></li>`;
}
