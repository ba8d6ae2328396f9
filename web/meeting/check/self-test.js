// Element `self-test`: saves the self-test of a point, on the device check and in the test room.

import {html, nothing} from '../../vendor/lit.js';
import {saveSelfTest, me, points, selfTestMeasure, selfTests, errorText} from '../../core/api.js';
import {number, t} from '../../core/i18n.js';
import {brightness, levelToDbfs} from '../client/devices.js';
import {measureDownload, measureUpload} from './line-speed.js';
import {day, hourMinute} from '../../core/time.js';
import {BaseElement, errorMessage, icon} from '../../core/base.js';

/** Kinds of devices to take part with; a controller needs a laptop (Điều 10.2.b). */
const DEVICES = /** @type {const} */ (['laptop', 'desktop', 'tablet', 'phone', 'room_system']);

/** The localStorage key of the device's own kind. */
const STORAGE_KEY = 'tested-device';

/**
 * Saves a self-test for the signed-in point: devices as the page finds them, the measured line, the rest ticked by
 * hand.
 */
export class SelfTest extends BaseElement {
  static properties = {
    camera: {attribute: false}, level: {attribute: false}, latency: {attribute: false}, video: {attribute: false},
    point: {state: true}, measure: {state: true}, history: {state: true}, line: {state: true}, ticks: {state: true}, device: {state: true}, error: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    this.camera = false;
    /** How loud the microphone is, 0 to 1. */
    this.level = 0;
    /** @type {number | null | undefined} */
    this.latency = undefined;
    /** @type {HTMLVideoElement | null} */
    this.video = null;
    this.loudest = 0;
    /** @type {Point | null} */
    this.point = null;
    /** @type {SelfTestMeasure | null} */
    this.measure = null;
    /** @type {SavedSelfTest[]} */
    this.history = [];
    /** @type {{down: number | null, up: number | null} | null} */
    this.line = null;
    /** @type {Set<string>} */
    this.ticks = new Set();
    this.device = localStorage.getItem(STORAGE_KEY) ?? '';
    this.error = '';
    this.busy = false;
  }

  async firstUpdated() {
    if (!localStorage.getItem('account')) return;
    const someone = await me().catch(() => null);
    if (!someone?.unit) return;
    const own = (await points()).filter(({id, unit}) => (someone.point ? id === someone.point.id : unit === someone.unit?.id));
    this.measure = await selfTestMeasure();
    this.point = own[0] ?? null;
    if (!this.point) return;
    this.history = await selfTests(this.point.id);
    this.line = {down: await measureDownload(), up: await measureUpload()};
  }

  willUpdate() {
    this.loudest = Math.max(this.loudest, this.level);
  }

  async save() {
    const {point, line} = this;
    if (!point || !line) return;
    this.busy = true;
    this.error = '';
    try {
      const saved = await saveSelfTest(point.id, {
        camera: this.camera,
        mic_dbfs: this.loudest ? levelToDbfs(this.loudest) : null,
        luma: this.camera && this.video ? brightness(this.video) : null,
        down_kbps: line.down,
        up_kbps: line.up,
        latency_ms: this.latency ?? null,
        browser: navigator.userAgent.slice(0, 200),
        screen: `${screen.width}x${screen.height}`,
        ticks: [...this.ticks],
        device: this.device,
      });
      this.history = [saved, ...this.history];
    } catch (failure) {
      this.error = errorText(failure);
    }
    this.busy = false;
  }

  /** @param {string} kind */
  choose(kind) {
    this.device = kind;
    localStorage.setItem(STORAGE_KEY, kind);
  }

  /** @param {string} id @param {boolean} on */
  tick(id, on) {
    const next = new Set(this.ticks);
    if (on) next.add(id);
    else next.delete(id);
    this.ticks = next;
  }

  render() {
    const {point, measure} = this;
    if (!point || !measure) return nothing;
    return html`<section class="card self-test" data-testid="self-test">
      <h2>${t('self.title', point.label)}</h2>
      <p class="net" data-testid="self-line">${icon('network')}<span>${this.lineWords()}</span></p>
      <div class="field">
        <label for="self-device">${t('self.device')}</label>
        <select id="self-device" data-testid="self-device" @change=${(/** @type {any} */ event) => this.choose(event.target.value)}>
          <option value="">${t('self.device-choose')}</option>
          ${DEVICES.map(kind => html`<option value=${kind} ?selected=${kind === this.device}>${t(`self.device-${kind}`)}</option>`)}
        </select>
        <small>${t('self.device-hint')}</small>
      </div>
      <fieldset>
        <legend>${t('self.ticks')}</legend>
        ${measure.ticks.map(
          ({id, name}) => html`<label class="option"><input type="checkbox" data-testid="self-tick" data-tick=${id} .checked=${this.ticks.has(id)}
            @change=${(/** @type {any} */ event) => this.tick(id, event.target.checked)}><span>${name}</span></label>`,
        )}
      </fieldset>
      ${errorMessage(this.error)}
      <div class="row"><button type="button" class="main" data-testid="self-keep" ?disabled=${this.busy || !this.line || !this.device} @click=${this.save}>${t('self.keep')}</button></div>
      ${this.history.length ? html`<h3>${t('self.history')}</h3><ul class="marks">${this.history.slice(0, 5).map(test => this.row(test))}</ul>` : nothing}
    </section>`;
  }

  lineWords() {
    if (!this.line) return t('self.measuring');
    const words = [this.line.down, this.line.up].map(rate => (rate === null ? '–' : number(rate / 1000, {maximumFractionDigits: 1})));
    return t('self.line', ...words);
  }

  /** @param {SavedSelfTest} test */
  row(test) {
    const colour = test.failed.length ? 'amber' : 'green';
    const words = test.failed.length ? test.failed.map(fault => t(`self.failed-${fault}`)).join(', ') : t('self.good');
    return html`<li class="mark ${colour}" data-testid="self-result" data-failed=${test.failed.join(' ')}>${icon(test.failed.length ? 'warn' : 'check')}
      <span>${hourMinute(test.at)} ${day(test.at)}: ${words}</span></li>`;
  }
}

customElements.define('self-test', SelfTest);
