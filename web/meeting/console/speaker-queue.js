// Element `speaker-queue`: raised hands, in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {properName, raisedHands, waitedSeconds} from '../client/meeting-state.js';
import {span} from '../../core/time.js';
import {BaseElement, icon} from '../../core/base.js';
import {handSounds, setHandSounds} from './hand-sound.js';
import {floorButton, seatName} from './seat-row.js';

/** Lists raised hands in order, each with its waiting time. Fires `command` with a message. */
export class SpeakerQueue extends BaseElement {
  static properties = {seats: {attribute: false}, now: {type: Number}, locked: {type: Boolean}};

  constructor() {
    super();
    /** @type {Seat[]} */
    this.seats = [];
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** Whether nobody else may raise a hand. */
    this.locked = false;
  }

  render() {
    const hands = raisedHands(this.seats);
    return html`<div class="queue-head"><span>${hands.length ? t('queue.count', hands.length) : nothing}</span> ${this.sound()}
        <button type="button" data-testid="lower-all" ?disabled=${!hands.length} @click=${() => this.emit('command', {type: 'hands', seats: []})}>${t('queue.lower-all')}</button></div>
      ${hands.length ? html`<ol class="rows" tabindex="0" aria-label=${t('queue.title')}>${repeat(hands, ({seat}) => seat, seat => this.item(seat))}</ol>` : html`<p class="empty">${t(this.locked ? 'queue.locked' : 'queue.none')}</p>`}`;
  }

  /** Draw the switch of the sound for a raised hand. */
  sound() {
    return html`<label class="option"><input type="checkbox" data-testid="hand-sound" .checked=${handSounds()} @change=${(/** @type {any} */ {target}) => setHandSounds(target.checked)}><span>${t('queue.sound')}</span></label>`;
  }

  /** Put a hand at another place of the queue. @param {string} seat @param {number} place from 1 */
  put(seat, place) {
    const order = raisedHands(this.seats).map(one => one.seat).filter(one => one !== seat);
    this.emit('command', {type: 'hands', seats: order.toSpliced(place - 1, 0, seat)});
  }

  /** Put the dragged hand where it is dropped. @param {DragEvent} event @param {Seat} onto */
  drop(event, onto) {
    event.preventDefault();
    const seat = event.dataTransfer?.getData('text/plain');
    if (raisedHands(this.seats).some(one => one.seat === seat)) this.put(String(seat), onto.hand);
  }

  /** Draw the button that moves a hand up or down. @param {Seat} seat @param {'up' | 'down'} way @param {number} place @param {boolean} none */
  mover(seat, way, place, none) {
    return html`<button type="button" class="more" data-testid="hand-${way}" data-seat=${seat.seat} ?disabled=${none} aria-label=${t(`queue.${way}-of`, properName(seat))} title=${t(`queue.${way}`)}
      @click=${() => this.put(seat.seat, place)}>${icon(way)}</button>`;
  }

  /** @param {Seat} seat */
  item(seat) {
    const last = raisedHands(this.seats).length;
    const waited = span(waitedSeconds(seat.since, this.now));
    return html`<li class="seat-row hand" data-testid="queue-item" data-seat=${seat.seat} draggable="true"
      @dragstart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData('text/plain', seat.seat)} @dragover=${(/** @type {DragEvent} */ event) => event.preventDefault()} @drop=${(/** @type {DragEvent} */ event) => this.drop(event, seat)}>
      <strong class="place">${seat.hand}</strong> ${seatName(seat)}
      ${seat.topic ? html`<span class="topic-text" data-testid="queue-topic" title=${seat.topic}>${seat.topic}</span>` : nothing}
      <span class="word" title=${t('hand.waited', waited)}>${seat.hand === 1 ? html`<b data-testid="next-up">${t('queue.next')}</b> · ` : nothing}${waited}</span>
      ${floorButton(seat, detail => this.emit('command', detail))}
      ${this.mover(seat, 'up', seat.hand - 1, seat.hand === 1)} ${this.mover(seat, 'down', seat.hand + 1, seat.hand === last)}
      <button type="button" class="more" data-testid="lower" data-seat=${seat.seat} aria-label=${t('queue.lower-of', properName(seat))} title=${t('queue.lower')}
        @click=${() => this.emit('command', {type: 'lower', seat: seat.seat})}>${icon('cross')}</button>
    </li>`;
  }
}

customElements.define('speaker-queue', SpeakerQueue);
