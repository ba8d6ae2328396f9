// Element `device-clock`: the time in Vietnam, and how far this device's clock is from the server's, for the page of the
// account. Reminders and countdowns follow the device's clock.

import {html, nothing} from '../vendor/lit.js';
import {icon, BaseElement, repeatWhileConnected} from '../core/base.js';
import {number, t} from '../core/i18n.js';
import {clock, day} from '../core/time.js';

const TICK_MS = 1_000;
/** A difference below is none: the server tells whole seconds, and its answer takes a while. */
const TOLERATED_S = 5;

/** Shows the clock. */
export class DeviceClock extends BaseElement {
  static properties = {difference: {state: true}};

  constructor() {
    super();
    /** Seconds by which the device is ahead of the server. */
    this.difference = 0;
    repeatWhileConnected(this, TICK_MS, () => this.requestUpdate());
  }

  async firstUpdated() {
    const response = await fetch('healthz', {method: 'HEAD', cache: 'no-store'}).catch(() => null);
    const told = Date.parse(response?.headers.get('Date') ?? '');
    if (told) this.difference = Math.round((Date.now() - told) / 1000);
  }

  render() {
    const now = Date.now();
    const wrong = Math.abs(this.difference) > TOLERATED_S;
    return html`<p data-testid="clock">${t('account.clock', clock(now), day(now))}</p>
      ${wrong ? html`<p class="alert" role="alert" data-testid="clock-wrong">${icon('warn')}<span>${t(this.difference > 0 ? 'account.clock-ahead' : 'account.clock-behind', number(Math.abs(this.difference)))}</span></p>` : nothing}`;
  }
}

customElements.define('device-clock', DeviceClock);
