// Element `camera-pad`: the buttons that move the camera of a room while they are pressed, in the menu of its seat.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {BaseElement, icon} from '../../core/base.js';
import {STEPS, stepOf} from './camera-steps.js';

const AGAIN_MS = 350; // docs/protocol.md: a movement that is not commanded again ends after a second

/** Moves the camera of `seat` by messages to `command`; it stops when the button, the pointer or the page is left. */
export class CameraPad extends BaseElement {
  static properties = {seat: {attribute: false}, command: {attribute: false}, stores: {state: true}};

  constructor() {
    super();
    /** @type {Seat | null} */
    this.seat = null;
    /** @type {(message: Message) => void} */
    this.command = () => {};
    /** Whether the next preset is stored instead of recalled. */
    this.stores = false;
    this.timer = 0;
    this.moved = '';
    this.stop = this.stop.bind(this);
  }

  connectedCallback() {
    super.connectedCallback();
    window.addEventListener('blur', this.stop);
    document.addEventListener('visibilitychange', this.stop);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stop();
    window.removeEventListener('blur', this.stop);
    document.removeEventListener('visibilitychange', this.stop);
  }

  /** Move until {@link stop}. @param {import('./camera-steps.js').Step} step */
  start({axis, way}) {
    this.stop();
    const message = {type: 'camera-move', seat: this.seat?.seat, [axis]: way};
    this.moved = this.seat?.seat ?? '';
    this.command(message);
    this.timer = window.setInterval(() => this.command(message), AGAIN_MS);
  }

  stop() {
    if (!this.timer) return;
    window.clearInterval(this.timer);
    this.timer = 0;
    this.command({type: 'camera-move', seat: this.moved});
  }

  /** @param {PointerEvent} event @param {import('./camera-steps.js').Step} step */
  press({button, currentTarget, pointerId}, step) {
    if (button !== 0) return;
    /** @type {HTMLElement} */ (currentTarget).setPointerCapture(pointerId);
    this.start(step);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const step = stepOf(event.key, event.target instanceof HTMLElement ? event.target.dataset.step : undefined);
    if (!step || !this.seat?.control?.axes.includes(step.axis)) return;
    event.preventDefault();
    event.stopPropagation(); // the space bar is a key of the console
    if (!event.repeat) this.start(step);
  }

  /** @param {number} number */
  preset(number) {
    this.command({type: 'camera-preset', seat: this.seat?.seat, number, store: this.stores});
    this.stores = false;
  }

  /** @param {number} number */
  select(number) {
    this.command({type: 'camera-source', seat: this.seat?.seat, number});
  }

  render() {
    const control = this.seat?.control;
    if (!control) return nothing;
    const steps = STEPS.filter(({axis}) => control.axes.includes(axis));
    return html`${control.sources.length ? html`<div class="presets" role="group" aria-label=${t('camera.sources')}>
        ${control.sources.map(({number, name}) => html`<button type="button" data-stays data-testid="camera-source" aria-pressed=${number === control.source} @click=${() => this.select(number)}>${name || t(`camera.source-${number}`)}</button>`)}</div>` : nothing}
      ${steps.length ? html`<div class="pad" role="group" aria-label=${t('camera.title')} @keydown=${this.onKey} @keyup=${this.stop}>
        ${steps.map(step => this.button(step))}</div>` : nothing}
      ${control.presets ? html`<div class="presets" role="group" aria-label=${t('camera.presets')}>
        ${Array.from({length: control.presets}, (_, number) => html`<button type="button" data-stays data-testid="camera-preset" aria-label=${t(this.stores ? 'camera.store-as' : 'camera.recall', number + 1)} @click=${() => this.preset(number)}>${number + 1}</button>`)}
        <button type="button" data-stays data-testid="camera-store" aria-pressed=${this.stores} title=${t('camera.store-hint')} @click=${() => (this.stores = !this.stores)}>${t('camera.store')}</button></div>` : nothing}`;
  }

  /** @param {import('./camera-steps.js').Step} step */
  button(step) {
    const words = t(`camera.${step.id}`);
    return html`<button type="button" class=${step.id} data-stays data-step=${step.id} data-testid="camera-${step.id}" aria-label=${words} title=${words}
      @pointerdown=${(/** @type {PointerEvent} */ event) => this.press(event, step)} @pointerup=${this.stop} @pointercancel=${this.stop} @lostpointercapture=${this.stop} @blur=${this.stop}
      @contextmenu=${(/** @type {Event} */ event) => event.preventDefault()}>${icon(step.picture)}</button>`;
  }
}

customElements.define('camera-pad', CameraPad);
