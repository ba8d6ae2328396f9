import {html, nothing} from '../../vendor/lit.js';
import {extend, extension, told} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {Piece, icon} from '../../core/base.js';

const MINUTE_MS = 60_000;
/** So long before the end it is asked how far the meeting could go on, and again each minute: others may take the room. */
const ASK_MS = 30 * MINUTE_MS;
const STEPS = 2;

/** Reminds the host of the end and lets the meeting go on while there is room (R-080). */
export class ExtendBar extends Piece {
  static properties = {session: {attribute: false}, now: {type: Number}, room: {state: true}, fault: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** @type {Joined['session'] | null} */
    this.session = null;
    /** Server time. */
    this.now = 0;
    /** @type {Extensible | null} */
    this.room = null;
    this.fault = '';
    this.busy = false;
    this.asked = 0;
  }

  /** Milliseconds until the end. */
  get left() {
    return this.session ? Date.parse(this.session.official.end) - this.now : Infinity;
  }

  get begun() {
    return Boolean(this.session && this.now >= Date.parse(this.session.official.start));
  }

  /** Before its start a meeting cannot go on for longer. */
  updated() {
    if (this.session && this.begun && this.left < ASK_MS && this.now - this.asked > MINUTE_MS) this.ask(this.session.id);
  }

  /** @param {string} id */
  async ask(id) {
    this.asked = this.now;
    this.room = await extension(id).catch(() => this.room);
  }

  /** @param {number} steps */
  async extend(steps) {
    const id = this.session?.id ?? '';
    [this.busy, this.fault] = [true, ''];
    try {
      await extend(id, steps);
    } catch (failure) {
      this.fault = told(failure);
    }
    await this.ask(id);
    this.busy = false;
  }

  render() {
    const {room, left, begun} = this;
    if (!room || !begun || left > room.warn_min * MINUTE_MS) return nothing;
    const minutes = Math.max(0, Math.ceil(left / MINUTE_MS));
    return html`<p class="extend" role="status" data-testid="extend-bar" data-steps=${room.steps}>${icon('clock')}
      <span>${left > 0 ? t('extend.left', minutes) : t('extend.over')}</span>
      ${room.steps ? Array.from({length: Math.min(STEPS, room.steps)}, (_, place) => this.longer((place + 1) * room.step_min, place + 1)) : html`<span>${t('details.no-room')}</span>`}
      ${this.fault ? html`<strong role="alert">${this.fault}</strong>` : nothing}</p>`;
  }

  /** @param {number} minutes @param {number} steps */
  longer(minutes, steps) {
    return html`<button type="button" data-testid="extend" data-minutes=${minutes} ?disabled=${this.busy} @click=${() => this.extend(steps)}>${t('details.extend', minutes)}</button>`;
  }
}

customElements.define('extend-bar', ExtendBar);
