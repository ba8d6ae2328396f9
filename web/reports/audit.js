// Page `audit.html`: the audit log.

import {html, nothing} from '../vendor/lit.js';
import {audit, auditCheck, auditUrl, verifyAudit} from '../core/api.js';
import {errorMessage, icon, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {dateField, searchWhenEmptied} from '../core/fields.js';
import {ServedPage} from '../core/served-page.js';
import '../core/top-bar.js';
import {hasText, number, t} from '../core/i18n.js';
import {clock, day} from '../core/time.js';
import {clearButton, emptyState, loadingState} from '../core/states.js';

/** Actions that the list can be filtered by; the first ones concern security. */
const FILTER_ACTIONS = [
  'login-failed', 'login-locked', 'second-factor-failed', 'recovery-code', 'second-factor-add', 'second-factor-remove', 'second-factor-reset', 'code-wrong', 'code-locked', 'call-refused', 'password-locked', 'refused', 'worker-refused',
  'login', 'enter', 'see-codes', 'see-phones', 'download', 'register', 'cancel', 'admin', 'export-log', 'export-report', 'worker-came', 'worker-gone', 'prune-log', 'seal-happenings',
];
const SECURITY_ACTIONS = ['login-locked', 'code-locked', 'password-locked', 'refused', 'worker-refused'];

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

/** Searches, filters and exports the audit log, and verifies its hash chain. @extends {ServedPage<AuditEntry>} */
class AuditPage extends ServedPage {
  static properties = {...ServedPage.properties, check: {state: true}, busy: {state: true}};

  constructor() {
    super(['q', 'action', 'actor', 'from', 'to'], audit);
    setTitle('audit.title');
    /** @type {AuditCheck | null} */
    this.check = null;
    this.busy = false;
  }

  async load() {
    [this.check] = await Promise.all([auditCheck(), this.fetch()]);
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
        ${this.check ? html`${this.chainState(this.check)} ${this.form()}` : nothing} ${this.loading ? nothing : this.records()}
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
      <div class="field"><label for="q">${t('audit.search')}</label><input id="q" name="q" type="search" @input=${searchWhenEmptied} maxlength="200" data-testid="audit-q" .value=${this.fields.q ?? ''}></div>
      <div class="field"><label for="action">${t('audit.action')}</label>
        <select id="action" name="action" data-testid="audit-action"><option value="">${t('audit.any')}</option>
          ${FILTER_ACTIONS.map(action => html`<option value=${action} ?selected=${action === this.fields.action}>${actionName(action)}</option>`)}</select></div>
      <div class="field"><label for="actor">${t('audit.actor')}</label><input id="actor" name="actor" maxlength="64" autocapitalize="off" data-testid="audit-actor" .value=${this.fields.actor ?? ''}></div>
      ${dateField({name: 'from', label: t('audit.from'), value: this.fields.from, testid: 'audit-from'})}
      ${dateField({name: 'to', label: t('audit.to'), value: this.fields.to, testid: 'audit-to'})}
      <button class="main" data-testid="audit-find">${t('audit.find')}</button>
      <button type="button" data-testid="audit-csv" @click=${() => this.save('csv')}>${icon('download')}<span>CSV</span></button>
      <button type="button" data-testid="audit-jsonl" @click=${() => this.save('jsonl')}>${icon('download')}<span>JSON</span></button>
    </form>`;
  }

  /** @param {'csv' | 'jsonl'} format */
  save(format) {
    location.assign(auditUrl({...this.filter, format}));
  }

  records() {
    const empty = emptyState({picture: 'search', title: t('audit.none'), action: clearButton(() => this.clear()), testid: 'audit-none'});
    return this.table({name: 'audit', label: t('audit.title'), columns: COLUMNS, empty});
  }
}

customElements.define('audit-page', AuditPage);
