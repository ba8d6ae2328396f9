import assert from 'node:assert/strict';
import {test} from 'node:test';
import {beginsTurn, heardAt, keyOf, matching} from '../../reports/utterances.js';

const said = (number, start, point, text) => ({recording: 'r', number, start, end: start + 1, point, text, wordings: []});
const ALL = [said(0, 1, 'Nha Trang', 'Kính thưa'), said(1, 5, 'Nha Trang', 'Báo cáo'), said(2, 9, 'Diên Khánh', 'Đã rõ')];

test('utterances are found by words or point, without accents', () => {
  assert.deepEqual(matching(ALL, '  bao cao ').map(keyOf), ['r/1']);
  assert.deepEqual(matching(ALL, 'dien khanh').map(keyOf), ['r/2']);
  assert.deepEqual(matching(ALL, 'ngân sách'), []);
  assert.equal(matching(ALL, ' '), ALL);
});

test('what is heard is the last that began', () => {
  assert.deepEqual([0.5, 1, 4.9, 60].map(seconds => heardAt(ALL, seconds)), ['', 'r/0', 'r/0', 'r/2']);
});

test('a point is named where it begins to speak', () => {
  assert.deepEqual(ALL.map((_, index) => beginsTurn(ALL, index)), [true, false, true]);
});
