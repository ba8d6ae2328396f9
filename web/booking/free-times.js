// Element `free-times`: the free times near those of a registration, beside the form.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, icon} from '../core/base.js';
import {freeTimes} from '../core/api.js';
import {t} from '../core/i18n.js';
import {slot as slotWords} from '../core/time.js';

/** Milliseconds without a change before the server is asked. */
const PAUSE_MS = 300;

/** Shows whether a session fits at its times, and others that are free, working hours first; fires `take` with one. */
class FreeTimesList extends BaseElement {
  static properties = {official: {attribute: false}, rehearsal: {attribute: false}, legs: {attribute: false}, kind: {attribute: false}, found: {state: true}};

  constructor() {
    super();
    /** @type {Slot | null} */
    this.official = null;
    /** @type {Slot | null} */
    this.rehearsal = null;
    this.legs = 0;
    /** The class of the session. */
    this.kind = '';
    /** @type {FreeTimes | null} */
    this.found = null;
    /** What was asked last, so that the same is not asked again. */
    this.asked = '';
    this.timer = 0;
  }

  updated() {
    const {official, rehearsal, legs, kind} = this;
    const asked = official && legs ? JSON.stringify([official, rehearsal, legs, kind]) : ''; // no legs: no points yet
    if (asked === this.asked) return;
    [this.asked, this.found] = [asked, null];
    window.clearTimeout(this.timer);
    if (official && legs) this.timer = window.setTimeout(() => this.fetch(asked, {official, rehearsal, legs, kind}), PAUSE_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
  }

  /**
   * Ask the server; an answer that a later change overtook is dropped. Times that no session may have get no answer:
   * the form says so.
   * @param {string} asked @param {Parameters<typeof freeTimes>[0]} times
   */
  async fetch(asked, times) {
    const found = await freeTimes(times).catch(() => null);
    if (asked === this.asked) this.found = found;
  }

  render() {
    if (!this.found) return nothing;
    const {fits, others} = this.found;
    return html`<section data-testid="free-times" data-fits=${fits}>
      <p role="status"><strong class=${fits ? '' : 'fault'}>${icon(fits ? 'check' : 'warn')} ${t(fits ? 'register.fits' : 'register.full')}</strong></p>
      ${others.length ? html`<p class="soft">${t(fits ? 'register.other-times' : 'refusal.try')}</p>` : fits ? nothing : html`<p>${t('refusal.none')}</p>`}
      ${others.map(offered => html`<button type="button" class="wide" data-testid="free-time" @click=${() => this.emit('take', offered)}>${icon('clock')}<span>${slotWords(offered)}</span></button>`)}
    </section>`;
  }
}

customElements.define('free-times', FreeTimesList);
