// Element `speaker-queue`: raised hands, in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {properName, raisedHands, waitedSeconds} from '../client/meeting-state.js';
import {span} from '../../core/time.js';
import {BaseElement, icon} from '../../core/base.js';
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
    if (!hands.length) return html`<p class="empty">${t(this.locked ? 'queue.locked' : 'queue.none')}</p>`;
    return html`<div class="queue-head"><span>${t('queue.count', hands.length)}</span>
        <button type="button" data-testid="lower-all" @click=${() => this.emit('command', {type: 'hands', seats: []})}>${t('queue.lower-all')}</button></div>
      <ol class="rows" tabindex="0" aria-label=${t('queue.title')}>${repeat(hands, ({seat}) => seat, seat => this.item(seat))}</ol>`;
  }

  /** Put a hand at the head of the queue. @param {Seat} seat */
  putFirst({seat}) {
    const others = raisedHands(this.seats).map(one => one.seat).filter(one => one !== seat);
    this.emit('command', {type: 'hands', seats: [seat, ...others]});
  }

  /** @param {Seat} seat */
  item(seat) {
    return html`<li class="seat-row hand" data-testid="queue-item" data-seat=${seat.seat}>
      <strong class="place">${seat.hand}</strong> ${seatName(seat)}
      ${seat.topic ? html`<span class="topic-text" data-testid="queue-topic" title=${seat.topic}>${seat.topic}</span>` : nothing}
      <span class="word" title=${t('hand.waited', span(waitedSeconds(seat.since, this.now)))}>${span(waitedSeconds(seat.since, this.now))}</span>
      ${floorButton(seat, detail => this.emit('command', detail))}
      ${seat.hand > 1 ? html`<button type="button" class="more" data-testid="hand-first" data-seat=${seat.seat} aria-label=${t('queue.first-of', properName(seat))} title=${t('queue.first')}
        @click=${() => this.putFirst(seat)}>${icon('up')}</button>` : nothing}
      <button type="button" class="more" data-testid="lower" data-seat=${seat.seat} aria-label=${t('queue.lower-of', properName(seat))} title=${t('queue.lower')}
        @click=${() => this.emit('command', {type: 'lower', seat: seat.seat})}>${icon('cross')}</button>
    </li>`;
  }
}

customElements.define('speaker-queue', SpeakerQueue);
