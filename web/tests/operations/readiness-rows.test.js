import assert from 'node:assert/strict';
import {test} from 'node:test';
import {filterRows, groupRows, markOf, parsePeople} from '../../operations/readiness-rows.js';

const row = (point, colour, district) => ({point, name: point, label: `Xã ${point}`, district, colour, marks: [{item: 'check', colour, word: 'ok', value: ''}]});
const ROWS = [row('Vĩnh Hải', 'red', 'Nha Trang'), row('Vĩnh Thọ', 'red', 'Nha Trang'), row('Cam Lập', 'red', 'Cam Ranh'), row('Ninh Hà', 'amber', 'Cam Ranh')];

test('rows are found with and without diacritics, by district and by colour', () => {
  const found = (text, colour = '') => filterRows(ROWS, text, colour).map(({point}) => point);
  assert.deepEqual(found('vinh'), ['Vĩnh Hải', 'Vĩnh Thọ']);
  assert.deepEqual(found('CAM RANH'), ['Cam Lập', 'Ninh Hà']);
  assert.deepEqual(found('', 'amber'), ['Ninh Hà']);
  assert.deepEqual(found('qqq'), []);
});

test('consecutive rows of one colour and district are one group', () => {
  assert.deepEqual(groupRows(ROWS).map(({key, rows}) => [key, rows.length]), [['red Nha Trang', 2], ['red Cam Ranh', 1], ['amber Cam Ranh', 1]]);
});

test('an item without a mark has no colour', () => {
  assert.equal(markOf(ROWS[0], 'check').colour, 'red');
  assert.deepEqual(markOf(ROWS[0], 'line'), {item: 'line', colour: 'none', word: 'unknown', value: ''});
});

test('people are parsed one per row of text, the position after a semicolon or comma', () => {
  assert.deepEqual(parsePeople('Nguyễn Văn A; Chủ tịch\n\n  Lê B, Phó trưởng phòng, kiêm nhiệm \nTrần C'), [
    {name: 'Nguyễn Văn A', position: 'Chủ tịch'},
    {name: 'Lê B', position: 'Phó trưởng phòng, kiêm nhiệm'},
    {name: 'Trần C', position: ''},
  ]);
});
