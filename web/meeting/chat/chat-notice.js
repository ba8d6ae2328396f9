// Element `chat-notice`: a message of the chair under the picture, in the room, the console and on a room display.

import {html, nothing} from '../../vendor/lit.js';
import {BaseElement, icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';
import {chairNotice} from '../client/chat.js';
import {ownSeat} from '../client/meeting-state.js';

/** Shows what the chair wrote, large enough for a room, until it is closed or half a minute old. */
export class ChatNotice extends BaseElement {
  static properties = {state: {attribute: false}, now: {type: Number}, closed: {state: true}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** The number of the message that was closed last. */
    this.closed = 0;
  }

  render() {
    const {state} = this;
    const message = state && chairNotice(state, this.now, this.closed);
    return html`<div role="status">${message
      ? html`<section class="chat-notice" data-testid="chat-notice">
          <p class="of">${this.source(/** @type {MeetingState} */ (state), message)}</p>
          <p class="text" dir="auto">${message.text}</p>
          <button type="button" class="icon-button" aria-label=${t('chat.notice-close')} data-testid="chat-notice-close" @click=${() => (this.closed = message.id)}>${icon('cross')}</button>
        </section>`
      : nothing}</div>`;
  }

  /** Return who wrote to whom. @param {MeetingState} state @param {ChatMessage} message */
  source(state, {to, above, name}) {
    if (above) return t(to ? 'chat.notice-above-alone' : 'chat.notice-above', name);
    const own = ownSeat(state);
    return to ? t('chat.notice-to', own?.label || own?.name || '') : t('chat.notice');
  }
}

customElements.define('chat-notice', ChatNotice);
