import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as script from '../../../meeting/client/script.js';

const NOW = Date.parse('2026-04-05T01:01:30Z');
/** @param {string} id @param {object} [more] */
const item = (id, more = {}) => ({...script.blankItem(), id, title: id, minutes: 1, spent: 0, ...more});
const items = [item('a', {spent: 20}), item('b', {spent: 5}), item('c')];
const on = {items, at: 'b', since: '2026-04-05T01:00:30Z'};
const ids = list => list.map(({id}) => id).join('');

test('the neighbours of the current item are known', () => {
  const seen = [null, 'a', 'b', 'c'].map(at => script.neighbours({...on, at}));
  assert.deepEqual(seen, [{back: undefined, on: 'a'}, {back: null, on: 'b'}, {back: 'a', on: 'c'}, {back: 'b', on: undefined}]);
  assert.deepEqual(script.neighbours(script.EMPTY_SCRIPT), {back: undefined, on: undefined});
});

test('time runs for the current item, and stands for the others', () => {
  assert.deepEqual(items.map(one => script.elapsedSeconds(on, one, NOW)), [20, 65, 0]);
  assert.deepEqual(items.map(one => script.isOverdue(on, one, NOW)), [false, true, false]);
  assert.equal(script.elapsedSeconds(on, items[1], NOW - 90_000), 5, 'a clock behind does not take time away');
});

test('the item that is on has time left, an amber last minute, and takes too long', () => {
  const agenda = {on: item('b', {spent: 5, minutes: 2}), since: '2026-04-05T01:00:30Z', next: 'c'};
  assert.deepEqual([0, 60_000].map(later => script.secondsLeft(agenda, NOW + later)), [55, -5]);
  assert.equal(script.secondsLeft(script.NO_AGENDA, NOW), null);
  assert.deepEqual([61, 60, 0, -5].map(script.nearEnd), ['', 'soon', 'late', 'late']);
});

test('items are changed, moved and removed by their index', () => {
  assert.equal(script.withItemChanged(items, 1, {title: 'B'})[1].title, 'B');
  assert.deepEqual([[0, 1], [0, -1], [2, 1], [2, -1]].map(([place, by]) => ids(script.withItemMoved(items, place, by))), ['bac', 'abc', 'abc', 'acb']);
  assert.equal(ids(script.withoutItem(items, 1)), 'ac');
  assert.equal(ids(items), 'abc');
  assert.equal(script.plannedMinutes(items), 3);
});

test('only the fields of the protocol are sent of an item', () => {
  assert.deepEqual(script.itemToSend(item('a', {title: ' A '})), {id: 'a', title: 'A', point: null, layout: null, minutes: 1, kind: 'speech'});
});

test('an item that carries a vote is put to it once, unless that is cancelled', () => {
  const item = {id: 'i', title: 'Thông qua?', kind: 'vote'};
  assert.deepEqual(script.voteOfItem(item, null), {type: 'vote-open', question: 'Thông qua?', secret: false, item: 'i'});
  assert.equal(script.voteOfItem(item, {item: 'i', closed: 'now', cancelled: true})?.item, 'i');
  assert.equal(script.voteOfItem({...item, kind: 'secret-vote'}, {item: 'other', closed: 'now'})?.secret, true);
  assert.deepEqual([script.voteOfItem(item, {item: 'i', closed: 'now'}), script.voteOfItem(item, {item: 'other', closed: null}), script.voteOfItem({...item, kind: 'break'}, null), script.voteOfItem(undefined, null)], [null, null, null, null]);
});
