// Page `calls.html`: the records of calls with room systems, searched and page by page.

import {html, nothing} from '../vendor/lit.js';
import {callReport} from './call-report.js';
import {callRecords, callRecordsUrl} from '../core/api.js';
import {errorMessage, icon, setTitle} from '../core/base.js';
import {dateField, searchWhenEmptied} from '../core/fields.js';
import {ServedPage} from '../core/served-page.js';
import '../core/top-bar.js';
import {CENTRAL} from '../core/nav.js';
import {number, t} from '../core/i18n.js';
import {clock, day, span} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';

/** Outcomes of calls that went as they should. */
const GOOD = ['', 'bye', 'hung-up', 'left', 'ended', 'shutdown'];

/** Say how a call ended, with the status of a refusal. @param {CallRecord} record */
const outcome = ({outcome: word, status}) => `${t(`calls.outcome-${word || 'open'}`)}${status ? ` (${t('call.status', status)})` : ''}`;

/** Return how long a call lasted in words, or ''. @param {CallRecord} record */
const lasted = ({answered, ended}) => (answered && ended ? span(Math.round((Date.parse(ended) - Date.parse(answered)) / 1000)) : '');

/** Name the transport and the codecs of a call. @param {CallRecord} record */
const codecs = ({transport, sound, picture}) => [transport.toUpperCase(), sound, picture].filter(Boolean).join(' · ');

/** Say what a call lost both ways, and its round trip. @param {CallRecord} record */
const quality = ({lost_up: up, lost_down: down, round_trip: trip}) =>
  up === null || down === null ? '' : t('calls.lost', number(100 * up, {maximumFractionDigits: 1}), number(100 * down, {maximumFractionDigits: 1}), Math.round(1000 * (trip ?? 0)));

/** Return the columns; `read` shows the report of a test call. @param {(record: CallRecord) => void} read @returns {import('../core/data-table.js').Column[]} */
const columns = read => [
  {id: 'began', label: t('calls.began'), value: (/** @type {CallRecord} */ {began}) => began, cell: (/** @type {CallRecord} */ {began}) => html`<span class="stamp">${day(began)} ${clock(began)}</span>`},
  {id: 'name', label: t('calls.device'), value: (/** @type {CallRecord} */ {name}) => name, cell: (/** @type {CallRecord} */ {name, point, address}) => html`<a href="directory.html?point=${encodeURIComponent(point)}">${name}</a> <span class="soft">${address}</span>`},
  {id: 'session', label: t('calls.session'), value: (/** @type {CallRecord} */ {number: written}) => written,
    cell: (/** @type {CallRecord} */ {number: written, purpose, direction}) => html`${purpose === 'session' ? written : t(`calls.${purpose}`)} <small>${t(`calls.${direction}`)}</small>`},
  {id: 'lasted', label: t('calls.lasted'), number: true, value: lasted},
  {id: 'outcome', label: t('calls.outcome'), long: true, value: outcome, cell: (/** @type {CallRecord} */ record) => html`<span class=${GOOD.includes(record.outcome) ? '' : 'badge cancelled'} data-outcome=${record.outcome}>${outcome(record)}</span>
    ${record.report ? html`<button type="button" class="quiet" data-testid="call-test-kept" @click=${() => read(record)}>${t('call-test.report')}</button>` : nothing}`},
  {id: 'codecs', label: t('calls.codecs'), value: codecs, cell: (/** @type {CallRecord} */ record) => html`${codecs(record)} <small>${record.protection ? t(`call.${record.protection}`) : nothing}</small>`},
  {id: 'quality', label: t('calls.quality'), value: quality},
];

/** Searches the records of calls and saves them as CSV. @extends {ServedPage<CallRecord>} */
class CallsPage extends ServedPage {
  static properties = {...ServedPage.properties, read: {state: true}};

  constructor() {
    super(['q', 'device', 'session', 'from', 'to'], callRecords);
    setTitle('calls.title');
    /** The call whose report is read. @type {CallRecord | null} */
    this.read = null;
  }

  mayOpen() {
    return CENTRAL.some(role => this.me?.roles.includes(role));
  }

  load() {
    return this.fetch();
  }

  render() {
    return html`<top-bar .me=${this.me} current="calls"></top-bar>
      <main>
        <h1>${t('calls.title')}</h1>
        <p class="soft">${t('calls.help')}</p>
        ${errorMessage(this.rows ? this.error : '')}
        ${this.loading ? loadingState() : html`${this.form()} ${this.records()}`}
      </main>
      ${this.read ? this.report(this.read) : nothing}`;
  }

  form() {
    const {q, from, to, device, session} = this.fields;
    return html`<form class="filters" role="search" @submit=${this.search}>
      <div class="field"><label for="q">${t('calls.search')}</label><input id="q" name="q" type="search" @input=${searchWhenEmptied} maxlength="200" data-testid="calls-q" .value=${q ?? ''}></div>
      ${dateField({name: 'from', label: t('audit.from'), value: from, testid: 'calls-from'})}
      ${dateField({name: 'to', label: t('audit.to'), value: to, testid: 'calls-to'})}
      <button class="main" data-testid="calls-find">${t('audit.find')}</button>
      ${device || session ? html`<button type="button" data-testid="calls-all" @click=${() => this.look({})}>${t('calls.all')}</button>` : nothing}
      <button type="button" data-testid="calls-csv" @click=${() => location.assign(callRecordsUrl(this.filter))}>${icon('download')}<span>CSV</span></button>
    </form>`;
  }

  records() {
    const empty = Object.keys(this.fields).length
      ? emptyState({picture: 'search', title: t('calls.no-match'), action: clearButton(() => this.clear()), testid: 'calls-none'})
      : emptyState({picture: 'phone', title: t('calls.none'), action: pageLink('directory'), testid: 'calls-none'});
    return this.table({name: 'calls', label: t('calls.title'), columns: columns(record => (this.read = record)), empty});
  }

  /** Draw the report of a test call. @param {CallRecord} record */
  report({name, began, report}) {
    return html`<dialog class="wide" aria-labelledby="report-of" @close=${() => (this.read = null)}>
      <h2 id="report-of">${t('call-test.report')}</h2><p class="soft">${name} · ${day(began)} ${clock(began)}</p>
      ${callReport(report)}
      <form method="dialog" class="row end"><button data-testid="close">${t('app.close')}</button></form>
    </dialog>`;
  }
}

customElements.define('calls-page', CallsPage);
