// Element `calendar-links`: makes, copies and revokes the secret links of calendar feeds, for the page of the account.

import {html, nothing} from '../vendor/lit.js';
import {calendarLinks, makeCalendarLink, revokeCalendarLink} from '../core/api.js';
import {errorMessage, icon, RequestingElement} from '../core/base.js';
import {copyText} from '../core/copy.js';
import {ask} from '../core/dialog.js';
import {t} from '../core/i18n.js';
import {qrCode} from '../core/qr-code.js';
import {day} from '../core/time.js';
import {toast} from '../core/toast.js';

/** @typedef {'account' | 'unit'} Owner */

/** The links of the signed-in account and of its unit. A link is seen only when it is made: nobody stores it. */
export class CalendarLinks extends RequestingElement {
  static properties = {...RequestingElement.properties, me: {attribute: false}, links: {state: true}, fresh: {state: true}};

  constructor() {
    super();
    /** @type {SignedInUser | null} */
    this.me = null;
    /** @type {CalendarLinkStates | null} */
    this.links = null;
    /** The links made on this page. @type {Partial<Record<Owner, string>>} */
    this.fresh = {};
  }

  connectedCallback() {
    super.connectedCallback();
    this.fetch();
  }

  fetch() {
    return this.attempt(async () => void (this.links = await calendarLinks()));
  }

  /** @param {Owner} owner */
  async make(owner) {
    if (this.links?.[owner] && !(await this.sure('renew'))) return;
    await this.attempt(async () => {
      const {path} = await makeCalendarLink(owner);
      this.fresh = {...this.fresh, [owner]: new URL(path, new URL('.', location.href)).href};
      toast(t('calendar-link.made'));
    });
    await this.fetch();
  }

  /** @param {Owner} owner */
  async revoke(owner) {
    if (!(await this.sure('revoke'))) return;
    await this.attempt(async () => {
      await revokeCalendarLink(owner);
      this.fresh = {...this.fresh, [owner]: undefined};
      toast(t('calendar-link.revoked'));
    });
    await this.fetch();
  }

  /** @param {'renew' | 'revoke'} step */
  async sure(step) {
    const choices = [{value: step, label: t(`calendar-link.${step}`), tone: /** @type {'danger'} */ ('danger')}];
    return (await ask({title: t(`calendar-link.ask-${step}`), text: t('calendar-link.ask-text'), choices})) === step;
  }

  render() {
    const unit = this.me?.unit;
    return html`<h2>${t('calendar-link.title')}</h2>
      <p class="soft">${t('calendar-link.hint')}</p>
      ${errorMessage(this.error)}
      ${this.links ? html`${this.one('account', t('calendar-link.mine'))} ${unit && this.links.unit_allowed ? this.one('unit', t('calendar-link.unit', unit.name)) : nothing}` : nothing}`;
  }

  /** @param {Owner} owner @param {string} title */
  one(owner, title) {
    const [made, link] = [this.links?.[owner], this.fresh[owner]];
    return html`<section class="calendar-link" data-testid="calendar-${owner}" aria-label=${title}>
      <div class="row between wrap">
        <div><h3>${title}</h3><p class="soft" data-testid="calendar-state">${made ? t('calendar-link.since', day(made.created), made.made_by) : t('calendar-link.none')}</p></div>
        <div class="row wrap">
          <button type="button" data-testid="make" @click=${() => this.make(owner)}>${icon(made ? 'history' : 'plus')}<span>${t(made ? 'calendar-link.renew' : 'calendar-link.make')}</span></button>
          ${made ? html`<button type="button" class="danger" data-testid="revoke" @click=${() => this.revoke(owner)}>${icon('cross')}<span>${t('calendar-link.revoke')}</span></button>` : nothing}
        </div>
      </div>
      ${link ? this.shown(link) : nothing}
    </section>`;
  }

  /** Draw a link that was made just now. @param {string} link */
  shown(link) {
    return html`<div class="fresh-link">
      ${qrCode(link, t('calendar-link.qr'))}
      <div class="column">
        <p><strong>${t('calendar-link.once')}</strong></p>
        <code data-testid="calendar-url">${link}</code>
        <div class="row"><button type="button" class="main" data-testid="copy" @click=${() => copyText(link, t('calendar-link.copied'))}>${icon('copy')}<span>${t('app.copy')}</span></button></div>
        <p class="soft">${t('calendar-link.how')}</p>
      </div>
    </div>`;
  }
}

customElements.define('calendar-links', CalendarLinks);
