// Page `sessions.html`: the sessions of the user's unit, or all for the centre.

import {html, nothing, repeat} from '../vendor/lit.js';
import {cancel, sessions, units} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {dateField} from '../core/fields.js';
import '../operations/closing-checklist.js';
import {meetingUrl} from '../core/code-field.js';
import '../operations/document-list.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {formatCode} from '../meeting/client/meeting-state.js';
import {isCentral} from '../core/nav.js';
import {fromLocal, hourMinute, slot, utc, weekday} from '../core/time.js';

const DAY_MS = 86_400_000;
const PAGE = 50;
/**
 * The two lists of the page: sessions to come by their start, then past ones, newest first.
 * @type {Record<'coming' | 'over', {order: string, phases: string[]}>}
 */
const LISTS = {
  coming: {order: 'start', phases: ['open', 'lobby', 'upcoming', 'waiting', 'revoked']},
  over: {order: '-start', phases: ['ended', 'cancelled']},
};

/** @typedef {keyof typeof LISTS} List */

/** Lists sessions to come and past ones, with filters, and cancels them. */
class SessionsPage extends Page {
  static properties = {
    ...Page.properties,
    lists: {state: true}, more: {state: true}, units: {state: true}, filtered: {state: true}, busy: {state: true}, cancelling: {state: true}, opened: {state: true},
  };

  constructor() {
    super();
    setTitle('sessions.title');
    /** The sessions fetched so far. @type {Record<List, Session[]>} */
    this.lists = {coming: [], over: []};
    /** Whether there is more to fetch. @type {Record<List, boolean>} */
    this.more = {coming: false, over: false};
    /** The units that the lists can be filtered by, for users who see all sessions. @type {Unit[]} */
    this.units = [];
    /** @type {Record<string, string>} */
    this.filter = {};
    this.filtered = false;
    this.busy = false;
    /** Ids of sessions whose details were opened. @type {Set<string>} */
    this.opened = new Set();
    /** The session whose cancellation waits for confirmation. @type {Session | null} */
    this.cancelling = null;
  }

  async load() {
    const all = isCentral(this.me) || this.me?.roles.includes('supervisor');
    [this.units] = await Promise.all([all ? units() : [], this.fetch('coming', false), this.fetch('over', false)]);
  }

  /**
   * Fetch the first page of a list, or (`on`) the page after those that are shown.
   * @param {List} name
   * @param {boolean} on
   */
  async fetch(name, on) {
    const {order, phases} = LISTS[name];
    const {phase, ...rest} = this.filter;
    const wanted = phase ? phases.filter(one => one === phase) : phases;
    const known = on ? this.lists[name] : [];
    const after = known[known.length - 1]?.id;
    const found = wanted.length ? await sessions({...rest, order, phase: wanted.join(','), limit: String(PAGE), ...(after && {after})}) : [];
    this.lists = {...this.lists, [name]: [...known, ...found]};
    this.more = {...this.more, [name]: found.length === PAGE};
  }

  /** @param {SubmitEvent} event */
  search(event) {
    event.preventDefault();
    const fields = Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (event.target))].map(([name, value]) => [name, String(value).trim()]));
    const from = fields.from ? fromLocal(`${fields.from}T00:00`) : '';
    const to = fields.to ? utc(Date.parse(fromLocal(`${fields.to}T00:00`)) + DAY_MS) : '';
    this.filter = Object.fromEntries(Object.entries({...fields, from, to}).filter(([, value]) => value));
    this.filtered = Object.keys(this.filter).length > 0;
    this.runBusy(() => Promise.all([this.fetch('coming', false), this.fetch('over', false)]));
  }

  /** @param {() => Promise<unknown>} run */
  async runBusy(run) {
    this.busy = true;
    await this.attempt(run);
    this.busy = false;
  }

  async confirm() {
    const session = this.cancelling;
    this.cancelling = null;
    if (!session) return;
    await this.attempt(async () => {
      const changed = await cancel(session.id);
      const {coming, over} = this.lists;
      this.lists = {coming: coming.filter(({id}) => id !== changed.id), over: [changed, ...over]};
    });
  }

  render() {
    const {coming, over} = this.lists;
    return html`<top-bar .me=${this.me} current="sessions"></top-bar>
      <main>
        <div class="row between">
          <h1>${t('sessions.title')}</h1>
          <a class="button main" href="register.html" data-testid="register">${icon('plus')}<span>${t('sessions.register')}</span></a>
        </div>
        ${errorMessage(this.error)}
        ${this.form()}
        ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : this.rows('coming', coming)}
        ${over.length ? html`<h2>${t('sessions.over')}</h2>${this.rows('over', over)}` : nothing}
      </main>
      ${this.cancelling ? this.question(this.cancelling) : nothing}`;
  }

  form() {
    return html`<form class="filters" role="search" data-testid="sessions-filter" @submit=${this.search}>
      <div class="field"><label for="q">${t('sessions.search')}</label><input id="q" name="q" type="search" maxlength="200" data-testid="sessions-q"></div>
      <div class="field"><label for="phase">${t('calendar.state')}</label>
        <select id="phase" name="phase" data-testid="sessions-phase"><option value="">${t('calendar.all')}</option>
          ${[...LISTS.coming.phases, ...LISTS.over.phases].map(phase => html`<option value=${phase}>${t(`phase.${phase}`)}</option>`)}</select></div>
      ${this.units.length ? html`<div class="field"><label for="unit">${t('sessions.unit')}</label>
        <select id="unit" name="unit" data-testid="sessions-unit"><option value="">${t('sessions.every-unit')}</option>
          ${this.units.map(({id, name}) => html`<option value=${id}>${name}</option>`)}</select></div>` : nothing}
      ${dateField({name: 'from', label: t('audit.from'), testid: 'sessions-from'})}
      ${dateField({name: 'to', label: t('audit.to'), testid: 'sessions-to'})}
      <button ?disabled=${this.busy} data-testid="sessions-find">${t('audit.find')}</button>
    </form>`;
  }

  /** @param {List} name @param {Session[]} list */
  rows(name, list) {
    if (!list.length) return html`<p class="empty">${t(this.filtered ? 'sessions.none-found' : 'sessions.none')}</p>`;
    return html`<ul class="cards">${repeat(list, ({id}) => id, session => this.row(session))}</ul>
      ${this.more[name] ? html`<p class="row end"><button type="button" data-testid="sessions-more-${name}" ?disabled=${this.busy}
        @click=${() => this.runBusy(() => this.fetch(name, true))}>${t('sessions.more')}</button></p>` : nothing}`;
  }

  /** @param {Session} session */
  row(session) {
    return html`<li class="card session" data-testid="session-row" data-id=${session.id} data-phase=${session.phase}>
      <div class="when">
        <strong>${hourMinute(session.official.start)}–${hourMinute(session.official.end)}</strong>
        <span>${weekday(session.official.start, language)}</span>
      </div>
      <div class="what">
        <h2>${session.title}</h2>
        <p>${t('sessions.host', session.host.name)} · ${t('sessions.points', session.points.length + 1)} · ${t('sessions.number', session.number)}</p>
        ${session.rehearsal ? html`<p class="soft">${t('sessions.rehearsal', slot(session.rehearsal))}</p>` : nothing}
      </div>
      <div class="state">
        <span class="badge ${session.phase}" data-testid="session-state">${t(`phase.${session.phase}`)}</span>
        ${session.code ? html`<span class="code" data-testid="session-code" aria-label=${t('code.label')}>${formatCode(session.code)}</span>` : nothing}
      </div>
      <div class="acts">${this.actions(session)}</div>
      ${this.details(session)}
    </li>`;
  }

  /**
   * Draw documents and, after the start, the closing checklists; they are fetched when opened.
   * @param {Session} session
   */
  details({id, phase, official}) {
    if (phase === 'cancelled') return nothing;
    const open = this.opened.has(id);
    return html`<details @toggle=${(/** @type {any} */ {target}) => target.open && (this.opened = new Set([...this.opened, id]))}>
      <summary data-testid="session-details">${t('sessions.details')}</summary>
      ${open ? html`<div class="columns"><document-list .session=${id}></document-list>
        ${Date.parse(official.start) <= Date.now() ? html`<closing-checklist .session=${id}></closing-checklist>` : nothing}</div>` : nothing}
    </details>`;
  }

  /** @param {Session} session */
  actions(session) {
    if (LISTS.over.phases.includes(session.phase)) return nothing;
    const enter = session.code ? meetingUrl(session.code, this.lists.coming) : '';
    return html`${enter
      ? html`<a class="button ${session.phase === 'upcoming' ? '' : 'main'}" href=${enter} data-testid="enter">${t(session.may_control ? 'sessions.control' : 'sessions.enter')}</a>`
      : nothing}
    ${session.may_cancel
      ? html`<button type="button" class="danger" data-testid="cancel" @click=${() => (this.cancelling = session)}>${t('sessions.cancel')}</button>`
      : nothing}`;
  }

  /** @param {Session} session */
  question(session) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.cancelling = null)}>
      <h2 id="question">${t('sessions.cancel-ask')}</h2>
      <p>${session.title} · ${slot(session.official)}</p>
      <p class="soft">${t('sessions.cancel-effect')}</p>
      <form method="dialog" class="row end">
        <button data-testid="keep">${t('sessions.keep')}</button>
        <button type="button" class="danger solid" data-testid="confirm" @click=${this.confirm}>${t('sessions.cancel-yes')}</button>
      </form>
    </dialog>`;
  }
}

customElements.define('sessions-page', SessionsPage);
