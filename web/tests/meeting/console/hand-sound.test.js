// A new hand sounds; one that moves in the queue, or is lowered, does not.

import assert from 'node:assert/strict';
import test from 'node:test';
import {isHandNew} from '../../../meeting/console/hand-sound.js';

/** @param {Record<string, number>} hands place in the queue by seat @returns {any} */
const state = hands => ({seats: Object.entries(hands).map(([seat, hand]) => ({seat, hand}))});

test('only a hand that was not raised before is new', () => {
  assert.equal(isHandNew(state({a: 0, b: 0}), state({a: 1, b: 0})), true);
  assert.equal(isHandNew(state({a: 1, b: 0}), state({a: 1, b: 2})), true);
  assert.equal(isHandNew(state({a: 1, b: 2}), state({a: 2, b: 1})), false);
  assert.equal(isHandNew(state({a: 1, b: 2}), state({a: 0, b: 1})), false);
});
