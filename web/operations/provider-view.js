// Page `lines.html`: access lines, for the provider that operates them.

import {html, nothing, repeat} from '../vendor/lit.js';
import {postTo, replyToLineIncident, lines, nameLineContact, providers} from '../core/api.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {field, formOf, formValues} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/data-table.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {CENTRAL} from '../core/nav.js';
import {clock, day, hourMinute, slot} from '../core/time.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

/** How often the page is refreshed. */
const POLL_MS = 10_000;
/** A line that loses more packets than this, in percent, is shown as weak. */
const WEAK_LOSS_PERCENT = 2;

/** @param {number | null} rate kbit/s */
const mbps = rate => (rate === null ? '–' : number(rate / 1000, {maximumFractionDigits: 2}));

/** @type {import('../core/table-state.js').Column<ProviderLine>[]} */
const LINE_COLUMNS = [
  {id: 'point', label: t('lines.point'), value: ({point}) => `${point.label} ${point.name}`, cell: ({point}) => html`${point.label} <small>${point.name}</small>`},
  {id: 'type', label: t('lines.type'), value: ({type}) => type},
  {
    id: 'rates', label: t('lines.rates'), value: line => line.subscribed_kbps,
    cell: line => html`${t('line.rates', mbps(line.subscribed_kbps), mbps(line.up_kbps), mbps(line.down_kbps))} ${line.slow ? html`<span class="badge cancelled">${t('line.slow')}</span>` : nothing}`,
  },
  {id: 'ranges', label: t('lines.ranges'), long: true, value: ({ranges}) => ranges.join(', ')},
];

/**
 * Shows a provider its access lines, the sessions that need them and the incidents to reply to; the centre may see
 * any provider's.
 */
class LinesPage extends Page {
  static properties = {...Page.properties, overview: {state: true}, providers: {state: true}, namingContactOf: {state: true}, issued: {state: true}};

  constructor() {
    super();
    setTitle('lines.title');
    /** @type {ProviderOverview | null} */
    this.overview = null;
    /** @type {Provider[]} */
    this.providers = [];
    this.chosen = '';
    /** The session whose contact is being named. */
    this.namingContactOf = '';
    /** @type {IssuedAccount | null} */
    this.issued = null;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.load()));
  }

  get central() {
    return CENTRAL.some(role => this.me?.roles.includes(role));
  }

  async load() {
    if (this.central) this.providers = await providers();
    this.chosen ||= this.providers[0]?.id ?? '';
    if (this.chosen || this.me?.provider) this.overview = await lines(this.chosen);
  }

  /** @param {string} id */
  choose(id) {
    this.chosen = id;
    this.issued = null;
    this.attempt(() => this.load());
  }

  /** @param {SubmitEvent} event @param {string} session */
  nameContact(event, session) {
    const {name, phone} = formValues(event);
    this.attempt(async () => {
      this.overview = await nameLineContact(session, name, phone);
      this.namingContactOf = '';
    }, formOf(event));
  }

  /** @param {SubmitEvent} event @param {string} id */
  reply(event, id) {
    const {text} = formValues(event);
    const form = formOf(event);
    this.attempt(async () => {
      this.overview = await replyToLineIncident(id, text);
      form.reset();
    }, form);
  }

  /** @param {SubmitEvent} event @param {Provider | undefined} provider */
  saveProvider(event, provider) {
    const body = formValues(event);
    this.attempt(async () => {
      const saved = await postTo('directory/providers', {...body, id: provider?.id ?? null});
      this.chosen = saved.id;
      await this.load();
    }, formOf(event));
  }

  /** @param {SubmitEvent} event @param {string} id */
  issueAccount(event, id) {
    const {account} = formValues(event);
    this.attempt(async () => {
      this.issued = await postTo(`directory/providers/${encodeURIComponent(id)}/account`, {account});
    }, formOf(event));
  }

  render() {
    return html`<top-bar .me=${this.me} current="lines"></top-bar>
      <main class="lines">
        <h1>${t('lines.title')}${this.overview ? ` – ${this.overview.provider.name}` : ''}</h1>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : html`${this.central ? this.providerChooser() : nothing} ${this.overview ? this.body(this.overview) : nothing}`}
      </main>`;
  }

  /** Draw, for the centre, the choice of a provider and the forms that add or change one. */
  providerChooser() {
    const provider = this.providers.find(({id}) => id === this.chosen);
    return html`${this.providers.length
        ? html`<div class="row wrap filters">${repeat(this.providers, ({id}) => id, ({id, name}) => html`<button type="button" class="chip" data-testid="provider" aria-pressed=${id === this.chosen} @click=${() => this.choose(id ?? '')}>${name}</button>`)}</div>`
        : emptyState({picture: 'network', title: t('lines.no-provider'), action: html`<button type="button" data-testid="empty-next" @click=${this.openForm}>${icon('plus')}<span>${t('lines.add')}</span></button>`, testid: 'no-provider'})}
      ${repeat([...(provider ? [provider] : []), undefined], one => one?.id ?? this.providers.length, one => this.form(one))}`;
  }

  /** Open the form that adds a provider. */
  openForm() {
    const fold = this.querySelector('[data-testid=form-add]')?.closest('details');
    if (!fold) return;
    fold.open = true;
    fold.querySelector('input')?.focus();
  }

  /** @param {Provider | undefined} provider */
  form(provider) {
    const kind = provider ? 'edit' : 'add';
    return html`<details class="assign">
      <summary data-testid="provider-${kind}">${icon(provider ? 'phone' : 'plus')}<span>${provider ? t('lines.edit', [provider.contact, provider.phone].filter(Boolean).join(' ')) : t('lines.add')}</span></summary>
      <form class="row wrap" data-testid="form-${kind}" @submit=${(/** @type {SubmitEvent} */ event) => this.saveProvider(event, provider)}>${keptForm(`provider:${provider?.id ?? ''}`)}
        ${field({name: 'name', label: 'lines.name', value: provider?.name, required: true})} ${field({name: 'contact', label: 'lines.contact', value: provider?.contact})}
        ${field({name: 'phone', label: 'duty.phone', value: provider?.phone, type: 'tel', max: 16})} ${field({name: 'email', label: 'lines.email', value: provider?.email, type: 'email', max: 254})}
        <button class="main" data-testid="provider-save">${t('directory.save')}</button>
      </form>
      ${provider ? this.account(provider) : nothing}
    </details>`;
  }

  /** @param {Provider} provider */
  account({id, email}) {
    const {issued} = this;
    return html`<form class="row wrap" @submit=${(/** @type {SubmitEvent} */ event) => this.issueAccount(event, id ?? '')}>${keptForm(`account:${id}`)}
        ${field({name: 'account', label: 'lines.account', required: true, max: 64})}
        <button data-testid="account-issue">${t('lines.issue')}</button>
      </form>
      ${issued
        ? html`<p role="status" data-testid="account-issued">${issued.sent ? t('lines.sent', email) : t('lines.link', issued.account)} ${issued.link ? copyable(issued.link, {testid: 'link'}) : nothing}</p>`
        : nothing}`;
  }

  /** @param {ProviderOverview} shown */
  body(shown) {
    return html`<h2>${t('lines.incidents')}</h2>
      ${shown.incidents.length
        ? html`<ul class="cards" aria-live="polite">${repeat(shown.incidents, ({id}) => id, one => this.incident(one, shown.may_answer))}</ul>`
        : emptyState({picture: 'check', title: t('lines.no-incident'), action: pageLink('today'), testid: 'no-incident'})}
      <h2>${t('lines.sessions')}</h2>
      ${shown.sessions.length
        ? html`<ul class="cards">${repeat(shown.sessions, ({id}) => id, one => this.session(one, shown.may_answer))}</ul>`
        : emptyState({picture: 'calendar', title: t('lines.no-session'), action: pageLink('today'), testid: 'no-session'})}
      <h2>${t('lines.own', shown.lines.length)}</h2> ${this.table(shown.lines)}`;
  }

  /** @param {LineIncident} one @param {boolean} mine */
  incident({id, number: of, point, kind, state, opened, measured, said: messages}, mine) {
    const whole = {maximumFractionDigits: 1};
    return html`<li class="card incident" data-testid="line-fault" data-state=${state}>
      <div class="when"><strong>${hourMinute(opened)}</strong><span>${day(opened)}</span></div>
      <div class="what">
        <h3>${icon('warn')} ${t(`fault.${kind}`)} – ${point ? html`${point.label} <small class="soft">${point.name}</small>` : t('incidents.whole')}</h3>
        <p>${copyable(of, {shown: t('sessions.number', of)})}</p>
        ${measured ? html`<p class="soft">${t('incidents.measured', number(measured.up, whole), number(measured.down, whole), number(measured.round_trip), number(measured.jitter, whole))}</p>` : nothing}
        <ol class="plain">${messages.filter(({text}) => text).map(({at, answer, text}) => html`<li data-testid="said"><time>${clock(at)}</time> <strong>${t(answer ? 'lines.answered' : 'lines.told')}</strong>: ${text}</li>`)}</ol>
        ${mine
          ? html`<form class="row wrap" @submit=${(/** @type {SubmitEvent} */ event) => this.reply(event, id)}>${keptForm(`reply:${id}`)}${field({name: 'text', label: 'lines.answer', required: true, max: 500})}
              <button class="main" data-testid="answer">${t('lines.send')}</button></form>`
          : nothing}
      </div>
      <div class="state"><span class="badge ${state}">${t(`incident.${state}`)}</span></div>
    </li>`;
  }

  /** @param {ProviderSession} one @param {boolean} mine */
  session({id, number: of, host, slots, due, points, contact, centre}, mine) {
    return html`<li class="card session" data-testid="line-session" data-number=${of}>
      <div class="when">${slots.map(one => html`<strong>${slot(one)}</strong><span>${t(`lines.${one.kind}`)}</span>`)}</div>
      <div class="what">
        <h3>${t('lines.hosted', host)}</h3>
        <p>${copyable(of, {shown: t('sessions.number', of)})}</p>
        <ul class="row wrap plain">${points.map(point => this.point(point))}</ul>
        <p>${centre ? html`${t('lines.centre', centre.name)} <a href="tel:${centre.phone}">${centre.phone}</a>` : t('lines.no-centre')}</p>
        ${this.namingContactOf === id ? this.contactForm(id, contact) : nothing}
      </div>
      <div class="state">${contact
        ? html`<span class="light green" data-testid="contact">${contact.name} <a href="tel:${contact.phone}">${contact.phone}</a></span>`
        : html`<span class="light amber" data-testid="no-contact">${t('lines.no-contact', `${hourMinute(due)} ${day(due)}`)}</span>`}</div>
      <div class="acts">${mine && this.namingContactOf !== id
        ? html`<button type="button" class=${contact ? '' : 'main'} data-testid="name-contact" @click=${() => (this.namingContactOf = id)}>${t(contact ? 'lines.rename' : 'lines.name-contact')}</button>`
        : nothing}</div>
    </li>`;
  }

  /** @param {string} id @param {{name: string, phone: string} | null} contact */
  contactForm(id, contact) {
    return html`<form class="row wrap" @submit=${(/** @type {SubmitEvent} */ event) => this.nameContact(event, id)}>${keptForm(`contact:${id}`)}
      ${field({name: 'name', label: 'duty.name', value: contact?.name, required: true, max: 100})}
      ${field({name: 'phone', label: 'duty.phone', value: contact?.phone, type: 'tel', required: true, max: 20})}
      <button class="main" data-testid="contact-save">${t('duty.save')}</button>
    </form>`;
  }

  /**
   * Draw a point with its minutes of packet loss, and its loss now.
   * @param {ProviderSession['points'][number]} point
   */
  point({id, name, label, minutes, lossy, now}) {
    const loss = now ? Math.max(now.up, now.down) : 0;
    const colour = now ? (loss > WEAK_LOSS_PERCENT ? 'red' : 'green') : lossy ? 'amber' : '';
    const words = [now ? t('lines.now', number(loss, {maximumFractionDigits: 1})) : '', minutes ? t('lines.minutes', lossy, minutes) : ''];
    return html`<li><span class="light ${colour}" data-testid="line-point" data-point=${id} title=${name}>${[label, ...words].filter(Boolean).join(' · ')}</span></li>`;
  }

  /** @param {ProviderLine[]} own */
  table(own) {
    return html`<data-table name="own-lines" label=${t('lines.own', own.length)} .columns=${LINE_COLUMNS} .rows=${own} .empty=${emptyState({picture: 'network', title: t('lines.none'), action: pageLink(this.central ? 'directory' : 'today')})}></data-table>`;
  }
}

customElements.define('lines-page', LinesPage);
