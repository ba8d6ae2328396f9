// Element `extend-bar`: the end of the meeting and its extension, in the console.

import {html, nothing} from '../../vendor/lit.js';
import {extend, extension, errorText} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {BaseElement, icon} from '../../core/base.js';
import {hourMinute} from '../../core/time.js';
import {toast} from '../../core/toast.js';

const MINUTE_MS = 60_000;
/** From so long before the end the possible extension is fetched, again each minute: others may book the capacity. */
const FETCH_BEFORE_END_MS = 30 * MINUTE_MS;
/** After so long it is fetched again where that failed. */
const RETRY_MS = 5_000;
const MAX_BUTTONS = 2;

/**
 * Reminds the host of the end and extends the meeting while there is capacity (R-080). One that was `asked` for says at
 * any time whether there is.
 */
export class ExtendBar extends BaseElement {
  static properties = {session: {attribute: false}, now: {type: Number}, asked: {type: Boolean}, extension: {state: true}, fault: {state: true}, unfetched: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** @type {Joined['session'] | null} */
    this.session = null;
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** Whether somebody opened it, and not the end that comes near. */
    this.asked = false;
    /** @type {Extensible | null} */
    this.extension = null;
    /** Why the last extension failed. */
    this.fault = '';
    /** Why the possible extension could not be fetched. */
    this.unfetched = '';
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
    const due = this.asked || this.millisecondsLeft < FETCH_BEFORE_END_MS;
    if (this.session && this.begun && due && this.now - this.fetchedAt > (this.unfetched ? RETRY_MS : MINUTE_MS)) this.fetchExtension(this.session.id);
  }

  /** @param {string} id */
  async fetchExtension(id) {
    this.fetchedAt = this.now;
    try {
      [this.extension, this.unfetched] = [await extension(id), ''];
    } catch (failure) {
      this.unfetched = errorText(failure);
    }
  }

  /** @param {number} steps */
  async extend(steps) {
    const id = this.session?.id ?? '';
    [this.busy, this.fault] = [true, ''];
    try {
      const {official} = await extend(id, steps);
      toast(t('extend.done', hourMinute(official.end)), {key: 'extend', undo: () => this.takeBack(id, steps)});
    } catch (failure) {
      this.fault = errorText(failure);
      if (this.asked) toast(this.fault, {tone: 'bad', key: 'extend'}); // its menu is closed
    }
    await this.fetchExtension(id);
    this.busy = false;
  }

  /** Take an extension back. @param {string} id @param {number} steps */
  async takeBack(id, steps) {
    const {official} = await extend(id, -steps);
    toast(t('extend.undone', hourMinute(official.end)), {key: 'extend'});
    await this.fetchExtension(id);
  }

  render() {
    const {extension, millisecondsLeft, begun} = this;
    if (this.asked) return this.answer();
    if (!extension || !begun || millisecondsLeft > extension.warn_min * MINUTE_MS) return nothing;
    const minutes = Math.max(0, Math.ceil(millisecondsLeft / MINUTE_MS));
    return html`<p class="extend" role="status" data-testid="extend-bar" data-steps=${extension.steps}>${icon('clock')}
      <span>${millisecondsLeft > 0 ? t('extend.left', minutes) : t('extend.over')}</span>
      ${extension.steps ? Array.from({length: Math.min(MAX_BUTTONS, extension.steps)}, (_, place) => this.extendButton((place + 1) * extension.step_min, place + 1)) : html`<span>${t('details.no-room')}</span>`}
      ${this.fault ? html`<strong role="alert">${this.fault}</strong>` : nothing}</p>`;
  }

  /** Draw the extensions for which there is capacity now, or that there is none. */
  answer() {
    const {extension, begun, session} = this;
    const fault = this.fault || this.unfetched;
    const words = !begun ? t('extend.not-begun') : fault || (!extension ? t('app.loading') : extension.steps ? '' : t('details.no-room'));
    return html`<p class="of"><strong>${t('extend.title')}</strong><small>${session ? t('extend.until', hourMinute(session.official.end)) : nothing}</small></p>
      ${words ? html`<p role="status" data-testid="extend-answer">${words}</p>` : nothing}
      ${extension && begun && !fault ? Array.from({length: Math.min(MAX_BUTTONS, extension.steps)}, (_, place) => this.extendButton((place + 1) * extension.step_min, place + 1)) : nothing}`;
  }

  /** @param {number} minutes @param {number} steps */
  extendButton(minutes, steps) {
    return html`<button type="button" data-testid="extend" data-minutes=${minutes} ?disabled=${this.busy} @click=${() => this.extend(steps)}>${t('details.extend', minutes)}</button>`;
  }
}

customElements.define('extend-bar', ExtendBar);
