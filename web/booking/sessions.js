// Page `sessions.html`: the sessions of the user's unit, or all for the centre.

import {html, nothing, repeat} from '../vendor/lit.js';
import {cancel, minutesUrl, notHeld, sessions, signedUrl, units} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {dateField, searchWhenEmptied} from '../core/fields.js';
import '../core/action-menu.js';
import {ask} from '../core/dialog.js';
import {grouped, isDue, isWeekly} from './session-groups.js';
import './session-details.js';
import {toast} from '../core/toast.js';
import '../operations/closing-checklist.js';
import {invitationUrl, meetingUrl} from '../core/code-field.js';
import {copyable, copyText} from '../core/copy.js';
import '../operations/document-list.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {formatCode} from '../core/meeting-code.js';
import {isCentral, mayRegister} from '../core/nav.js';
import {emptyState, loadingState} from '../core/states.js';
import {day, fromLocal, hourMinute, slot, utc, weekday} from '../core/time.js';

const DAY_MS = 86_400_000;
const PAGE = 50;
/** The fields by which sessions are looked for. */
const FILTERS = ['q', 'phase', 'unit', 'from', 'to'];
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
    lists: {state: true}, more: {state: true}, units: {state: true}, fields: {state: true}, filtered: {state: true}, busy: {state: true}, opened: {state: true}, explained: {state: true},
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
    /** What is looked for, as the form has it and as the address keeps it. @type {Record<string, string>} */
    this.fields = Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => FILTERS.includes(name)));
    this.filtered = Object.keys(this.fields).length > 0;
    /** Sessions that a system below does not hold. @type {NotHeld[]} */
    this.notHeld = [];
    this.busy = false;
    /** Ids of sessions whose details were opened. @type {Set<string>} */
    this.opened = new Set();
    /** The cancelled session that is looked at. */
    this.explained = '';
  }

  async load() {
    const all = isCentral(this.me) || this.me?.roles.includes('supervisor');
    [this.units, this.notHeld] = await Promise.all([all ? units() : [], notHeld(), this.fetch('coming', false), this.fetch('over', false)]);
  }

  /**
   * Fetch the first page of a list, or (`on`) the page after those that are shown. An answer that comes after
   * something else was looked for is dropped.
   * @param {List} name
   * @param {boolean} on
   */
  async fetch(name, on) {
    const {order, phases} = LISTS[name];
    const {fields} = this;
    const {phase, from = '', to = '', ...rest} = fields;
    const window = {...(from && {from: fromLocal(`${from}T00:00`)}), ...(to && {to: utc(Date.parse(fromLocal(`${to}T00:00`)) + DAY_MS)})};
    const wanted = phase ? phases.filter(one => one === phase) : phases;
    const known = on ? this.lists[name] : [];
    const after = known[known.length - 1]?.id;
    const found = wanted.length ? await sessions({...rest, ...window, order, phase: wanted.join(','), limit: String(PAGE), ...(after && {after})}) : [];
    if (this.fields !== fields) return;
    this.loading = false;
    this.lists = {...this.lists, [name]: [...known, ...found]};
    this.more = {...this.more, [name]: found.length === PAGE};
  }

  /** @param {SubmitEvent} event */
  search(event) {
    event.preventDefault();
    const fields = [...new FormData(/** @type {HTMLFormElement} */ (event.target))].map(([name, value]) => [name, String(value).trim()]);
    this.look(Object.fromEntries(fields.filter(([, value]) => value)));
  }

  /** Look for sessions, and keep what is looked for in the address. @param {Record<string, string>} fields */
  look(fields) {
    this.fields = fields;
    this.filtered = Object.keys(fields).length > 0;
    history.replaceState(null, '', this.filtered ? `?${new URLSearchParams(fields)}` : location.pathname);
    this.runBusy(() => Promise.all([this.fetch('coming', false), this.fetch('over', false)]));
  }

  /** Run a request; the page is busy until the last thing looked for is there. @param {() => Promise<unknown>} run */
  async runBusy(run) {
    const {fields} = this;
    this.busy = true;
    await this.attempt(run, this.querySelector('form'));
    if (this.fields === fields) this.busy = false;
  }

  render() {
    const {coming, over} = this.lists;
    return html`<top-bar .me=${this.me} current="sessions"></top-bar>
      <main>
        <div class="row between">
          <h1>${t('sessions.title')}</h1>
          ${mayRegister(this.me) ? html`<a class="button main" href="register.html" data-testid="register">${icon('plus')}<span>${t('sessions.register')}</span></a>` : nothing}
        </div>
        ${errorMessage(this.error)}
        ${this.form()}
        ${this.loading ? loadingState() : this.rows('coming', coming)}
        ${over.length ? html`<h2>${t('sessions.over')}</h2>${this.rows('over', over)}` : nothing}
      </main>
      ${this.explained ? html`<session-details .sessionId=${this.explained} .me=${this.me} @shut=${() => (this.explained = '')}></session-details>` : nothing}`;
  }

  form() {
    return html`<form class="filters" role="search" data-testid="sessions-filter" @submit=${this.search}>
      <div class="field"><label for="q">${t('sessions.search')}</label><input id="q" name="q" type="search" @input=${searchWhenEmptied} maxlength="200" data-testid="sessions-q" .value=${this.fields.q ?? ''}></div>
      <div class="field"><label for="phase">${t('calendar.state')}</label>
        <select id="phase" name="phase" data-testid="sessions-phase"><option value="">${t('calendar.all')}</option>
          ${[...LISTS.coming.phases, ...LISTS.over.phases].map(phase => html`<option value=${phase} ?selected=${phase === this.fields.phase}>${t(`phase.${phase}`)}</option>`)}</select></div>
      ${this.units.length ? html`<div class="field"><label for="unit">${t('sessions.unit')}</label>
        <select id="unit" name="unit" data-testid="sessions-unit"><option value="">${t('sessions.every-unit')}</option>
          ${this.units.map(({id, name}) => html`<option value=${id} ?selected=${id === this.fields.unit}>${name}</option>`)}</select></div>` : nothing}
      ${dateField({name: 'from', label: t('audit.from'), value: this.fields.from, testid: 'sessions-from'})}
      ${dateField({name: 'to', label: t('audit.to'), value: this.fields.to, testid: 'sessions-to'})}
      <button data-testid="sessions-find">${t('audit.find')}</button>
    </form>`;
  }

  /** @param {List} name @param {Session[]} list */
  rows(name, list) {
    if (!list.length) return this.empty();
    const groups = name === 'coming' && !this.filtered ? grouped(list) : list.map(session => ({session, later: []}));
    return html`<ul class="cards">${repeat(groups, ({session}) => session.id, group => this.row(group))}</ul>
      ${this.more[name] ? html`<p class="row end"><button type="button" data-testid="sessions-more-${name}" ?disabled=${this.busy}
        @click=${() => this.runBusy(() => this.fetch(name, true))}>${t('sessions.more')}</button></p>` : nothing}`;
  }

  empty() {
    if (this.filtered) return emptyState({picture: 'search', title: t('sessions.none-found'), action: html`<button type="button" data-testid="sessions-clear" @click=${this.clear}>${t('table.clear')}</button>`});
    const action = mayRegister(this.me)
      ? html`<a class="button main" href="register.html">${icon('plus')}<span>${t('sessions.register')}</span></a>`
      : html`<a class="button" href="calendar.html">${icon('calendar')}<span>${t('nav.calendar')}</span></a>`;
    return emptyState({picture: 'calendar', title: t('sessions.none'), action});
  }

  async clear() {
    this.look({});
    await this.updateComplete;
    /** @type {HTMLFormElement} */ (this.querySelector('form.filters')).reset(); // what was chosen in a select, too
  }

  /** @param {import('./session-groups.js').SessionGroup} group */
  row({session, later}) {
    return html`<li class="card session" data-testid="session-row" data-id=${session.id} data-phase=${session.phase}>
      <div class="when">
        <strong>${hourMinute(session.official.start)}–${hourMinute(session.official.end)}</strong>
        <span>${weekday(session.official.start, language)}</span>
      </div>
      <div class="what">
        <h2>${session.title}</h2>
        <p title=${session.host.name}>${t('sessions.host', session.host.label)}</p>
        <p class="soft">${t('sessions.points', session.points.length + 1)} · ${copyable(session.number, {shown: t('sessions.number', session.number)})}${session.rehearsal ? html` · ${t('sessions.rehearsal', slot(session.rehearsal))}` : nothing}</p>
        ${session.withheld ? html`<p class="soft" data-testid="session-withheld">${t('audit.withheld')}</p>` : nothing}
      </div>
      <div class="state">
        <span class="badge ${session.phase}" data-testid="session-state">${t(`phase.${session.phase}`)}</span>
        ${this.marks(session)}
        ${session.code ? copyable(session.code, {shown: formatCode(session.code), testid: 'session-code', kind: 'code'}) : nothing}
      </div>
      <div class="acts">${this.actions(session)}</div>
      ${later.length ? this.repeats({session, later}) : nothing} ${this.details(session)}
    </li>`;
  }

  /** Draw which systems below do not hold a session; its details say why. @param {Session} session */
  marks({id}) {
    return this.notHeld.filter(({session}) => session === id).map(
      ({label, state}) => html`<button type="button" class="badge bad" data-testid="session-not-held" @click=${() => (this.explained = id)}>${label}: ${t(`cascade.${state}`)}</button>`,
    );
  }

  /** Draw the later sessions of a repeat, each with its own code and actions. @param {import('./session-groups.js').SessionGroup} group */
  repeats(group) {
    const {later} = group;
    const last = later[later.length - 1];
    return html`<details><summary data-testid="session-repeats">${t(isWeekly(group) ? 'sessions.weekly' : 'sessions.repeats', later.length, day(last.official.start))}</summary>
      <ul class="plain">${later.map(session => html`<li class="row repeat" data-testid="session-repeat" data-id=${session.id}>
        <span>${weekday(session.official.start, language)}</span><span class="badge ${session.phase}">${t(`phase.${session.phase}`)}</span>${this.marks(session)}
        ${session.code ? copyable(session.code, {shown: formatCode(session.code), kind: 'code'}) : nothing}${this.menu(session)}
      </li>`)}</ul></details>`;
  }

  /**
   * Draw documents and, after the start, the closing checklists; they are fetched when opened. Of a cancelled session,
   * the way to the reason.
   * @param {Session} session
   */
  details({id, phase, official}) {
    if (phase === 'cancelled') return html`<button type="button" class="quiet" data-testid="why-cancelled" @click=${() => (this.explained = id)}>${icon('history')}<span>${t('sessions.why-cancelled')}</span></button>`;
    const open = this.opened.has(id);
    return html`<details @toggle=${(/** @type {any} */ {target}) => target.open && (this.opened = new Set([...this.opened, id]))}>
      <summary data-testid="session-details">${t('sessions.details')}</summary>
      ${open ? html`<div class="columns"><document-list .session=${id}></document-list>
        ${Date.parse(official.start) <= Date.now() ? html`<closing-checklist .session=${id}></closing-checklist>` : nothing}</div>` : nothing}
    </details>`;
  }

  /** Draw the way into a session that is due, and the menu. @param {Session} session */
  actions(session) {
    const enter = isDue(session) && session.code ? meetingUrl(session.code, this.lists.coming) : '';
    return html`${enter ? html`<a class="button main" href=${enter} data-testid="enter">${t(session.may_control ? 'sessions.control' : 'sessions.enter')}</a>` : nothing} ${this.menu(session)}`;
  }

  /** @param {Session} session */
  menu(session) {
    const {code, may_cancel: mayCancel, may_draft_minutes: mayDraft} = session;
    const actions = [
      ...(code ? [{label: t('sessions.copy-code'), picture: 'copy', testid: 'copy-code', run: () => this.copyCode(code)}] : []),
      ...(code ? [{label: t('invitation.title'), picture: 'print', testid: 'invitation', run: () => location.assign(invitationUrl(session.id))}] : []),
      ...(Date.parse(session.official.start) <= Date.now() ? [{label: t('quality-of.session-link'), picture: 'network', testid: 'session-quality', run: () => location.assign(`quality.html?session=${encodeURIComponent(session.id)}`)}] : []),
      ...(mayDraft ? [{label: t('sessions.minutes'), picture: 'download', testid: 'minutes', run: () => location.assign(minutesUrl(session.id))}] : []),
      ...(mayDraft && this.me?.signs ? [{label: t('sessions.minutes-signed'), picture: 'lock', testid: 'minutes-signed', run: () => location.assign(signedUrl(minutesUrl(session.id)))}] : []),
      ...(mayCancel ? [{label: t('sessions.cancel'), picture: 'trash', testid: 'cancel', danger: true, run: () => this.cancel(session)}] : []),
    ];
    return actions.length ? html`<action-menu label=${t('sessions.menu', session.title)} .actions=${actions}></action-menu>` : nothing;
  }

  /** @param {string} code */
  copyCode(code) {
    return copyText(code, t('sessions.copied', formatCode(code)));
  }

  /** Ask, then cancel a session. @param {Session} session */
  async cancel(session) {
    const answer = await ask({
      title: t('sessions.cancel-ask'),
      text: html`<p><strong>${session.title}</strong><br>${slot(session.official)}</p><p class="soft">${t('sessions.cancel-effect')}</p>`,
      choices: [{value: 'yes', label: t('sessions.cancel-yes'), tone: 'danger'}],
      cancel: t('sessions.keep'),
      id: 'cancel',
    });
    if (answer !== 'yes') return;
    await this.attempt(async () => {
      const changed = await cancel(session.id);
      const {coming, over} = this.lists;
      this.lists = {coming: coming.filter(({id}) => id !== changed.id), over: [changed, ...over]};
      toast(t('sessions.cancelled', changed.title));
    });
  }
}

customElements.define('sessions-page', SessionsPage);
