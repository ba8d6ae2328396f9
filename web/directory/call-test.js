// Element `call-test`: calls a device to try it, shows how far the call is, and the report.

import {html, nothing} from '../vendor/lit.js';
import {callReport} from '../calls/call-report.js';
import {beginCallTest, callTest} from '../core/api.js';
import {errorMessage, icon, repeatWhileConnected, RequestingElement} from '../core/base.js';
import {t} from '../core/i18n.js';

const LOOK_MS = 1000;

/** Tries one device by a call that begins as the element is drawn. */
export class CallTest extends RequestingElement {
  static properties = {device: {attribute: false}, test: {state: true}};

  constructor() {
    super();
    /** @type {Device | null} */
    this.device = null;
    /** @type {CallTestResult | null} */
    this.test = null;
    repeatWhileConnected(this, LOOK_MS, () => this.look());
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has('device') && this.device) this.begin();
  }

  begin() {
    const id = this.device?.id ?? '';
    this.test = null;
    return this.attempt(async () => {
      this.test = await beginCallTest(id);
    });
  }

  /** Ask how far the call is, while it goes on. */
  look() {
    if (!this.test || this.test.state === 'done' || !this.device) return;
    const {id} = this.device;
    return this.refresh(async () => {
      this.test = await callTest(id);
    });
  }

  render() {
    const {test} = this;
    const over = !test || test.state === 'done';
    return html`<section class="call-test" data-testid="call-test" aria-label=${t('call-test.title')}>
      <h4>${t('call-test.title')}</h4>
      ${errorMessage(this.error, 'call-test-error')}
      ${test ? html`<p role="status" data-testid="call-test-state" data-state=${test.state} data-outcome=${test.outcome}>${this.state(test)}</p> ${callReport(test.report)}` : nothing}
      ${over && (test || this.error) ? html`<button type="button" data-testid="call-test-again" @click=${this.begin}>${icon('phone')}<span>${t('call-test.again')}</span></button>` : nothing}
    </section>`;
  }

  /** Say how far a call is, or how it was connected, or why it was not. @param {CallTestResult} test */
  state({state, outcome, status, target, transport, protection, report}) {
    if (state !== 'done') return t(`call-test.${state}`, target);
    if (!report) return html`${icon('warn')} ${t('call-test.failed', target)} ${t(`calls.outcome-${outcome || 'open'}`)} ${status ? `(${t('call.status', status)})` : ''}`;
    const ended = outcome === 'hung-up' ? '' : t(`calls.outcome-${outcome}`);
    return [t('call-test.connected', target), transport.toUpperCase(), protection && t(`call.${protection}`), ended].filter(Boolean).join(' · ');
  }
}

customElements.define('call-test', CallTest);
