// Element `sign-ins`: where the account is signed in, and signing out elsewhere, for the page of the account.

import {html, nothing} from '../vendor/lit.js';
import {signIns, signOutOf, signOutOthers} from '../core/api.js';
import {errorMessage, icon, RequestingElement} from '../core/base.js';
import {t} from '../core/i18n.js';
import {day, hourMinute} from '../core/time.js';
import {toast} from '../core/toast.js';
import {browserName} from './browser-name.js';

/** Lists the browsers in which the account is signed in. It listens for `changed`, after which it looks again. */
export class SignIns extends RequestingElement {
  static properties = {...RequestingElement.properties, devices: {state: true}};

  constructor() {
    super();
    /** @type {SignedInDevice[]} */
    this.devices = [];
    this.addEventListener('changed', () => this.fetch());
  }

  connectedCallback() {
    super.connectedCallback();
    this.fetch();
  }

  fetch() {
    return this.attempt(async () => void (this.devices = await signIns()));
  }

  async endOthers() {
    if (await this.attempt(signOutOthers)) toast(t('sign-ins.ended'));
    await this.fetch();
  }

  /** @param {string} id */
  async end(id) {
    if (await this.attempt(() => signOutOf(id))) toast(t('sign-ins.ended-one'));
    await this.fetch();
  }

  render() {
    const others = this.devices.some(({current}) => !current);
    return html`<div class="row between wrap"><h2>${t('sign-ins.title')}</h2>
        ${others ? html`<button type="button" data-testid="end-others" @click=${this.endOthers}>${icon('logout')}<span>${t('sign-ins.end-others')}</span></button>` : nothing}</div>
      ${errorMessage(this.error)}
      <ul class="plain-list">${this.devices.map(each => this.one(each))}</ul>
      <p class="soft">${t('sign-ins.hint')}</p>`;
  }

  /** @param {SignedInDevice} device */
  one({id, since, address, browser, current}) {
    return html`<li class="row between wrap" data-testid="signed-in">
      <span>${browserName(browser) || t('sign-ins.unknown')} <span class="soft">${address}</span></span>
      <span class="row">${current ? html`<span class="badge good">${t('sign-ins.current')}</span>` : nothing}<span class="soft">${t('sign-ins.since', hourMinute(since), day(since))}</span>
        ${current ? nothing : html`<button type="button" class="quiet" data-testid="end-one" @click=${() => this.end(id)}>${t('sign-ins.end-one')}</button>`}</span>
    </li>`;
  }
}

customElements.define('sign-ins', SignIns);
