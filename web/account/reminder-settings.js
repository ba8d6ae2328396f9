// Element `reminder-settings`: reminders of sessions on this device, for the page of the account. The browser is asked
// for its permission by a tap alone.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, icon} from '../core/base.js';
import {t} from '../core/i18n.js';
import {chooseReminders, isReminded} from '../core/reminder-timer.js';
import {toast} from '../core/toast.js';

/** Switches reminders on and off, and asks for notifications. */
export class ReminderSettings extends BaseElement {
  static properties = {me: {attribute: false}};

  constructor() {
    super();
    /** @type {SignedInUser | null} */
    this.me = null;
  }

  /** @param {Event} event */
  choose(event) {
    const on = /** @type {HTMLInputElement} */ (event.target).checked;
    chooseReminders(on);
    toast(t(on ? 'reminder.on' : 'reminder.off'));
    this.requestUpdate();
  }

  async allow() {
    await Notification.requestPermission();
    this.requestUpdate();
  }

  render() {
    if (!this.me) return nothing;
    const on = isReminded(this.me);
    return html`<label class="option"><input type="checkbox" data-testid="remind" .checked=${on} @change=${this.choose}><span>${t('reminder.choice')}</span></label>
      ${on ? this.permission() : nothing}`;
  }

  permission() {
    const permission = globalThis.Notification?.permission;
    if (permission === 'default')
      return html`<div class="row wrap"><button type="button" data-testid="allow-notifications" @click=${this.allow}>${icon('bell')}<span>${t('reminder.allow')}</span></button><span class="soft">${t('reminder.allow-hint')}</span></div>`;
    return html`<p class="soft" data-testid="notifications">${t(permission === 'granted' ? 'reminder.granted' : 'reminder.denied')}</p>`;
  }
}

customElements.define('reminder-settings', ReminderSettings);
