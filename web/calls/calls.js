// Page `calls.html`: the records of calls with room systems, searched and page by page.

import {html, nothing} from '../vendor/lit.js';
import {callReport} from './call-report.js';
import {callRecords, callRecordsUrl} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {dateField} from '../core/fields.js';
import {keepInAddress, keptInAddress} from '../core/address.js';
import '../core/data-table.js';
import '../core/top-bar.js';
import {CENTRAL} from '../core/nav.js';
import {number, t} from '../core/i18n.js';
import {clock, day, fromLocal, span, utc} from '../core/time.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

/** Records of a page. */
const PAGE = 50;
const DAY_MS = 86_400_000;
/** The fields by which records are looked for; the address keeps them. */
const FILTERS = ['q', 'device', 'session', 'from', 'to'];
/** Outcomes of calls that went as they should. */
const GOOD = ['', 'bye', 'hung-up', 'left', 'ended', 'shutdown'];

/** Say how a call ended, with the status of a refusal. @param {CallRecord} record */
const outcome = ({outcome: word, status}) => `${t(`calls.outcome-${word || 'open'}`)}${status ? ` (${t('call.status', status)})` : ''}`;

/** Return how long a call lasted in words, or ''. @param {CallRecord} record */
const lasted = ({answered, ended}) => (answered && ended ? span(Math.round((Date.parse(ended) - Date.parse(answered)) / 1000)) : '');

/** Say what a call lost both ways, and its round trip. @param {CallRecord} record */
const quality = ({lost_up: up, lost_down: down, round_trip: trip}) =>
  up === null || down === null ? '' : t('calls.lost', number(100 * up, {maximumFractionDigits: 1}), number(100 * down, {maximumFractionDigits: 1}), Math.round(1000 * (trip ?? 0)));

/** @type {import('../core/data-table.js').Column[]} */
const COLUMNS = [
  {id: 'began', label: t('calls.began'), value: (/** @type {CallRecord} */ {began}) => began, cell: (/** @type {CallRecord} */ {began}) => html`<span class="stamp">${day(began)} ${clock(began)}</span>`},
  {id: 'name', label: t('calls.device'), value: (/** @type {CallRecord} */ {name}) => name, cell: (/** @type {CallRecord} */ {name, point, address}) => html`<a href="directory.html?point=${encodeURIComponent(point)}">${name}</a> <span class="soft">${address}</span>`},
  {id: 'direction', label: t('calls.direction'), value: (/** @type {CallRecord} */ {direction}) => t(`calls.${direction}`)},
  {id: 'session', label: t('calls.session'), value: (/** @type {CallRecord} */ {number: written}) => written, cell: (/** @type {CallRecord} */ {number: written, purpose}) => (purpose === 'session' ? written : t(`calls.${purpose}`))},
  {id: 'lasted', label: t('calls.lasted'), number: true, value: lasted},
  {id: 'outcome', label: t('calls.outcome'), long: true, value: outcome, cell: (/** @type {CallRecord} */ record) => html`<span class=${GOOD.includes(record.outcome) ? '' : 'badge cancelled'} data-outcome=${record.outcome}>${outcome(record)}</span>
    ${record.report ? html`<details data-testid="call-test-kept"><summary>${t('call-test.report')}</summary>${callReport(record.report)}</details>` : nothing}`},
  {id: 'codecs', label: t('calls.codecs'), value: (/** @type {CallRecord} */ {transport, sound, picture}) => [transport.toUpperCase(), sound, picture].filter(Boolean).join(' · ')},
  {id: 'protection', label: t('calls.protection'), value: (/** @type {CallRecord} */ {protection}) => (protection ? t(`call.${protection}`) : '')},
  {id: 'quality', label: t('calls.quality'), value: quality},
];

/** Searches the records of calls and saves them as CSV. */
class CallsPage extends Page {
  static properties = {...Page.properties, rows: {state: true}, fields: {state: true}, more: {state: true}};

  constructor() {
    super();
    setTitle('calls.title');
    /** The records of the page; null while they are fetched. @type {CallRecord[] | null} */
    this.rows = null;
    this.more = false;
    /** What is looked for. @type {Record<string, string>} */
    this.fields = keptInAddress(FILTERS);
    /** The id that the records are below; '' on the newest page. */
    this.below = keptInAddress(['before']).before ?? '';
    /** What `below` was on the newer pages that led here. @type {string[]} */
    this.newer = [];
  }

  mayOpen() {
    return CENTRAL.some(role => this.me?.roles.includes(role));
  }

  load() {
    return this.fetch();
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
    const {device, session} = this.fields;
    this.look({...(device && {device}), ...(session && {session}), ...Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value))});
  }

  /** Look for records, and keep in the address for which. @param {Record<string, string>} fields */
  look(fields) {
    this.fields = fields;
    keepInAddress({...Object.fromEntries(FILTERS.map(name => [name, ''])), ...fields});
    this.newer = [];
    this.showPage('');
  }

  /** Fetch the records of the page, and learn whether there are older ones; drop what was looked for before. */
  async fetch() {
    const {below: before, fields} = this;
    const found = await callRecords({...this.filter, limit: String(PAGE + 1), ...(before && {before})});
    if (this.below !== before || this.fields !== fields) return;
    this.rows = found.slice(0, PAGE);
    this.more = found.length > PAGE;
  }

  /** Show the records below an id, or the newest; the address keeps which. @param {string} before */
  showPage(before) {
    this.below = before;
    keepInAddress({before});
    this.rows = null;
    this.attempt(() => this.fetch());
  }

  /** Turn to older (1) or newer (−1) records. @param {CustomEvent<number>} event */
  turn({detail: by}) {
    if (by < 0) return this.showPage(this.newer.pop() ?? '');
    this.newer.push(this.below);
    this.showPage(String(this.rows?.at(-1)?.id ?? ''));
  }

  render() {
    return html`<top-bar .me=${this.me} current="calls"></top-bar>
      <main>
        <h1>${t('calls.title')}</h1>
        <p class="soft">${t('calls.help')}</p>
        ${errorMessage(this.rows ? this.error : '')}
        ${this.loading ? loadingState() : html`${this.form()} ${this.table()}`}
      </main>`;
  }

  form() {
    const {q, from, to, device, session} = this.fields;
    return html`<form class="filters" role="search" @submit=${this.search}>
      <div class="field"><label for="q">${t('calls.search')}</label><input id="q" name="q" type="search" maxlength="200" data-testid="calls-q" .value=${q ?? ''}></div>
      ${dateField({name: 'from', label: t('audit.from'), value: from, testid: 'calls-from'})}
      ${dateField({name: 'to', label: t('audit.to'), value: to, testid: 'calls-to'})}
      <button class="main" data-testid="calls-find">${t('audit.find')}</button>
      ${device || session ? html`<button type="button" data-testid="calls-all" @click=${() => this.look({})}>${t('calls.all')}</button>` : nothing}
      <button type="button" data-testid="calls-csv" @click=${() => location.assign(callRecordsUrl(this.filter))}>${icon('download')}<span>CSV</span></button>
    </form>`;
  }

  table() {
    const searched = Object.keys(this.fields).length > 0;
    const none = searched
      ? emptyState({picture: 'search', title: t('calls.no-match'), action: html`<button type="button" data-testid="calls-clear" @click=${() => this.look({})}>${t('table.clear')}</button>`, testid: 'calls-none'})
      : emptyState({picture: 'phone', title: t('calls.none'), action: pageLink('directory'), testid: 'calls-none'});
    return html`<data-table name="calls" label=${t('calls.title')} .columns=${COLUMNS} .rows=${this.rows} .rowId=${(/** @type {CallRecord} */ {id}) => String(id)}
      .served=${{back: Boolean(this.below), on: this.more}} .empty=${none} fault=${this.rows ? '' : this.error} @turn=${this.turn} @retry=${() => this.showPage(this.below)}></data-table>`;
  }
}

customElements.define('calls-page', CallsPage);
