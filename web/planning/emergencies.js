// Page `emergencies.html`: emergencies that are not over, to be acknowledged.

import {html, nothing, repeat} from '../vendor/lit.js';
import {acknowledge, emergencies, rules} from '../core/api.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import '../booking/session-details.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {day, hourMinute, slot} from '../core/time.js';
import {EMERGENCY} from '../core/values.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

const POLL_MS = 10_000;

/**
 * Lists emergencies that are not over: ground, time, and who of the operating unit acknowledged each and when (Điều
 * 12.3).
 */
class EmergenciesPage extends Page {
  static properties = {...Page.properties, all: {state: true}, grounds: {state: true}, opened: {state: true}, busy: {state: true}};

  constructor() {
    super();
    setTitle('emergencies.title');
    /** @type {Emergency[]} */
    this.all = [];
    /** @type {Record<string, string>} */
    this.grounds = {};
    this.opened = '';
    this.busy = false;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.loadEmergencies()));
  }

  async load() {
    const [{classes}] = await Promise.all([rules(), this.loadEmergencies()]);
    this.grounds = classes[EMERGENCY]?.grounds ?? {};
  }

  async loadEmergencies() {
    this.all = await emergencies();
  }

  /** @param {string} id */
  async acknowledge(id) {
    this.busy = true;
    await this.attempt(async () => {
      await acknowledge(id);
      await this.loadEmergencies();
      dispatchEvent(new Event('acknowledged'));
    });
    this.busy = false;
  }

  render() {
    return html`<top-bar .me=${this.me} current="emergencies"></top-bar>
      <main>
        <h1>${t('emergencies.title')}</h1>
        <p class="soft">${t('emergencies.rule')}</p>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : this.emergencyList()}
        ${this.opened ? html`<session-details .sessionId=${this.opened} .me=${this.me} @changed=${() => this.refresh(() => this.loadEmergencies())} @shut=${() => (this.opened = '')}></session-details>` : nothing}
      </main>`;
  }

  emergencyList() {
    if (!this.all.length) return this.error ? nothing : emptyState({picture: 'bell', title: t('emergencies.none'), action: pageLink('calendar'), testid: 'no-emergency'});
    return html`<ul class="cards">${repeat(this.all, ({id}) => id, each => this.card(each))}</ul>`;
  }

  /** @param {Emergency} emergency */
  card({id, number, host, title: subject, ground, reason, official, received, phase, seen}) {
    const decides = isCentral(this.me);
    return html`<li class="card ${seen ? '' : 'urgent-card'}" data-testid="emergency" data-id=${id} data-seen=${Boolean(seen)}>
      <div class="row between">
        <h2>${number} · ${host}</h2>
        ${phase ? html`<span class="badge ${phase}">${t(`phase.${phase}`)}</span>` : html`<span class="badge hand">${t('emergencies.letter')}</span>`}
      </div>
      ${subject ? html`<p>${subject}</p>` : nothing}
      <p>${official ? html`<strong>${slot(official)}</strong> · ` : nothing}${t('emergencies.came', `${hourMinute(received)} ${day(received)}`)}</p>
      ${ground ? html`<p>${this.grounds[ground] ?? ground}${reason ? html`: <q>${reason}</q>` : nothing}</p>` : nothing}
      <div class="row wrap">
        ${seen
          ? html`<span class="mark green" data-testid="seen">${icon('check')}<span>${t('emergencies.seen', seen.by, `${hourMinute(seen.at)} ${day(seen.at)}`)}</span></span>`
          : decides
            ? html`<button type="button" class="main" data-testid="acknowledge" ?disabled=${this.busy} @click=${() => this.acknowledge(id)}>${icon('check')}<span>${t('emergencies.acknowledge')}</span></button>`
            : html`<span class="mark amber">${icon('warn')}<span>${t('emergencies.unseen')}</span></span>`}
        ${phase
          ? html`<button type="button" data-testid="open-emergency" @click=${() => (this.opened = id)}>${t('emergencies.open')}</button>`
          : html`<a class="button" href="drafts.html">${t('emergencies.to-drafts')}</a>`}
      </div>
    </li>`;
  }
}

customElements.define('emergencies-page', EmergenciesPage);
