// Tables as CSV text (RFC 4180): read, and written again after a cell was mended. For spreadsheet-file.js.

/** Return what separates the cells: a semicolon where the first line has one, as spreadsheets in Vietnamese write. @param {string} text */
const separatorOf = text => (text.split('\n', 1)[0].includes(';') ? ';' : ',');

/** Return the rows of a table. @param {string} text @returns {string[][]} */
export function parseCsv(text) {
  const separator = separatorOf(text);
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\r\n]*))(${separator}|\r?\n|$)`, 'gy');
  /** @type {string[][]} */
  const rows = [[]];
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    const [whole, quoted, plain, end] = match;
    rows[rows.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '' || !whole) break;
    if (end !== separator) rows.push([]);
  }
  if (rows[rows.length - 1].join('') === '') rows.pop();
  return rows;
}

/** Return the text of a table. @param {string[][]} rows */
export const csvText = rows => rows.map(row => row.map(cell => `"${cell.replaceAll('"', '""')}"`).join(',') + '\r\n').join('');

/** Return the line that the field of an error names, from 1, as "dòng 7 điện thoại" does; null where it names none. @param {string} field */
export function lineOf(field) {
  const number = /^\D*(\d+)/.exec(field)?.[1];
  return number ? Number(number) : null;
}
