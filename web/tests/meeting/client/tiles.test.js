import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as logic from '../../../meeting/client/tiles.js';

/** @param {string} seat @param {object} [more] */
const tile = (seat, more = {}) => ({tile: seat, mid: null, x: 0, y: 0, width: 640, height: 360, label: seat, poor: false, ...more});
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

test('letters are those of the composed picture', () => {
  assert.deepEqual([720, 360, 180, 90, 60].map(height => logic.letters(height, 720)), [45, 22, 22, 15, 13]);
  assert.deepEqual([720, 360, 90].map(height => logic.cardLetters(height, 720)), [80, 40, 15]);
  assert.equal(logic.room(320, 20, 0), 302);
  assert.equal(logic.room(320, 20, 2), 252);
});

test('of a name that is too long the part before its separator is shown, then less of it, but a device’s number', () => {
  const fit = (name, most) => logic.fitting(name, most, text => text.length);
  assert.equal(fit('NT.XuongHuan.01 · UBND phường', 40), 'NT.XuongHuan.01 · UBND phường');
  assert.equal(fit('NT.XuongHuan.01 · UBND phường', 20), 'NT.XuongHuan.01');
  assert.equal(fit('NT.XuongHuan.01 · UBND phường', 10), 'NT.Xuo….01');
  assert.equal(fit('NT.XuongHuan.01', 7), 'NT….01');
  assert.equal(fit('UBND Nha Trang', 6), 'UBND…');
  assert.equal(fit('Ễ', 0), 'Ễ…');
});

test('a place is a share of the picture', () => {
  assert.deepEqual(logic.placed({x: 640, y: 180, width: 320, height: 180}, {width: 1280, height: 720}), {left: 50, top: 25, width: 25, height: 25});
});
