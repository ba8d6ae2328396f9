// Below the row of a point in the console's list of points: the meeting of the neighbouring system that it stands for,
// or who is in the room of another make's MCU.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {icon} from '../../core/base.js';
import {insideOf, pointAbove} from '../client/meeting-state.js';
import {ACTIVITY_ICONS} from '../room/activity-icons.js';

/** Return the icon and the words of what a point does there. @param {NeighbourSeat} seat @returns {[string, string]} */
function doing({here, floor, hand, speaking}) {
  if (!here) return [ACTIVITY_ICONS.absent, 'seat.absent'];
  if (speaking) return [ACTIVITY_ICONS.speaking, 'seat.speaking'];
  if (floor) return [ACTIVITY_ICONS.open, 'neighbour.has-floor'];
  return hand ? [ACTIVITY_ICONS.hand, 'neighbour.asks'] : [ACTIVITY_ICONS.listening, 'seat.listening'];
}

/**
 * Draw the button that gives the floor above back, or for whom it is asked for.
 * @param {MeetingState} state
 * @param {boolean} floor whether we have it
 * @param {(message: Message) => void} command
 */
function floorAbove({floorAbove: {asked, returns}, seats}, floor, command) {
  if (!floor && !asked) return nothing;
  const seat = seats.find(one => one.point === asked);
  return html`<p class="floor-above" data-testid="floor-above">${floor ? nothing : html`<span>${t('neighbour.asked', seat?.label || seat?.name || asked)}</span>`}
    <button type="button" data-testid="return-floor" ?disabled=${returns} @click=${() => command({type: 'floor-above', point: null})}>${t(floor ? (returns ? 'neighbour.returning' : 'neighbour.return') : 'neighbour.ask-no-more')}</button></p>`;
}

/**
 * Draw who is there in the meeting of a neighbouring system, who speaks there, whether it is recorded, and the floor
 * that the one above gives.
 * @param {MeetingState} state
 * @param {string} point
 * @param {(message: Message) => void} command
 */
export function neighbourRow(state, point, command) {
  const meeting = state.neighbours[point];
  const reason = state.notHeld[point];
  if (reason) return html`<li class="neighbour" data-testid="not-held" data-point=${point} data-state=${reason}>${icon('warn')}${t('neighbour.not-held', t(`cascade.${reason}`))}</li>`;
  if (!meeting) return nothing;
  const {seats, recording, paused, floor} = meeting;
  const speaker = seats.find(({speaking}) => speaking);
  return html`<li class="neighbour" data-testid="neighbour" data-point=${point} data-recording=${recording} data-floor=${floor}>
    <details><summary>${t('neighbour.here', seats.filter(({here}) => here).length, seats.length)}${recording ? html` · <strong>${t(paused ? 'neighbour.rec-pauses' : 'neighbour.recording')}</strong>` : nothing}${floor ? html` · ${t('neighbour.floor')}` : nothing}${speaker ? html` · ${t('neighbour.speaks', speaker.name)}` : nothing}</summary>
      <ul>${seats.map(seat => {
        const [picture, words] = doing(seat);
        return html`<li data-testid="neighbour-seat">${icon(picture)}<span>${seat.name}</span> <small>${t(words)}</small></li>`;
      })}</ul></details>${point === pointAbove(state) ? floorAbove(state, floor, command) : nothing}</li>`;
}

/** Draw who is in the room of another make's MCU, where that tells so. @param {SystemCall} call */
export function insideRow(call) {
  const {names, line, others} = insideOf(call);
  if (!line.length && !others) return nothing;
  const words = !line.length ? t('inside.others', others) : others ? t('inside.and-others', line.join(', '), others) : t('inside.names', line.join(', '));
  return html`<li class="neighbour" data-testid="inside" data-device=${call.device}>${names.length > line.length ? html`<details><summary>${words}</summary>
    <ul>${names.map(name => html`<li>${name}</li>`)}${call.inside_more ? html`<li>${t('inside.more', call.inside_more)}</li>` : nothing}</ul></details>` : words}</li>`;
}
