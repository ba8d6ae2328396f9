import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as script from '../../../meeting/client/script.js';

const NOW = Date.parse('2026-04-05T01:01:30Z');
/** @param {string} id @param {object} [more] */
const item = (id, more = {}) => ({...script.blank(), id, title: id, minutes: 1, spent: 0, ...more});
const items = [item('a', {spent: 20}), item('b', {spent: 5}), item('c')];
const on = {items, at: 'b', since: '2026-04-05T01:00:30Z'};
const ids = list => list.map(({id}) => id).join('');

test('what lies beside the item that is on', () => {
  const seen = [null, 'a', 'b', 'c'].map(at => script.beside({...on, at}));
  assert.deepEqual(seen, [{back: undefined, on: 'a'}, {back: null, on: 'b'}, {back: 'a', on: 'c'}, {back: 'b', on: undefined}]);
  assert.deepEqual(script.beside(script.EMPTY), {back: undefined, on: undefined});
});

test('time runs for the item that is on, and is kept for the others', () => {
  assert.deepEqual(items.map(one => script.elapsed(on, one, NOW)), [20, 65, 0]);
  assert.deepEqual(items.map(one => script.late(on, one, NOW)), [false, true, false]);
  assert.equal(script.elapsed(on, items[1], NOW - 90_000), 5, 'a clock behind does not take time away');
});

test('items are changed, moved and removed by their place', () => {
  assert.equal(script.changed(items, 1, {title: 'B'})[1].title, 'B');
  assert.deepEqual([[0, 1], [0, -1], [2, 1], [2, -1]].map(([place, by]) => ids(script.moved(items, place, by))), ['bac', 'abc', 'abc', 'acb']);
  assert.equal(ids(script.without(items, 1)), 'ac');
  assert.equal(ids(items), 'abc');
  assert.equal(script.planned(items), 3);
});

test('the server is sent what it knows of an item', () => {
  assert.deepEqual(script.plain(item('a', {title: ' A '})), {id: 'a', title: 'A', point: null, layout: null, minutes: 1, kind: 'speech'});
});
