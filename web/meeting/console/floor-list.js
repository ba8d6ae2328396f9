// Element `floor-list`: who has the floor, on top of the console's list.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {number, t} from '../../core/i18n.js';
import {isHeard, properName} from '../client/meeting-state.js';
import {BaseElement, icon} from '../../core/base.js';
import {ACTIVITY_ICONS} from '../room/activity-icons.js';
import {activityOf, activityWords, floorButton, seatName} from './seat-row.js';

const METER_MIN_DB = -60; // dBov; below it is the noise of a room
const METER_LOW_DB = -40;

/** Return the present seats with the floor, who is heard first; the host, who always has it, while it is heard. @param {MeetingState} state */
export function floors(state) {
  const held = state.seats.filter(seat => seat.here && seat.floor && (seat.role !== 'host' || isHeard(state, seat.seat)));
  return held.sort((a, b) => Number(b.seat === state.speaking) - Number(a.seat === state.speaking));
}

/** Shows who has the floor, how loud each is, and takes it back. Fires `command` with a message. */
export class FloorList extends BaseElement {
  static properties = {state: {attribute: false}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
  }

  render() {
    const {state} = this;
    if (!state) return nothing;
    const shown = floors(state);
    const others = state.seats.some(seat => seat.floor && seat.role !== 'host');
    return html`<div class="floor-head"><h2>${t('floors.title')}</h2>
        <button type="button" data-testid="mute-all" ?disabled=${!others} @click=${() => this.emit('command', {type: 'mute-all'})}>${icon('mic-off')}<span>${t('host.mute-all')}</span></button></div>
      <ul class="rows">${shown.length ? repeat(shown, ({seat}) => seat, seat => this.row(state, seat)) : html`<li class="seat-row nobody">${t('floors.none')}</li>`}</ul>`;
  }

  /** @param {MeetingState} state @param {Seat} seat */
  row(state, seat) {
    const activity = activityOf(state, seat);
    return html`<li class="seat-row ${activity}" data-testid="on-floor" data-seat=${seat.seat} data-point=${seat.point} data-activity=${activity}>
      ${icon(ACTIVITY_ICONS[activity])} ${seatName(seat)} ${this.level(seat, state.levels[seat.seat])}
      <span class="word">${activityWords(seat, activity)}</span> ${floorButton(seat, detail => this.emit('command', detail))}
    </li>`;
  }

  /** @param {Seat} seat @param {number | undefined} level */
  level(seat, level) {
    const text = level === undefined ? t('level.none') : t('level.is', number(level));
    return html`<meter min=${METER_MIN_DB} max="0" low=${METER_LOW_DB} .value=${level ?? METER_MIN_DB} data-testid="level" data-level=${level ?? ''} aria-label=${t('level.of', properName(seat))} title=${text}></meter>`;
  }
}

customElements.define('floor-list', FloorList);
