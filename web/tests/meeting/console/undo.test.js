import assert from 'node:assert/strict';
import {test} from 'node:test';

import {DEFAULT_LAYOUT} from '../../../meeting/client/layouts.js';
import {told, undoOf} from '../../../meeting/console/undo.js';

const seat = (id, more = {}) => ({seat: id, name: id, label: '', role: 'component', floor: false, gain: 0, ...more});
const SINGLE = {...DEFAULT_LAYOUT, kind: 'single', focus: 'b'};
const STATE = {
  seats: [seat('host', {role: 'host', floor: true}), seat('a', {floor: true, gain: 3}), seat('b', {label: 'UBND xã Bình', floor: true}), seat('c', {hand: 1}), seat('d', {hand: 2})],
  layout: SINGLE,
  own: {recording: DEFAULT_LAYOUT},
  locks: {room: false, hands: true},
  presets: [{number: 2, ...SINGLE}],
  script: {items: [{id: 'i', title: 'Khai mạc'}], at: null, since: null},
};

test('a command is undone by what was before it', () => {
  const undone = command => undoOf(command, STATE);
  assert.deepEqual(undone({type: 'floor', seat: 'a', open: false}), [{type: 'floor', seat: 'a', open: true}]);
  const queue = {type: 'hands', seats: ['c', 'd']};
  assert.deepEqual(undone({type: 'floor', seat: 'd', open: true}), [{type: 'floor', seat: 'd', open: false}, queue]);
  assert.deepEqual([undone({type: 'lower', seat: 'c'}), undone({type: 'hands', seats: []})], [[queue], [queue]]);
  assert.deepEqual(undone({type: 'lock', room: true, hands: true}), [{type: 'lock', room: false, hands: true}]);
  assert.deepEqual(undone({type: 'gain', seat: 'a', decibels: 9}), [{type: 'gain', seat: 'a', decibels: 3}]);
  assert.deepEqual(undone({type: 'mute-all'}), [{type: 'floor', seat: 'a', open: true}, {type: 'floor', seat: 'b', open: true}]);
  assert.deepEqual(undone({type: 'mute-all', but: 'a'}), [{type: 'floor', seat: 'b', open: true}]);
  assert.deepEqual(undone({type: 'layout', kind: 'grid'}), [{type: 'layout', audience: 'everyone', ...SINGLE}]);
  assert.deepEqual(undone({type: 'layout', audience: 'recording', kind: '1+5'}), [{type: 'layout', audience: 'recording', ...DEFAULT_LAYOUT}]);
  assert.deepEqual(undone({type: 'layout', audience: 'host', kind: '1+5'}), [{type: 'layout-same', audience: 'host'}]);
  assert.deepEqual(undone({type: 'preset', number: 2, kind: '1+5'}), [{type: 'preset', number: 2, ...SINGLE}]);
  assert.deepEqual(undone({type: 'preset', number: 1, kind: '1+5'}), [{type: 'preset', number: 1, ...DEFAULT_LAYOUT}]);
  assert.deepEqual(undone({type: 'layout-same', audience: 'recording'}), [{type: 'layout', audience: 'recording', ...DEFAULT_LAYOUT}]);
  assert.deepEqual(undone({type: 'one-picture-all', on: true}), [{type: 'one-picture-all', on: false}]);
  assert.deepEqual(undone({type: 'step', to: 'i'}), [{type: 'step', to: null}]);
});

test('what cannot be taken back has no undo', () => {
  for (const type of ['mark', 'redial', 'admit']) assert.equal(undoOf({type}, STATE), null);
  assert.equal(undoOf({type: 'gain', seat: 'gone', decibels: 1}, STATE), null);
  assert.equal(undoOf({type: 'layout-same', audience: 'host'}, STATE), null);
});

test('a command is told with the proper name', () => {
  assert.deepEqual(told({type: 'floor', seat: 'b', open: true}, STATE), ['did.floor', 'UBND xã Bình']);
  assert.deepEqual(told({type: 'step', to: 'i'}, STATE), ['did.step', 'Khai mạc']);
  assert.equal(told({type: 'mark', title: 'x'}, STATE), null);
});
