// Element `participant-list`: the seats of the meeting, in the room and in the console.

import {html, live, nothing, repeat} from '../../vendor/lit.js';
import {number, t} from '../../core/i18n.js';
import {FILTERS, callsForSeat, filterSeats, countPoints, seatActivity} from '../client/meeting-state.js';
import {clock} from '../../core/time.js';
import {icon, BaseElement} from '../../core/base.js';

/** The icon of each activity of a seat. @type {Record<string, string>} */
const ICONS = {absent: 'cross', connecting: 'network', floor: 'mic', muted: 'mic-off', hand: 'hand', listening: 'sound'};

const METER_MIN_DB = -60; // dBov; below it is the noise of a room
const METER_LOW_DB = -40;
const GAINS = [12, 9, 6, 3, 0, -3, -6, -9, -12];

/**
 * All seats with search, filter and counts; with `control` the floor can be given and taken, who has it is metered
 * and made louder or softer, and room systems are called again. Acts `command` with a message.
 */
export class ParticipantList extends BaseElement {
  static properties = {seats: {attribute: false}, speaking: {}, levels: {attribute: false}, calls: {attribute: false}, control: {type: Boolean}, filter: {state: true}, text: {state: true}};

  constructor() {
    super();
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {string | null} */
    this.speaking = null;
    /** @type {Record<string, number>} dBov by seat */
    this.levels = {};
    /** @type {SystemCall[]} */
    this.calls = [];
    this.control = false;
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
          ${Object.keys(FILTERS).map(name => html`<option value=${name}>${t(`filter.${name}`)}</option>`)}
        </select>
      </div>
      <ul class="rows" tabindex="0" aria-label=${t('seats.title')}>${repeat(shown, ({seat}) => seat, seat => this.row(seat))}</ul>
      ${shown.length ? nothing : html`<p class="empty">${t('seats.none')}</p>`}`;
  }

  /** @param {Seat} seat */
  row(seat) {
    const word = seatActivity(seat);
    return html`<li class="row-item ${word} ${seat.seat === this.speaking ? 'speaking' : ''}" data-testid="seat" data-seat=${seat.seat} data-point=${seat.point}
      data-floor=${seat.floor} data-hand=${seat.hand} data-here=${seat.here}>
      ${icon(ICONS[word])}
      <span class="name">${seat.name}<small>${this.seatWords(seat, word)}</small>${callsForSeat(seat, this.seats, this.calls).map(call => this.systemCall(call, seat))}${this.control && seat.floor && seat.here ? this.levelAndGain(seat) : nothing}</span>
      ${seat.camera && seat.here ? icon('camera', 'soft') : nothing} ${this.control ? this.floorButtons(seat) : nothing}
    </li>`;
  }

  /**
   * Draw the state of a call to a room system, with a button to call it again, even when it is connected (Điều
   * 14.3.c).
   * @param {SystemCall} call
   * @param {Seat} seat
   */
  systemCall({device, name, state, at, status}, seat) {
    const words = [...(name === seat.name ? [] : [name]), t(`call.${state}`, at ? clock(at) : ''), ...(status ? [t('call.status', status)] : [])];
    return html`<span class="call" data-testid="call" data-device=${device} data-state=${state}>${icon('phone')}<span>${words.join(' · ')}</span>
      ${this.control && state !== 'calling'
        ? html`<button type="button" data-testid="redial" aria-label=${t('call.redial-of', name)} @click=${() => this.emit('command', {type: 'redial', device})}>${t('call.redial')}</button>`
        : nothing}</span>`;
  }

  /** @param {Seat} seat @param {string} word */
  seatWords(seat, word) {
    const role = seat.role === 'component' ? [] : [t(`role.${seat.role}`)];
    return [...role, word === 'hand' ? t('seat.hand', seat.hand) : t(`seat.${word}`)].join(' · ');
  }

  /** @param {Seat} seat */
  levelAndGain({seat, name, gain}) {
    const level = this.levels[seat];
    const text = level === undefined ? t('level.none') : t('level.is', number(level));
    return html`<span class="sound">
      <meter min=${METER_MIN_DB} max="0" low=${METER_LOW_DB} .value=${level ?? METER_MIN_DB} data-testid="level" data-level=${level ?? ''} aria-label=${t('level.of', name)} title=${text}></meter>
      <output>${text}</output>
      <select data-testid="gain" data-seat=${seat} aria-label=${t('gain.of', name)} title=${t('gain.of', name)}
        @change=${(/** @type {any} */ {target}) => this.emit('command', {type: 'gain', seat, decibels: Number(target.value)})}>
        ${GAINS.map(decibels => html`<option value=${decibels} .selected=${live(decibels === gain)}>${t('gain.is', number(decibels, {signDisplay: 'exceptZero'}))}</option>`)}
      </select></span>`;
  }

  /** Draw the floor button of a seat; a raised hand has its button in the queue instead. @param {Seat} seat */
  floorButtons(seat) {
    if (!seat.here || seat.role === 'host') return nothing;
    if (seat.floor) return this.floorButton(seat, false);
    return seat.hand ? nothing : this.floorButton(seat, true);
  }

  /** @param {Seat} seat @param {boolean} open */
  floorButton(seat, open) {
    const id = open ? 'give-floor' : 'take-floor';
    return html`<button type="button" class=${open ? '' : 'danger'} data-testid=${id} data-seat=${seat.seat} aria-label=${t(`floor.${id}-to`, seat.name)}
      @click=${() => this.emit('command', {type: 'floor', seat: seat.seat, open})}>${t(`floor.${id}`)}</button>`;
  }
}

customElements.define('participant-list', ParticipantList);
