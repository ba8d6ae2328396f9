// How a table is sorted, filtered and paged, and how the address keeps it. Pure functions, for data-table.js.

import {foldText} from '../meeting/client/meeting-state.js';

/**
 * A column: what its rows are sorted and searched by, and what is drawn where that is another thing.
 * @template T
 * @typedef {{id: string, label: string, value: (row: T) => string | number, cell?: (row: T) => unknown, number?: boolean, long?: boolean}} Column
 */
/** @typedef {{sort: string, down: boolean, q: string, page: number}} TableState */

/** Rows of a page. */
export const PAGE_ROWS = 25;

/**
 * Return the state that an address keeps for the table of a name; what it cannot be is ignored.
 * @param {URLSearchParams} params
 * @param {string} name
 * @param {{id: string}[]} columns
 * @returns {TableState}
 */
export function readState(params, name, columns) {
  const sort = params.get(`${name}-sort`) ?? '';
  const id = sort.replace(/^-/, '');
  const known = columns.some(column => column.id === id);
  const page = Number(params.get(`${name}-page`));
  return {sort: known ? id : '', down: known && sort.startsWith('-'), q: params.get(`${name}-q`) ?? '', page: Number.isInteger(page) && page > 0 ? page : 1};
}

/**
 * Return the parameters of an address with the state of a table, without what is as it is at first.
 * @param {URLSearchParams} params
 * @param {string} name
 * @param {TableState} state
 */
export function writeState(params, name, {sort, down, q, page}) {
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries({sort: sort && (down ? `-${sort}` : sort), q, page: page > 1 ? String(page) : ''}))
    if (value) next.set(`${name}-${key}`, value);
    else next.delete(`${name}-${key}`);
  return next;
}

/**
 * Return the state after a click on a heading: up, down, then as at first.
 * @param {TableState} state
 * @param {string} id
 */
export function sortedBy(state, id) {
  if (state.sort !== id) return {...state, sort: id, down: false, page: 1};
  return state.down ? {...state, sort: '', down: false, page: 1} : {...state, down: true, page: 1};
}

/**
 * Return the rows of the page that is shown, how many match, and how many pages there are.
 * @template T
 * @param {T[]} rows
 * @param {Column<T>[]} columns
 * @param {TableState} state
 * @param {(a: string, b: string) => number} compare texts
 * @returns {{rows: T[], found: number, page: number, pages: number}}
 */
export function pageOf(rows, columns, {sort, down, q, page}, compare) {
  const wanted = foldText(q.trim());
  const found = wanted ? rows.filter(row => foldText(columns.map(({value}) => value(row)).join(' ')).includes(wanted)) : [...rows];
  const column = columns.find(({id}) => id === sort);
  if (column) {
    const order = /** @param {T} a @param {T} b */ (a, b) => {
      const [one, other] = [column.value(a), column.value(b)];
      return typeof one === 'number' && typeof other === 'number' ? one - other : compare(String(one), String(other));
    };
    found.sort((a, b) => (down ? order(b, a) : order(a, b)));
  }
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const shown = Math.min(page, pages);
  return {rows: found.slice((shown - 1) * PAGE_ROWS, shown * PAGE_ROWS), found: found.length, page: shown, pages};
}
