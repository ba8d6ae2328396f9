// Element `speaker-queue`: raised hands, in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {raisedHands, waitedSeconds} from '../client/meeting-state.js';
import {span} from '../../core/time.js';
import {BaseElement} from '../../core/base.js';

/** Lists raised hands in order, each with its waiting time. Fires `command` with a message. */
export class SpeakerQueue extends BaseElement {
  static properties = {seats: {attribute: false}, now: {type: Number}};

  constructor() {
    super();
    /** @type {Seat[]} */
    this.seats = [];
    /** The server's clock, milliseconds. */
    this.now = 0;
  }

  render() {
    const hands = raisedHands(this.seats);
    return html`<div class="head"><h2>${t('queue.title')}</h2><span class="badge hand" data-testid="queue-count" aria-live="polite">${t('queue.count', hands.length)}</span></div>
      ${hands.length
        ? html`<ol class="rows" tabindex="0" aria-label=${t('queue.title')}>${repeat(hands, ({seat}) => seat, seat => this.item(seat))}</ol>`
        : html`<p class="empty">${t('queue.none')}</p>`}`;
  }

  /** @param {Seat} seat */
  item(seat) {
    return html`<li class="row-item hand" data-testid="queue-item" data-seat=${seat.seat}>
      <strong class="place">${seat.hand}</strong>
      <span class="name">${seat.name}<small>${t('hand.waited', span(waitedSeconds(seat.since, this.now)))}</small>${seat.topic ? html`<small data-testid="queue-topic">${seat.topic}</small>` : nothing}</span>
      <button type="button" class="main" data-testid="give-floor" data-seat=${seat.seat} aria-label=${t('floor.give-floor-to', seat.name)}
        @click=${() => this.emit('command', {type: 'floor', seat: seat.seat, open: true})}>${t('floor.give-floor')}</button>
      <button type="button" data-testid="lower" data-seat=${seat.seat} aria-label=${t('queue.lower-of', seat.name)}
        @click=${() => this.emit('command', {type: 'lower', seat: seat.seat})}>${t('queue.lower')}</button>
    </li>`;
  }
}

customElements.define('speaker-queue', SpeakerQueue);
