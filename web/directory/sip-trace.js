// Element `sip-trace`: the SIP messages of a device's newest calls, to look at and to save.

import {html, nothing} from '../vendor/lit.js';
import {sipTrace} from '../core/api.js';
import {errorMessage, icon, RequestingElement} from '../core/base.js';
import {saveAs} from '../core/files.js';
import {t} from '../core/i18n.js';
import {clock, day} from '../core/time.js';

/** @param {TracedMessage} message */
const line = ({at, sent}) => `${day(at)} ${clock(at)} ${t(sent ? 'trace.sent' : 'trace.received')}`;

/** Return the messages of calls as the text of a file. @param {TracedCall[]} calls */
export function traceText(calls) {
  return calls.map(({messages}) => messages.map(message => `--- ${line(message)}\n${message.text}\n`).join('\n')).join('\n\n');
}

/** Lists the newest calls of a device, the newest first. */
export class SipTrace extends RequestingElement {
  static properties = {device: {attribute: false}, calls: {state: true}};

  constructor() {
    super();
    /** @type {Device | null} */
    this.device = null;
    /** @type {TracedCall[] | null} */
    this.calls = null;
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has('device') && this.device) this.load(this.device.id);
  }

  /** @param {string} id */
  load(id) {
    return this.attempt(async () => {
      this.calls = await sipTrace(id);
    });
  }

  render() {
    const calls = this.calls;
    if (!calls) return errorMessage(this.error);
    if (!calls.length) return html`<p class="empty" data-testid="trace-empty">${t('trace.empty')}</p>`;
    return html`<div class="sip-trace" data-testid="sip-trace"><p><small>${t('trace.help')}</small></p>
      ${calls.map(({messages, left_out}, index) => html`<details ?open=${index === 0}><summary>${t('trace.call', messages.length, line(messages[0]))}</summary>
        ${messages.map(message => html`<p><small>${line(message)}</small></p><pre data-testid="sip-message">${message.text}</pre>`)}
        ${left_out ? html`<p>${t('trace.left-out', left_out)}</p>` : nothing}</details>`)}
      <button type="button" data-testid="save-trace" @click=${() => saveAs(new Blob([traceText(calls)]), `sip-${this.device?.name ?? ''}.txt`)}>${icon('download')}<span>${t('trace.save')}</span></button></div>`;
  }
}

customElements.define('sip-trace', SipTrace);
