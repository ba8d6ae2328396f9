import {html, nothing, repeat} from '../vendor/lit.js';
import {t} from '../i18n.js';
import {FILTERS, choose, counts, seatWord} from '../logic.js';
import {icon, Piece} from './base.js';

/** What a seat is doing, as a picture. @type {Record<string, string>} */
const ICONS = {absent: 'cross', connecting: 'network', floor: 'mic', muted: 'mic-off', hand: 'hand', listening: 'sound'};

/** All seats with search, filter and counts; with `control` the floor can be given and taken. Acts `command` with a message. */
export class SeatList extends Piece {
  static properties = {seats: {attribute: false}, speaking: {}, control: {type: Boolean}, filter: {state: true}, text: {state: true}};

  constructor() {
    super();
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {string | null} */
    this.speaking = null;
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
      <span class="name">${seat.name}<small>${this.words(seat, word)}</small></span>
      ${seat.camera && seat.here ? icon('camera', 'soft') : nothing} ${this.control ? this.acts(seat) : nothing}
    </li>`;
  }

  /** @param {Seat} seat @param {string} word */
  words(seat, word) {
    const role = seat.role === 'component' ? [] : [t(`role.${seat.role}`)];
    return [...role, word === 'hand' ? t('seat.hand', seat.hand) : t(`seat.${word}`)].join(' · ');
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
