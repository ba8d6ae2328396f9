import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';

import {DEFAULT_LAYOUT} from '../../../meeting/client/layouts.js';
import {told, undoOf} from '../../../meeting/console/undo.js';

const seat = (id, more = {}) => ({seat: id, point: id, name: id, label: '', role: 'component', floor: false, gain: 0, ...more});
const SINGLE = {...DEFAULT_LAYOUT, kind: 'single', focus: 'b'};
const STATE = {
  seats: [seat('host', {role: 'host', floor: true}), seat('a', {floor: true, gain: 3}), seat('b', {label: 'UBND xã Bình', floor: true}), seat('c', {hand: 1}), seat('d', {hand: 2})],
  layout: SINGLE,
  own: {recording: DEFAULT_LAYOUT},
  locks: {room: false, hands: true},
  presets: [{number: 2, ...SINGLE}],
  script: {items: [{id: 'i', title: 'Khai mạc'}], at: null, since: null},
  removed: [{point: 'c', reason: 'Nhầm phiên', at: ''}],
  recording: {on: true, paused: false},
};

/** A command of each kind that is told and can be taken back. */
const UNDONE = [
  {type: 'floor', seat: 'a', open: false}, {type: 'gain', seat: 'a', decibels: 9}, {type: 'mute-all'}, {type: 'camera', seat: 'a', on: false},
  {type: 'rename', point: 'a', label: 'Tên khác'}, {type: 'remove', point: 'a', reason: 'x'}, {type: 'let-back', point: 'c'}, {type: 'lower', seat: 'c'},
  {type: 'hands', seats: []}, {type: 'lock', room: true, hands: true}, {type: 'layout', kind: 'grid'}, {type: 'layout-same', audience: 'recording'},
  {type: 'preset', number: 2, kind: '1+5'}, {type: 'one-picture-all', on: true}, {type: 'record', on: true, pause: true}, {type: 'voices', on: true},
  {type: 'step', to: 'i'}, {type: 'chat-open', on: true}, {type: 'assist', on: true},
];
/** Why the other messages of the protocol are not undone. */
const OWN = 'concerns the own seat alone, and its own switch takes it back';
const CONNECTION = 'is the connection itself';
const NOT_UNDONE = {
  join: CONNECTION, display: CONNECTION, 'test-room': CONNECTION, offer: CONNECTION, ping: CONNECTION,
  hand: OWN, media: OWN, playback: OWN, view: OWN, 'one-picture': OWN, share: OWN, captions: OWN,
  leave: 'is asked first, and one may come again', end: 'is asked first',
  'call-point': 'rang already', redial: 'rang already', report: 'was sent to the centre already', chat: 'was read already',
  admit: 'who was let in is removed by its row; who was turned away may knock again',
  'camera-move': 'the far camera tells no position to go back to; the opposite move does', 'camera-preset': 'the far camera tells neither where it was nor what a preset held', 'camera-source': 'the source before is the button beside it',
  mark: 'names a moment of the recording and changes nothing in it; `marked` tells it',
  vote: 'is the voter’s: changed in an open vote, final in a secret one', 'vote-open': 'has its own cancelling, which asks',
  'vote-record': 'was said aloud, and is in the protocol', 'vote-close': 'a vote that goes on after its count is another vote',
  'floor-above': 'has its own button that asks no longer; a floor that is given back is the system above’s again',
  'vote-cancel': 'is asked first', 'vote-show': 'its own button hides the result again',
};
const FOLDER = new URL('../../../../signaling/messages/', import.meta.url);
const MESSAGES = readdirSync(FOLDER).filter(name => name.endsWith('.py')).map(name => readFileSync(new URL(name, FOLDER), 'utf8')).join('');
const PROTOCOL = [...MESSAGES.matchAll(/^class \w+\([^)]*BaseClientMessage\):(?:(?!^class )[^])*?^    type: Literal\["([\w-]+)"\]/gm)].map(([, type]) => type);

test('each command of the protocol is told and undone, or has a reason why not', () => {
  const undone = UNDONE.map(({type}) => type);
  assert.deepEqual([...undone, ...Object.keys(NOT_UNDONE)].sort(), PROTOCOL.sort());
  for (const command of UNDONE) {
    assert.ok(undoOf(command, STATE)?.length, command.type);
    assert.ok(told(command, STATE), command.type);
  }
  for (const type of Object.keys(NOT_UNDONE)) assert.equal(undoOf({type}, STATE), null, type);
});

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
  assert.deepEqual(undone({type: 'let-back', point: 'c'}), [{type: 'remove', point: 'c', reason: 'Nhầm phiên'}]);
  const record = (command, recording) => [told({type: 'record', ...command}, {...STATE, recording})[0], undoOf({type: 'record', ...command}, {...STATE, recording})[0]];
  const [off, on, paused] = [{on: false, paused: false}, {on: true, paused: false}, {on: true, paused: true}];
  assert.deepEqual(record({on: true}, off), ['did.record-start', {type: 'record', on: false}]);
  assert.deepEqual(record({on: true, pause: true}, on), ['did.record-pause', {type: 'record', on: true, pause: false}]);
  assert.deepEqual(record({on: true, pause: false}, paused), ['did.record-resume', {type: 'record', on: true, pause: true}]);
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
