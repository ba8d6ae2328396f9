// Element `extend-bar`: the end of the meeting and its extension, in the console.

import {html, nothing} from '../../vendor/lit.js';
import {extend, extension, errorText} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {BaseElement, icon} from '../../core/base.js';

const MINUTE_MS = 60_000;
/** From so long before the end the possible extension is fetched, again each minute: others may book the capacity. */
const FETCH_BEFORE_END_MS = 30 * MINUTE_MS;
const MAX_BUTTONS = 2;

/** Reminds the host of the end and extends the meeting while there is capacity (R-080). */
export class ExtendBar extends BaseElement {
  static properties = {session: {attribute: false}, now: {type: Number}, extension: {state: true}, fault: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** @type {Joined['session'] | null} */
    this.session = null;
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** @type {Extensible | null} */
    this.extension = null;
    this.fault = '';
    this.busy = false;
    this.fetchedAt = 0;
  }

  /** Return the milliseconds until the end. */
  get millisecondsLeft() {
    return this.session ? Date.parse(this.session.official.end) - this.now : Infinity;
  }

  get begun() {
    return Boolean(this.session && this.now >= Date.parse(this.session.official.start));
  }

  /** Fetch the possible extension; before its start a meeting has none. */
  updated() {
    if (this.session && this.begun && this.millisecondsLeft < FETCH_BEFORE_END_MS && this.now - this.fetchedAt > MINUTE_MS) this.fetchExtension(this.session.id);
  }

  /** @param {string} id */
  async fetchExtension(id) {
    this.fetchedAt = this.now;
    this.extension = await extension(id).catch(() => this.extension);
  }

  /** @param {number} steps */
  async extend(steps) {
    const id = this.session?.id ?? '';
    [this.busy, this.fault] = [true, ''];
    try {
      await extend(id, steps);
    } catch (failure) {
      this.fault = errorText(failure);
    }
    await this.fetchExtension(id);
    this.busy = false;
  }

  render() {
    const {extension, millisecondsLeft, begun} = this;
    if (!extension || !begun || millisecondsLeft > extension.warn_min * MINUTE_MS) return nothing;
    const minutes = Math.max(0, Math.ceil(millisecondsLeft / MINUTE_MS));
    return html`<p class="extend" role="status" data-testid="extend-bar" data-steps=${extension.steps}>${icon('clock')}
      <span>${millisecondsLeft > 0 ? t('extend.left', minutes) : t('extend.over')}</span>
      ${extension.steps ? Array.from({length: Math.min(MAX_BUTTONS, extension.steps)}, (_, place) => this.extendButton((place + 1) * extension.step_min, place + 1)) : html`<span>${t('details.no-room')}</span>`}
      ${this.fault ? html`<strong role="alert">${this.fault}</strong>` : nothing}</p>`;
  }

  /** @param {number} minutes @param {number} steps */
  extendButton(minutes, steps) {
    return html`<button type="button" data-testid="extend" data-minutes=${minutes} ?disabled=${this.busy} @click=${() => this.extend(steps)}>${t('details.extend', minutes)}</button>`;
  }
}

customElements.define('extend-bar', ExtendBar);
