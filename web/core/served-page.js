// Base class of pages whose records the server finds, orders and cuts into pages: the audit log, the calls.

import {html} from '../vendor/lit.js';
import {keepInAddress, keptInAddress} from './address.js';
import {Page} from './base.js';
import './data-table.js';
import {fromLocal, utc} from './time.js';

/** Records of a page. */
const PAGE = 50;
const DAY_MS = 86_400_000;

/**
 * Searches records by a form, newest first; the address keeps what is looked for, and below which record.
 * @template {{id: number}} Row
 */
export class ServedPage extends Page {
  static properties = {...Page.properties, rows: {state: true}, fields: {state: true}, more: {state: true}};

  /**
   * @param {string[]} names the fields by which records are looked for; `from` and `to` are days
   * @param {(query: Record<string, string>) => Promise<Row[]>} ask returns the newest `limit` records below `before`
   */
  constructor(names, ask) {
    super();
    this.names = names;
    this.ask = ask;
    /** The records of the page; null while they are fetched. @type {Row[] | null} */
    this.rows = null;
    this.more = false;
    /** What is looked for. @type {Record<string, string>} */
    this.fields = keptInAddress(names);
    /** The id that the records are below; '' on the newest page. */
    this.below = keptInAddress(['before']).before ?? '';
    /** What `below` was on the newer pages that led here. @type {string[]} */
    this.newer = [];
  }

  /** What the fields ask the server for. @returns {Record<string, string>} */
  get filter() {
    const {from, to, ...rest} = this.fields;
    return {...rest, ...(from && {from: fromLocal(`${from}T00:00`)}), ...(to && {to: utc(Date.parse(fromLocal(`${to}T00:00`)) + DAY_MS)})};
  }

  /** Look for what the form says; fields that it has not stay. @param {SubmitEvent} event */
  search(event) {
    event.preventDefault();
    const said = Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (event.target))].map(([name, value]) => [name, String(value).trim()]));
    this.look(Object.fromEntries(Object.entries({...this.fields, ...said}).filter(([, value]) => value)));
  }

  /** Look for records, and keep in the address for which. @param {Record<string, string>} fields */
  look(fields) {
    this.fields = fields;
    keepInAddress({...Object.fromEntries(this.names.map(name => [name, ''])), ...fields});
    this.newer = [];
    this.showPage('');
  }

  /** Look for all records. */
  async clear() {
    this.look({});
    await this.updateComplete;
    /** @type {HTMLFormElement} */ (this.querySelector('form.filters')).reset(); // what was chosen in a select, too
  }

  /** Fetch the records of the page, and learn whether there are older ones; drop what was looked for before. */
  async fetch() {
    const {below: before, fields} = this;
    const found = await this.ask({...this.filter, limit: String(PAGE + 1), ...(before && {before})});
    if (this.below !== before || this.fields !== fields) return;
    this.rows = found.slice(0, PAGE);
    this.more = found.length > PAGE;
  }

  /** Show the records below an id, or the newest; the address keeps which. @param {string} before */
  showPage(before) {
    this.below = before;
    keepInAddress({before});
    this.rows = null;
    this.attempt(() => this.fetch(), this.querySelector('form'));
  }

  /** Turn to older (1) or newer (−1) records. @param {CustomEvent<number>} event */
  turn({detail: by}) {
    if (by < 0) return this.showPage(this.newer.pop() ?? '');
    this.newer.push(this.below);
    this.showPage(String(this.rows?.at(-1)?.id ?? ''));
  }

  /**
   * Draw the records; `empty` stands in place of none.
   * @param {{name: string, label: string, columns: import('./data-table.js').Column[], empty: unknown}} table
   */
  table({name, label, columns, empty}) {
    return html`<data-table name=${name} label=${label} .columns=${columns} .rows=${this.rows} .rowId=${(/** @type {Row} */ {id}) => String(id)}
      .served=${{back: Boolean(this.below), on: this.more}} .empty=${empty} fault=${this.rows ? '' : this.error} @turn=${this.turn} @retry=${() => this.showPage(this.below)}></data-table>`;
  }
}
