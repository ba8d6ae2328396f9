import {html, live, nothing, repeat} from '../../vendor/lit.js';
import {number, t} from '../../core/i18n.js';
import {FILTERS, callsOf, choose, counts, seatWord} from '../client/meeting-state.js';
import {clock} from '../../core/time.js';
import {icon, Piece} from '../../core/base.js';

/** What a seat is doing, as a picture. @type {Record<string, string>} */
const ICONS = {absent: 'cross', connecting: 'network', floor: 'mic', muted: 'mic-off', hand: 'hand', listening: 'sound'};

const QUIETEST = -60; // dBov; what is quieter is a room's own noise
const QUIET = -40;
const GAINS = [12, 9, 6, 3, 0, -3, -6, -9, -12];

/** All seats with search, filter and counts; with `control` the floor can be given and taken, who has it is metered and made louder or softer, and room systems are called again. Acts `command` with a message. */
export class SeatList extends Piece {
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
    const {here, invited} = counts(this.seats);
    const shown = choose(this.seats, this.filter, this.text);
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
    const word = seatWord(seat);
    return html`<li class="row-item ${word} ${seat.seat === this.speaking ? 'speaking' : ''}" data-testid="seat" data-seat=${seat.seat} data-point=${seat.point}
      data-floor=${seat.floor} data-hand=${seat.hand} data-here=${seat.here}>
      ${icon(ICONS[word])}
      <span class="name">${seat.name}<small>${this.words(seat, word)}</small>${callsOf(seat, this.seats, this.calls).map(call => this.call(call, seat))}${this.control && seat.floor && seat.here ? this.sound(seat) : nothing}</span>
      ${seat.camera && seat.here ? icon('camera', 'soft') : nothing} ${this.control ? this.acts(seat) : nothing}
    </li>`;
  }

  /** How calling a room system goes; one that is in may hang and be called again, too (Điều 14.3.c). @param {SystemCall} call @param {Seat} seat */
  call({device, name, state, at, status}, seat) {
    const said = [...(name === seat.name ? [] : [name]), t(`call.${state}`, at ? clock(at) : ''), ...(status ? [t('call.status', status)] : [])];
    return html`<span class="call" data-testid="call" data-device=${device} data-state=${state}>${icon('phone')}<span>${said.join(' · ')}</span>
      ${this.control && state !== 'calling'
        ? html`<button type="button" data-testid="redial" aria-label=${t('call.redial-of', name)} @click=${() => this.act('command', {type: 'redial', device})}>${t('call.redial')}</button>`
        : nothing}</span>`;
  }

  /** @param {Seat} seat @param {string} word */
  words(seat, word) {
    const role = seat.role === 'component' ? [] : [t(`role.${seat.role}`)];
    return [...role, word === 'hand' ? t('seat.hand', seat.hand) : t(`seat.${word}`)].join(' · ');
  }

  /** @param {Seat} seat */
  sound({seat, name, gain}) {
    const level = this.levels[seat];
    const said = level === undefined ? t('level.none') : t('level.is', number(level));
    return html`<span class="sound">
      <meter min=${QUIETEST} max="0" low=${QUIET} .value=${level ?? QUIETEST} data-testid="level" data-level=${level ?? ''} aria-label=${t('level.of', name)} title=${said}></meter>
      <output>${said}</output>
      <select data-testid="gain" data-seat=${seat} aria-label=${t('gain.of', name)} title=${t('gain.of', name)}
        @change=${(/** @type {any} */ {target}) => this.act('command', {type: 'gain', seat, decibels: Number(target.value)})}>
        ${GAINS.map(decibels => html`<option value=${decibels} .selected=${live(decibels === gain)}>${t('gain.is', number(decibels, {signDisplay: 'exceptZero'}))}</option>`)}
      </select></span>`;
  }

  /** A hand that waits is served in the queue, so the floor has one button per seat. @param {Seat} seat */
  acts(seat) {
    if (!seat.here || seat.role === 'host') return nothing;
    if (seat.floor) return this.floorButton(seat, false);
    return seat.hand ? nothing : this.floorButton(seat, true);
  }

  /** @param {Seat} seat @param {boolean} open */
  floorButton(seat, open) {
    const id = open ? 'give-floor' : 'take-floor';
    return html`<button type="button" class=${open ? '' : 'danger'} data-testid=${id} data-seat=${seat.seat} aria-label=${t(`floor.${id}-to`, seat.name)}
      @click=${() => this.act('command', {type: 'floor', seat: seat.seat, open})}>${t(`floor.${id}`)}</button>`;
  }
}

customElements.define('seat-list', SeatList);
