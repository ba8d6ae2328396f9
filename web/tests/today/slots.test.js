import assert from 'node:assert/strict';
import {test} from 'node:test';

import {mainSlot, ordered, slotUrl} from '../../today/slots.js';

const slot = (id, phase, action = null, code = '1234567890') => ({id, phase, action, code});

test('what is on comes first, what is over last', () => {
  const slots = [slot('a', 'ended'), slot('b', 'upcoming'), slot('c', 'open'), slot('d', 'waiting'), slot('e', 'lobby')];
  assert.deepEqual(ordered(slots).map(({id}) => id), ['c', 'e', 'b', 'd', 'a']);
});

test('the way into a session that is on is the main button, but not of one that is only watched', () => {
  assert.equal(mainSlot([slot('a', 'upcoming', 'prepare'), slot('b', 'open', 'watch'), slot('c', 'open', 'join')])?.id, 'c');
  assert.equal(mainSlot([slot('a', 'lobby', 'join')]), undefined);
  assert.equal(mainSlot([slot('a', 'open', 'join'), {...slot('b', 'lobby', 'join'), called: ['UBND xã Bình']}])?.id, 'b');
});

test('each action leads to its page', () => {
  assert.deepEqual(['control', 'join', 'prepare', 'queue', 'watch', null].map(action => slotUrl(slot('s1', 'open', action))), [
    'host.html?code=1234567890', 'room.html?code=1234567890', 'readiness.html?session=s1', 'queue.html', 'supervision.html', '',
  ]);
  assert.equal(slotUrl(slot('s1', 'open', 'join', null)), '');
});
