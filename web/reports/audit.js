// Page `audit.html`: the audit log.

import {html, nothing} from '../vendor/lit.js';
import {audit, auditCheck, auditUrl, verifyAudit} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {dateField} from '../core/fields.js';
import {keepInAddress, keptInAddress} from '../core/address.js';
import '../core/data-table.js';
import '../core/top-bar.js';
import {hasText, number, t} from '../core/i18n.js';
import {clock, day, fromLocal, utc} from '../core/time.js';
import {emptyState, loadingState} from '../core/states.js';

/** Entries of a page. */
const PAGE = 50;
const DAY_MS = 86_400_000;
/** The fields by which entries are looked for; the address keeps them. */
const FILTERS = ['q', 'action', 'actor', 'from', 'to'];
/** Actions that the list can be filtered by; the first ones concern security. */
const FILTER_ACTIONS = [
  'login-failed', 'login-locked', 'code-wrong', 'code-locked', 'refused', 'worker-refused',
  'login', 'enter', 'see-codes', 'see-phones', 'download', 'register', 'cancel', 'admin', 'export-log', 'export-report', 'worker-came', 'worker-gone', 'prune-log', 'seal-happenings',
];
const SECURITY_ACTIONS = ['login-locked', 'code-locked', 'refused', 'worker-refused'];

/** The log's own order is what its chain proves: the server cuts it into pages, and nothing sorts it. */
const COLUMNS = [
  {id: 'at', label: t('audit.at'), value: (/** @type {AuditEntry} */ {at}) => at, cell: (/** @type {AuditEntry} */ {at}) => html`<span class="stamp">${day(at)} ${clock(at)}</span>`},
  {id: 'actor', label: t('audit.actor'), value: (/** @type {AuditEntry} */ {actor}) => actor},
  {id: 'action', label: t('audit.action'), value: (/** @type {AuditEntry} */ {action}) => action, cell: (/** @type {AuditEntry} */ {action}) => actionCell(action)},
  {id: 'subject', label: t('audit.subject'), long: true, value: (/** @type {AuditEntry} */ {subject}) => subject, cell: (/** @type {AuditEntry} */ {subject, detail}) => html`${subject} <span class="soft">${detail}</span>`},
  {id: 'source', label: t('audit.source'), value: (/** @type {AuditEntry} */ {address, port}) => (address ? `${address}:${port}` : '')},
  {id: 'profile', label: t('audit.profile'), value: (/** @type {AuditEntry} */ {profile}) => profile, cell: (/** @type {AuditEntry} */ {profile}) => html`<span class="stamp">${profile}</span>`},
];

/** @param {string} action */
function actionCell(action) {
  return html`<span class=${SECURITY_ACTIONS.includes(action) ? 'badge cancelled' : ''} data-action=${action}>${actionName(action)}</span>`;
}

/** Return the name of an action, or its word when it has none. @param {string} action */
const actionName = action => (hasText(`audit.action.${action}`) ? t(`audit.action.${action}`) : action);

/** Searches, filters and exports the audit log, and verifies its hash chain. */
class AuditPage extends Page {
  static properties = {...Page.properties, rows: {state: true}, check: {state: true}, fields: {state: true}, more: {state: true}, busy: {state: true}};

  constructor() {
    super();
    setTitle('audit.title');
    /** The entries of the page; null while they are fetched. @type {AuditEntry[] | null} */
    this.rows = null;
    /** @type {AuditCheck | null} */
    this.check = null;
    this.more = false;
    this.busy = false;
    /** The fields of the form. @type {Record<string, string>} */
    this.fields = keptInAddress(FILTERS);
    /** The number that the entries are below; '' on the newest page. */
    this.below = keptInAddress(['before']).before ?? '';
    /** What `below` was on the newer pages that led here. @type {string[]} */
    this.newer = [];
  }

  async load() {
    [this.check] = await Promise.all([auditCheck(), this.fetch()]);
  }

  /** What the fields ask the server for. @returns {Record<string, string>} */
  get filter() {
    const {from, to, ...rest} = this.fields;
    return {...rest, ...(from && {from: fromLocal(`${from}T00:00`)}), ...(to && {to: utc(Date.parse(fromLocal(`${to}T00:00`)) + DAY_MS)})};
  }

  /** @param {SubmitEvent} event */
  search(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    this.look(Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value)));
  }

  /** Look for entries, and keep in the address for which. @param {Record<string, string>} fields */
  look(fields) {
    this.fields = fields;
    keepInAddress({...Object.fromEntries(FILTERS.map(name => [name, ''])), ...fields});
    this.newer = [];
    this.showPage('');
  }

  async clear() {
    this.look({});
    await this.updateComplete;
    /** @type {HTMLFormElement} */ (this.querySelector('form.filters')).reset(); // what was chosen in a select, too
  }

  /** Fetch the entries of the page, and learn whether there are older ones; drop what was looked for before. */
  async fetch() {
    const {below: before, fields} = this;
    const found = await audit({...this.filter, limit: String(PAGE + 1), ...(before && {before})});
    if (this.below !== before || this.fields !== fields) return;
    this.rows = found.slice(0, PAGE);
    this.more = found.length > PAGE;
  }

  /** Show the entries below a number, or the newest; the address keeps which. @param {string} before */
  showPage(before) {
    this.below = before;
    keepInAddress({before});
    this.rows = null;
    this.attempt(() => this.fetch());
  }

  /** Turn to older (1) or newer (−1) entries. @param {CustomEvent<number>} event */
  turn({detail: by}) {
    if (by < 0) return this.showPage(this.newer.pop() ?? '');
    this.newer.push(this.below);
    this.showPage(String(this.rows?.at(-1)?.id ?? ''));
  }

  verify() {
    this.busy = true;
    this.attempt(async () => {
      this.check = await verifyAudit();
    }).finally(() => (this.busy = false));
  }

  render() {
    return html`<top-bar .me=${this.me} current="audit"></top-bar>
      <main>
        <h1>${t('audit.title')}</h1>
        ${errorMessage(this.rows ? this.error : '')} ${this.loading ? loadingState() : nothing}
        ${this.check ? html`${this.chainState(this.check)} ${this.form()}` : nothing} ${this.loading ? nothing : this.table()}
      </main>`;
  }

  /** @param {AuditCheck} check */
  chainState(check) {
    const {checked, broken, entries, last, head} = check;
    const words = broken === null ? t('audit.intact', number(entries)) : t('audit.broken', broken);
    return html`<section class="card chain-state ${broken === null ? '' : 'broken'}" data-testid="audit-state" data-broken=${broken ?? ''}>
      <div>
        <strong>${icon(broken === null ? 'check' : 'warn')} <span>${checked ? words : t('audit.unchecked')}</span></strong>
        ${checked ? html`<p class="soft">${t('audit.checked', clock(checked), day(checked))}</p>` : nothing}
        ${head && broken === null ? html`<p class="soft">${t('audit.head')} ${copyable(`${last}:${head}`, {testid: 'audit-head'})}</p>` : nothing}
      </div>
      <button type="button" data-testid="audit-verify" ?disabled=${this.busy} @click=${this.verify}>${t('audit.verify')}</button>
    </section>`;
  }

  form() {
    return html`<form class="filters" role="search" @submit=${this.search}>
      <div class="field"><label for="q">${t('audit.search')}</label><input id="q" name="q" type="search" maxlength="200" data-testid="audit-q" .value=${this.fields.q ?? ''}></div>
      <div class="field"><label for="action">${t('audit.action')}</label>
        <select id="action" name="action" data-testid="audit-action"><option value="">${t('audit.any')}</option>
          ${FILTER_ACTIONS.map(action => html`<option value=${action} ?selected=${action === this.fields.action}>${actionName(action)}</option>`)}</select></div>
      <div class="field"><label for="actor">${t('audit.actor')}</label><input id="actor" name="actor" maxlength="64" autocapitalize="off" data-testid="audit-actor" .value=${this.fields.actor ?? ''}></div>
      ${dateField({name: 'from', label: t('audit.from'), value: this.fields.from, testid: 'audit-from'})}
      ${dateField({name: 'to', label: t('audit.to'), value: this.fields.to, testid: 'audit-to'})}
      <button class="main" data-testid="audit-find" ?disabled=${this.busy}>${t('audit.find')}</button>
      <button type="button" data-testid="audit-csv" @click=${() => this.save('csv')}>${icon('download')}<span>CSV</span></button>
      <button type="button" data-testid="audit-jsonl" @click=${() => this.save('jsonl')}>${icon('download')}<span>JSON</span></button>
    </form>`;
  }

  /** @param {'csv' | 'jsonl'} format */
  save(format) {
    location.assign(auditUrl({...this.filter, format}));
  }

  table() {
    const none = emptyState({picture: 'search', title: t('audit.none'), action: html`<button type="button" data-testid="audit-clear" @click=${() => this.clear()}>${t('table.clear')}</button>`, testid: 'audit-none'});
    return html`<data-table name="audit" label=${t('audit.title')} .columns=${COLUMNS} .rows=${this.rows} .rowId=${(/** @type {AuditEntry} */ {id}) => String(id)}
      .served=${{back: Boolean(this.below), on: this.more}} .empty=${none} fault=${this.rows ? '' : this.error} @turn=${this.turn} @retry=${() => this.showPage(this.below)}></data-table>`;
  }
}

customElements.define('audit-page', AuditPage);
