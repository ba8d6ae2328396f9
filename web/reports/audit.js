// Page `audit.html`: the audit log.

import {html, nothing, repeat} from '../vendor/lit.js';
import {audit, auditCheck, auditUrl, verifyAudit} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {dateField} from '../core/fields.js';
import {keepInAddress, keptInAddress} from '../core/address.js';
import '../core/top-bar.js';
import {hasText, number, t} from '../core/i18n.js';
import {clock, day, fromLocal, utc} from '../core/time.js';
import {emptyState, loadingState} from '../core/states.js';

const PAGE = 100;
const DAY_MS = 86_400_000;
/** The fields by which entries are looked for; the address keeps them. */
const FILTERS = ['q', 'action', 'actor', 'from', 'to'];
/** Actions that the list can be filtered by; the first ones concern security. */
const FILTER_ACTIONS = [
  'login-failed', 'login-locked', 'code-wrong', 'code-locked', 'refused', 'worker-refused',
  'login', 'enter', 'see-codes', 'see-phones', 'download', 'register', 'cancel', 'admin', 'export-log', 'export-report', 'worker-came', 'worker-gone', 'prune-log', 'seal-happenings',
];
const SECURITY_ACTIONS = ['login-locked', 'code-locked', 'refused', 'worker-refused'];

/** Return the name of an action, or its word when it has none. @param {string} action */
const actionName = action => (hasText(`audit.action.${action}`) ? t(`audit.action.${action}`) : action);

/** Searches, filters and exports the audit log, and verifies its hash chain. */
class AuditPage extends Page {
  static properties = {...Page.properties, rows: {state: true}, check: {state: true}, fields: {state: true}, more: {state: true}, busy: {state: true}};

  constructor() {
    super();
    setTitle('audit.title');
    /** @type {AuditEntry[]} */
    this.rows = [];
    /** @type {AuditCheck | null} */
    this.check = null;
    this.more = false;
    this.busy = false;
    /** The fields of the form. @type {Record<string, string>} */
    this.fields = keptInAddress(FILTERS);
  }

  async load() {
    [this.check, this.rows] = await Promise.all([auditCheck(), audit({...this.filter, limit: String(PAGE)})]);
    this.more = this.rows.length === PAGE;
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
    this.fetch('');
  }

  async clear() {
    this.look({});
    await this.updateComplete;
    /** @type {HTMLFormElement} */ (this.querySelector('form.filters')).reset(); // what was chosen in a select, too
  }

  /** Show the newest entries there are, or those before one. @param {string} before */
  fetch(before) {
    this.busy = true;
    this.attempt(async () => {
      const found = await audit({...this.filter, limit: String(PAGE), ...(before && {before})});
      this.rows = before ? [...this.rows, ...found] : found;
      this.more = found.length === PAGE;
    }).finally(() => (this.busy = false));
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
        ${errorMessage(this.error)} ${this.loading ? loadingState() : nothing}
        ${this.check ? html`${this.chainState(this.check)} ${this.form()} ${this.list()}` : nothing}
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

  list() {
    if (!this.rows.length) return emptyState({picture: 'search', title: t('audit.none'), action: html`<button type="button" data-testid="audit-clear" @click=${this.clear}>${t('table.clear')}</button>`, testid: 'audit-none'});
    return html`<div class="wide-table" tabindex="0" role="region" aria-label=${t('audit.title')}><table class="ledger">
        <thead><tr>${['at', 'actor', 'action', 'subject', 'source', 'profile'].map(name => html`<th scope="col">${t(`audit.${name}`)}</th>`)}</tr></thead>
        <tbody>${repeat(this.rows, ({id}) => id, row => this.row(row))}</tbody>
      </table></div>
      ${this.more ? html`<p class="row end"><button type="button" data-testid="audit-more" ?disabled=${this.busy}
        @click=${() => this.fetch(String(this.rows[this.rows.length - 1].id))}>${t('audit.more')}</button></p>` : nothing}`;
  }

  /** @param {AuditEntry} row */
  row(row) {
    return html`<tr data-testid="audit-row" data-action=${row.action}>
      <td class="stamp">${day(row.at)} ${clock(row.at)}</td>
      <td>${row.actor}</td>
      <td>${SECURITY_ACTIONS.includes(row.action) ? html`<span class="badge cancelled">${actionName(row.action)}</span>` : actionName(row.action)}</td>
      <td class="long">${row.subject} <span class="soft">${row.detail}</span></td>
      <td class="stamp">${row.address ? `${row.address}:${row.port}` : ''}</td>
      <td>${row.profile}</td>
    </tr>`;
  }
}

customElements.define('audit-page', AuditPage);
