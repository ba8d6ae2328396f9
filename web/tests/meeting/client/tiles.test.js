import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as logic from '../../../meeting/client/tiles.js';

/** @param {string} seat @param {object} [more] */
const tile = (seat, more = {}) => ({tile: seat, mid: null, x: 0, y: 0, width: 640, height: 360, label: seat, text: seat, letters: 22, bar: 22, icons: [], since: null, delay: 0, ...more});
const seat = (id, more = {}) => ({seat: id, here: true, camera: true, ...more});

test('no tiles are no arrangement', () => {
  const message = {type: 'tiles', tiles: [], width: 1280, height: 720, heading: 0, title: '', clock: false};
  assert.equal(logic.arrangement(message), null);
  assert.deepEqual(logic.arrangement({...message, tiles: [tile('a')]}).tiles, [tile('a')]);
});

test('a camera keeps its key wherever it stands; empty panes have keys of their own', () => {
  const keys = tiles => [...logic.keyed(tiles).keys()];
  assert.deepEqual(keys([tile('a'), tile(''), tile('content:a'), tile('')]), ['a', 'empty', 'content:a', 'empty.2']);
  assert.deepEqual(keys([tile(''), tile('a', {x: 640})]), ['empty', 'a']);
  assert.equal(logic.keyed([tile('b'), tile('a', {mid: '7'})]).get('a').mid, '7');
});

test('elements that stay keep their order, new ones come last', () => {
  assert.deepEqual(logic.elementOrder(['a', 'b', 'c'], ['d', 'c', 'a']), ['a', 'c', 'd']);
  assert.deepEqual(logic.elementOrder([], ['b', 'a']), ['b', 'a']);
  assert.deepEqual(logic.elementOrder(['a'], []), []);
});

test('a frame before the first of a camera is of another one', () => {
  assert.deepEqual([99, 100, 101].map(timestamp => logic.begun(100, timestamp)), [false, true, true]);
  assert.deepEqual([2 ** 32 - 1, 5].map(timestamp => logic.begun(2 ** 32 - 1, timestamp)), [true, true]);
  assert.equal(logic.begun(5, 2 ** 32 - 1), false);
  assert.deepEqual([logic.begun(null, 1), logic.begun(100, undefined)], [true, true]);
});

test('a video waits for the voice of who is heard', () => {
  for (const icon of ['floor', 'mic', 'sound']) {
    const tiles = [tile('a', {mid: '4', icons: [icon], delay: 80}), tile('b', {mid: '5', icons: ['poor'], delay: 80}), tile('c', {icons: [icon]})];
    assert.deepEqual([...logic.playoutDelays(tiles, 60)], [['4', 60 + 80 + 20], ['5', 0]]);
  }
});

test('a video comes in its m-line, or is our own', () => {
  assert.deepEqual(logic.videoOf(tile('a', {mid: '4'}), 'a'), {mid: '4'});
  assert.equal(logic.videoOf(tile('a'), 'a'), 'camera');
  assert.equal(logic.videoOf(tile('content:a'), 'a'), 'content');
  for (const name of ['b', 'content:b', '']) assert.equal(logic.videoOf(tile(name), 'a'), null);
});

test('a tile can be seen alone while its camera sends', () => {
  const seats = [seat('a'), seat('b', {camera: false}), seat('c', {here: false})];
  assert.deepEqual(['a', 'b', 'c', 'd', '', 'content:b'].map(name => logic.viewOf(tile(name), seats)), ['camera:a', null, null, null, null, 'content']);
  assert.deepEqual(['a', 'content:a', ''].map(name => logic.seatOf(tile(name))), ['a', null, null]);
});

test('what is not on the page yet comes beside what is shown', () => {
  const [shown, next] = [logic.keyed([tile('a'), tile('b')]), logic.keyed([tile('c'), tile('b', {x: 640})])];
  assert.deepEqual([...logic.coming(next, shown).keys()], ['c']);
  assert.deepEqual([...logic.coming(next, new Map()).keys()], ['c', 'b']);
});

test('a place is a share of the picture', () => {
  assert.deepEqual(logic.placed({x: 640, y: 180, width: 320, height: 180}, {width: 1280, height: 720}), {left: 50, top: 25, width: 25, height: 25});
});
