import assert from 'node:assert/strict';
import {test} from 'node:test';

import {PAGE_ROWS, pageOf, readState, sortedBy, writeState} from '../../core/table-state.js';

const COLUMNS = [
  {id: 'name', label: 'Tên', value: row => row.name},
  {id: 'open', label: 'Còn', value: row => row.open},
];
const FIRST = {sort: '', down: false, q: '', page: 1};
const compare = new Intl.Collator('vi').compare;

test('an address keeps what differs from the first look, and other parameters', () => {
  const state = {sort: 'open', down: true, q: 'cam ranh', page: 3};
  const kept = writeState(new URLSearchParams('day=1'), 'points', state);
  assert.equal(String(kept), 'day=1&points-sort=-open&points-q=cam+ranh&points-page=3');
  assert.deepEqual(readState(kept, 'points', COLUMNS), state);
  assert.equal(String(writeState(kept, 'points', FIRST)), 'day=1');
});

test('an address of a stranger changes nothing', () => {
  for (const query of ['t-sort=-drop&t-page=0', 't-page=-1', 't-page=1.5', 't-page=x', 't-sort=-']) assert.deepEqual(readState(new URLSearchParams(query), 't', COLUMNS), FIRST, query);
});

test('a heading sorts up, down, and not', () => {
  const up = sortedBy({...FIRST, page: 2}, 'open');
  const down = sortedBy(up, 'open');
  assert.deepEqual([up, down, sortedBy(down, 'open'), sortedBy(down, 'name').sort], [{...FIRST, sort: 'open'}, {...FIRST, sort: 'open', down: true}, FIRST, 'name']);
});

test('rows are found without diacritics, sorted as Vietnamese and as numbers, and paged', () => {
  const rows = [{name: 'Đà Nẵng', open: 9}, {name: 'Cam Ranh', open: 10}, {name: 'Ấp Bắc', open: 1}];
  const names = state => pageOf(rows, COLUMNS, {...FIRST, ...state}, compare).rows.map(({name}) => name);
  assert.deepEqual(names({q: 'da nang'}), ['Đà Nẵng']);
  assert.deepEqual(names({sort: 'name'}), ['Ấp Bắc', 'Cam Ranh', 'Đà Nẵng']);
  assert.deepEqual(names({sort: 'open', down: true}), ['Cam Ranh', 'Đà Nẵng', 'Ấp Bắc']);
  assert.deepEqual(names({}), rows.map(({name}) => name));
  const many = Array.from({length: PAGE_ROWS * 2 + 1}, (_, open) => ({name: `${open}`, open}));
  const {page, pages, found, rows: last} = pageOf(many, COLUMNS, {...FIRST, page: 99}, compare);
  assert.deepEqual([page, pages, found, last.map(({open}) => open)], [3, 3, PAGE_ROWS * 2 + 1, [PAGE_ROWS * 2]]);
});
