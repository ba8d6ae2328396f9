import assert from 'node:assert/strict';
import {test} from 'node:test';
import {csvText, lineOf, parseCsv} from '../../core/csv.js';

test('a table is read with quotes, semicolons and any line ends, and written again', () => {
  const rows = [['đơn vị', 'tên'], ['571', 'Ngô "An", xã; thôn'], ['', 'Lê\nB']];
  assert.deepEqual(parseCsv('đơn vị,tên\r\n571,"Ngô ""An"", xã; thôn"\n,"Lê\nB"\r\n'), rows);
  assert.deepEqual(parseCsv('đơn vị;tên\n571;An, Bình'), [['đơn vị', 'tên'], ['571', 'An, Bình']]);
  assert.deepEqual(parseCsv(csvText(rows)), rows);
  assert.deepEqual(parseCsv(''), []);
  assert.deepEqual(parseCsv('a,\n'), [['a', '']]);
});

test('the line of an error is the first number of its field', () => {
  assert.deepEqual(['dòng 7 điện thoại', 'line 12 unit', 'tệp'].map(lineOf), [7, 12, null]);
});
