// Element `data-table`: a table that is sorted, searched and paged, and keeps that in the address. For all pages.

import {html, nothing, repeat} from '../vendor/lit.js';
import {BaseElement, icon} from './base.js';
import {collator, t} from './i18n.js';
import {emptyState, faultState, loadingState} from './states.js';
import {PAGE_ROWS, pageOf, readState, sortedBy, writeState} from './table-state.js';

/** @typedef {import('./table-state.js').Column<any>} Column */

/** A table of so few rows needs no search. */
const FEW_ROWS = 8;

/**
 * A table; `rows` null means that they are still fetched, `fault` that they could not be. The first column is the head
 * of its row. Fires `retry`, and `turn` with −1 or 1 where the server cuts the pages.
 */
export class DataTable extends BaseElement {
  static properties = {
    name: {}, label: {}, columns: {attribute: false}, rows: {attribute: false}, rowId: {attribute: false}, sum: {attribute: false}, fault: {}, empty: {attribute: false}, served: {attribute: false}, state: {state: true},
  };

  constructor() {
    super();
    this.name = 'table';
    this.label = '';
    /** @type {Column[]} */
    this.columns = [];
    /** @type {any[] | null} */
    this.rows = null;
    /** @type {(row: any) => string} */
    this.rowId = row => row.id;
    /** A row that stands first, whatever is sorted or searched. @type {any} */
    this.sum = null;
    this.fault = '';
    /** What stands in place of no rows at all. @type {unknown} */
    this.empty = nothing;
    /**
     * Whether there are pages before and after the rows, where the server finds, orders and cuts them; null: `rows` are
     * all there are.
     * @type {{back: boolean, on: boolean} | null}
     */
    this.served = null;
    /** @type {import('./table-state.js').TableState} */
    this.state = {sort: '', down: false, q: '', page: 1};
  }

  connectedCallback() {
    super.connectedCallback();
    this.state = readState(new URLSearchParams(location.search), this.name, this.columns);
  }

  /** @param {import('./table-state.js').TableState} next */
  show(next) {
    this.state = next;
    const kept = String(writeState(new URLSearchParams(location.search), this.name, next));
    history.replaceState(null, '', kept ? `?${kept}` : location.pathname);
  }

  render() {
    if (this.fault) return faultState(this.fault, () => this.emit('retry'));
    if (!this.rows) return loadingState();
    if (!this.rows.length) return this.empty === nothing ? emptyState({title: t('table.none')}) : this.empty;
    const {served} = this;
    if (served) return html`${this.table(this.rows)} ${served.back || served.on ? this.pager(served, '', by => this.emit('turn', by)) : nothing}`;
    const seen = pageOf(this.rows, this.columns, this.state, collator.compare);
    const tools = this.rows.length > FEW_ROWS || this.state.q;
    return html`${tools ? this.tools(seen.found, this.rows.length) : nothing}
      ${seen.found ? this.table(seen.rows) : this.noMatch()} ${seen.pages > 1 ? this.localPager(seen) : nothing}`;
  }

  /** @param {number} found @param {number} all */
  tools(found, all) {
    return html`<div class="table-tools row between wrap">
        <label class="find"><span class="unseen">${t('table.search', this.label)}</span>
          <input type="search" placeholder=${t('table.search-short')} data-testid="${this.name}-search" .value=${this.state.q}
            @input=${(/** @type {any} */ {target}) => this.show({...this.state, q: target.value, page: 1})}></label>
        <span class="soft" role="status" data-testid="${this.name}-count">${t('table.count', found, all)}</span>
      </div>`;
  }

  noMatch() {
    const clear = html`<button type="button" @click=${() => this.show({...this.state, q: '', page: 1})}>${t('table.clear')}</button>`;
    return emptyState({picture: 'search', title: t('table.no-match', this.state.q), action: clear, testid: `${this.name}-no-match`});
  }

  /** @param {any[]} rows */
  table(rows) {
    return html`<div class="wide-table" tabindex="0" role="region" aria-label=${this.label}><table class="data" data-testid=${this.name}>
      <thead><tr>${this.columns.map(column => this.heading(column))}</tr></thead>
      <tbody>${this.sum ? html`<tr class="sum">${this.columns.map((column, place) => this.cell(column, this.sum, place))}</tr>` : nothing}
        ${repeat(rows, this.rowId, row => html`<tr data-testid="${this.name}-row" data-id=${this.rowId(row)}>${this.columns.map((column, place) => this.cell(column, row, place))}</tr>`)}</tbody>
    </table></div>`;
  }

  /** @param {Column} column */
  heading({id, label, number}) {
    if (this.served) return html`<th scope="col" class="plain ${number ? 'number' : ''}">${label}</th>`;
    const {sort, down} = this.state;
    const here = sort === id;
    return html`<th scope="col" class=${number ? 'number' : ''} aria-sort=${here ? (down ? 'descending' : 'ascending') : nothing}>
      <button type="button" class="quiet" data-testid="${this.name}-sort-${id}" @click=${() => this.show(sortedBy(this.state, id))}>${label}${icon(here ? (down ? 'down' : 'up') : 'sort')}</button></th>`;
  }

  /** @param {Column} column @param {any} row @param {number} place */
  cell({cell, value, number, long}, row, place) {
    const content = (cell ?? value)(row);
    const kind = `${number ? 'number' : ''} ${long ? 'long' : ''}`;
    return place ? html`<td class=${kind}>${content}</td>` : html`<th scope="row" class=${kind}>${content}</th>`;
  }

  /** @param {{page: number, pages: number, found: number}} seen */
  localPager({page, pages, found}) {
    const range = t('table.range', (page - 1) * PAGE_ROWS + 1, Math.min(found, page * PAGE_ROWS), found);
    return this.pager({back: page > 1, on: page < pages}, range, by => this.show({...this.state, page: page + by}));
  }

  /** @param {{back: boolean, on: boolean}} more @param {string} range @param {(by: -1 | 1) => void} turn */
  pager({back, on}, range, turn) {
    const button = /** @param {-1 | 1} by @param {string} key @param {string} picture @param {boolean} may */ (by, key, picture, may) =>
      html`<button type="button" class="icon-button" data-testid="${this.name}-${key}" aria-label=${t(`table.${key}`)} ?disabled=${!may} @click=${() => turn(by)}>${icon(picture)}</button>`;
    return html`<nav class="row end pager" aria-label=${t('table.pages', this.label)}>${button(-1, 'back', 'previous', back)} <span>${range}</span> ${button(1, 'on', 'next', on)}</nav>`;
  }
}

customElements.define('data-table', DataTable);
