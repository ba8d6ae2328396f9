// Element `chat-panel`: the messages of the meeting and the form to write one, in the room and in the console.

import {html, live, nothing, repeat} from '../../vendor/lit.js';
import {BaseElement, errorMessage, icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';
import {oneLine} from '../../core/one-line.js';
import {hourMinute} from '../../core/time.js';
import {isChair, isOwn, latest, MAX_TEXT, recipients} from '../client/chat.js';
import {properName} from '../client/meeting-state.js';

/** Shows who wrote what, and writes: the chair to all or to one point, a point to the chair. Fires `close`, and `command` with a message. */
export class ChatPanel extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, to: {state: true}, draft: {state: true}, error: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
    /** The point to write to; empty for everyone. */
    this.to = '';
    /** @type {string | null} what is typed; null until it was looked for in what a reload left */
    this.draft = null;
    this.error = '';
    this.shownLatest = 0;
  }

  get draftKey() {
    return `chat:${this.meeting?.protocol.code}`;
  }

  render() {
    const state = this.meeting?.state;
    if (!state) return nothing;
    if (this.draft === null) this.restore();
    return html`<section class="chat" aria-label=${t('chat.title')} data-testid="chat">
      <header><h2>${t('chat.title')}</h2><button type="button" class="icon-button" aria-label=${t('chat.close')} data-testid="chat-close" @click=${() => this.emit('close')}>${icon('cross')}</button></header>
      ${isChair(state) ? this.openField(state) : nothing}
      <div class="messages" role="log" aria-label=${t('chat.title')} tabindex="0">${state.chat.messages.length ? html`<ol>${repeat(state.chat.messages, ({id}) => id, message => this.message(state, message))}</ol>` : html`<p class="empty">${t('chat.empty')}</p>`}</div>
      ${isChair(state) || state.chat.open ? this.form(state) : html`<p class="soft" data-testid="chat-closed">${t('error.chat-closed')}</p>`}
    </section>`;
  }

  /** @param {MeetingState} state */
  openField({chat}) {
    return html`<label class="option"><input type="checkbox" data-testid="chat-open" .checked=${live(chat.open)} @change=${(/** @type {any} */ {target}) => this.emit('command', {type: 'chat-open', on: target.checked})}><span>${t('chat.open')}</span></label>`;
  }

  /** @param {MeetingState} state @param {ChatMessage} message */
  message(state, message) {
    const own = isOwn(state.seats.find(({seat}) => seat === state.me), message);
    return html`<li class=${own ? 'own' : ''} data-testid="chat-message">
      <p class="of"><strong>${this.writer(state, message)}</strong> → ${this.recipient(state, message)} <time>${hourMinute(message.at)}</time></p>
      <p dir="auto">${message.text}</p></li>`;
  }

  /** @param {MeetingState} state @param {ChatMessage} message */
  writer(state, {point, name, above}) {
    return above ? t('chat.chair-above', name) : this.name(state, point, name);
  }

  /** @param {MeetingState} state @param {ChatMessage} message */
  recipient(state, {chair, to, above}) {
    if (above && to) return t('chat.chair');
    if (to) return this.name(state, to, to);
    return t(chair ? 'chat.all' : 'chat.chair');
  }

  /** Return the name of a point in Vietnamese, else the one given. @param {MeetingState} state @param {string | null} point @param {string} name */
  name({seats}, point, name) {
    const seat = seats.find(seat => seat.point === point && (seat.name === name || name === point));
    return seat ? properName(seat) : name;
  }

  /** @param {MeetingState} state */
  form(state) {
    return html`<form @submit=${this.send}>
      ${isChair(state)
        ? html`<label>${t('chat.to')}
            <select data-testid="chat-to" .value=${live(this.to)} @change=${(/** @type {any} */ {target}) => this.keep(this.draft ?? '', target.value)}>
              <option value="">${t('chat.all')}</option>
              ${recipients(state).map(seat => html`<option value=${seat.point} ?selected=${seat.point === this.to}>${properName(seat)}</option>`)}
            </select></label>`
        : html`<p class="soft">${t('chat.to')}: ${t('chat.chair')}</p>`}
      <label>${t('chat.text')}
        <input name="text" maxlength=${MAX_TEXT} autocomplete="off" data-testid="chat-text" .value=${live(this.draft ?? '')} @input=${(/** @type {any} */ {target}) => this.keep(target.value, this.to)}></label>
      ${errorMessage(this.error)}
      <button class="main" data-testid="chat-send" ?disabled=${!this.meeting?.connected}>${icon('send')}<span>${t('chat.send')}</span></button>
    </form>`;
  }

  /** Begin a message to one point. @param {string} point */
  async writeTo(point) {
    this.keep(this.draft ?? '', point);
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('input[name=text]'))?.focus();
  }

  /** Take what a reload left: what was for one point must not go to all. */
  restore() {
    const {text, to} = JSON.parse(sessionStorage.getItem(this.draftKey) ?? '{"text": "", "to": ""}');
    [this.draft, this.to] = [text, to || this.to];
  }

  /** Keep what is typed, and for whom, also over a reload. @param {string} text @param {string} to a point; empty for everyone */
  keep(text, to) {
    [this.draft, this.to, this.error] = [text, to, ''];
    if (text) sessionStorage.setItem(this.draftKey, JSON.stringify({text, to}));
    else sessionStorage.removeItem(this.draftKey);
  }

  /** @param {SubmitEvent} event */
  async send(event) {
    event.preventDefault();
    const text = oneLine(this.draft ?? '', MAX_TEXT);
    if (!text) return;
    const fault = await this.meeting?.writeChat(text, this.to || null);
    if (fault) this.error = t(`error.${fault}`);
    else this.keep('', this.to);
  }

  /** Show the latest message, and take all for read. */
  updated() {
    const {meeting} = this;
    if (!meeting?.state || document.hidden || !this.checkVisibility()) return;
    meeting.readChat();
    const newest = latest(meeting.state.chat);
    if (newest === this.shownLatest) return;
    this.shownLatest = newest;
    const messages = /** @type {HTMLElement} */ (this.querySelector('.messages'));
    messages.scrollTop = messages.scrollHeight;
  }
}

customElements.define('chat-panel', ChatPanel);
