// Element `participant-list`: the seats of the meeting, in the room.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {filterSeats, countPoints, properName, seatActivity} from '../client/meeting-state.js';
import {ACTIVITY_ICONS} from './activity-icons.js';
import {icon, BaseElement} from '../../core/base.js';

const FILTER_NAMES = ['all', 'here', 'absent', 'hand', 'floor'];

/** All seats with search, filter and counts. */
export class ParticipantList extends BaseElement {
  static properties = {seats: {attribute: false}, heard: {attribute: false}, weak: {attribute: false}, filter: {state: true}, text: {state: true}};

  constructor() {
    super();
    /** @type {Seat[]} */
    this.seats = [];
    /** The seats from which sound comes. @type {(seat: string) => boolean} */
    this.heard = () => false;
    /** Whose line is poor. @type {WeakLine[]} */
    this.weak = [];
    this.filter = 'all';
    this.text = '';
  }

  render() {
    const {here, invited} = countPoints(this.seats);
    const shown = filterSeats(this.seats, this.filter, this.text);
    return html`<div class="head"><h2>${t('seats.title')}</h2><span class="badge" data-testid="count" aria-label=${t('seats.count', here, invited)}>${here}/${invited}</span></div>
      <div class="tools">
        <input type="search" data-testid="seats-search" aria-label=${t('seats.search')} placeholder=${t('seats.search')} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
        <select data-testid="seats-filter" aria-label=${t('seats.filter')} @change=${(/** @type {any} */ event) => (this.filter = event.target.value)}>
          ${FILTER_NAMES.map(name => html`<option value=${name}>${t(`filter.${name}`)}</option>`)}
        </select>
      </div>
      <ul class="rows" tabindex="0" aria-label=${t('seats.title')}>${repeat(shown, ({seat}) => seat, seat => this.row(seat))}</ul>
      ${shown.length ? nothing : html`<p class="empty">${t('seats.none')}</p>`}`;
  }

  /** @param {Seat} seat */
  row(seat) {
    const word = seatActivity(seat, this.heard(seat.seat));
    return html`<li class="row-item ${word}" data-testid="seat" data-seat=${seat.seat} data-point=${seat.point}
      data-floor=${seat.floor} data-hand=${seat.hand} data-here=${seat.here}>
      ${icon(ACTIVITY_ICONS[word])}
      <span class="name">${properName(seat)}<small>${this.seatWords(seat, word)}</small></span>
      ${this.weak.some(line => line.seat === seat.seat) ? html`<span class="poor-line" data-testid="poor-line">${icon('network')}<span>${t('quality.poor')}</span></span>` : nothing}
      ${seat.camera && seat.here ? icon('camera', 'soft') : nothing}
    </li>`;
  }

  /** @param {Seat} seat @param {string} word */
  seatWords(seat, word) {
    const role = seat.role === 'component' ? [] : [t(`role.${seat.role}`)];
    return [...role, word === 'hand' ? t('seat.hand', seat.hand) : t(`seat.${word}`)].join(' · ');
  }
}

customElements.define('participant-list', ParticipantList);
