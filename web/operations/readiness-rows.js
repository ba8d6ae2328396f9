// Filters and groups of the readiness board, and parsing of attendee lists. Pure functions, for readiness-board.js
// and attendee-lists.js.

import {foldText} from '../meeting/client/meeting-state.js';

/** The items of a point in the order of the columns. */
export const ITEMS = ['account', 'address', 'check', 'self_test', 'rehearsal', 'duty', 'line', 'room'];

/**
 * Return the rows that match a text (with or without diacritics) and a colour.
 * @param {ReadyPoint[]} rows
 * @param {string} text
 * @param {string} colour
 */
export function filterRows(rows, text, colour) {
  const wanted = foldText(text.trim());
  return rows.filter(row => (!colour || row.colour === colour) && [row.name, row.label, row.district].some(part => foldText(part).includes(wanted)));
}

/** Group consecutive rows of the same colour and district. @param {ReadyPoint[]} rows */
export function groupRows(rows) {
  /** @type {{key: string, colour: string, district: string, rows: ReadyPoint[]}[]} */
  const groups = [];
  for (const row of rows) {
    const key = `${row.colour} ${row.district}`;
    if (groups.at(-1)?.key !== key) groups.push({key, colour: row.colour, district: row.district, rows: []});
    groups.at(-1)?.rows.push(row);
  }
  return groups;
}

/**
 * Return the mark of an item; colour `none` when there is none.
 * @param {ReadyPoint} row
 * @param {string} item
 * @returns {ReadyMark}
 */
export const markOf = (row, item) => row.marks.find(mark => mark.item === item) ?? {item, colour: 'none', word: 'unknown', value: ''};

/**
 * Parse a list of people: one per row of text, the position after a semicolon or comma.
 * @param {string} text
 * @returns {{name: string, position: string}[]}
 */
export function parsePeople(text) {
  const lines = text.split('\n').map(line => line.trim());
  return lines.filter(Boolean).map(line => {
    const [, name, position = ''] = /^([^;,]*)(?:[;,](.*))?$/.exec(line) ?? [];
    return {name: (name ?? '').trim(), position: position.trim()};
  });
}
