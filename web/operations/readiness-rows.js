// Readiness seen from a page: which rows are shown and how they are headed. Pure.

import {fold} from '../meeting/client/meeting-state.js';

/** The items of a point in the order of the columns. */
export const ITEMS = ['account', 'address', 'check', 'self_test', 'rehearsal', 'duty', 'line', 'room'];

/** Rows that a person looks for, by text (with or without diacritics) and colour. @param {ReadyPoint[]} rows @param {string} text @param {string} colour */
export function chosen(rows, text, colour) {
  const wanted = fold(text.trim());
  return rows.filter(row => (!colour || row.colour === colour) && [row.name, row.label, row.district].some(part => fold(part).includes(wanted)));
}

/** Rows in their order, each run of one colour and district under one head. @param {ReadyPoint[]} rows */
export function grouped(rows) {
  /** @type {{key: string, colour: string, district: string, rows: ReadyPoint[]}[]} */
  const groups = [];
  for (const row of rows) {
    const key = `${row.colour} ${row.district}`;
    if (groups.at(-1)?.key !== key) groups.push({key, colour: row.colour, district: row.district, rows: []});
    groups.at(-1)?.rows.push(row);
  }
  return groups;
}

/** The mark of an item. @param {ReadyPoint} row @param {string} item @returns {ReadyMark} */
export const markOf = (row, item) => row.marks.find(mark => mark.item === item) ?? {item, colour: 'none', word: 'unknown', value: ''};

/** People written one in a line, the position behind a semicolon or comma. @param {string} text @returns {{name: string, position: string}[]} */
export function named(text) {
  const lines = text.split('\n').map(line => line.trim());
  return lines.filter(Boolean).map(line => {
    const [, name, position = ''] = /^([^;,]*)(?:[;,](.*))?$/.exec(line) ?? [];
    return {name: (name ?? '').trim(), position: position.trim()};
  });
}
