import assert from 'node:assert/strict';
import {test} from 'node:test';
import {turnOf} from '../../../meeting/client/turn.js';

const turn = (own = {}, state = {}, now = {}) =>
  turnOf({me: 'a', role: 'component', locks: {hands: false}, seats: [{seat: 'a', point: 'p', hand: 0, floor: false, ...own}], ...state}, {mic: 'blocked', connected: true, ...now});

test('test_ux_05 whose turn it is, in a word for each state', () => {
  assert.deepEqual(
    [turn(), turn({hand: 2}), turn({}, {locks: {hands: true}}), turn({hand: 2}, {locks: {hands: true}}), turn({hand: 2}, {}, {connected: false})],
    [['blocked'], ['hand', 2], ['locked'], ['hand', 2], ['lost']],
  );
  const floor = (mic, state) => turn({floor: true}, state, {mic});
  assert.deepEqual([floor('invited'), floor('off'), floor('on'), floor('live'), floor('off', {role: 'host'})], [['invited'], ['off'], ['on'], ['on'], ['host']]);
  assert.deepEqual([turn({}, {}, {mic: 'off'}), turn({point: null})], [['advisory'], ['observer']]);
});
