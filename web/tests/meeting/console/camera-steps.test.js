// Tests of the keys by which a room's camera is moved.

import assert from 'node:assert/strict';
import test from 'node:test';
import {STEPS, stepOf} from '../../../meeting/console/camera-steps.js';

test('arrows, plus and minus move the camera; the space bar and Enter as the focused button says', () => {
  const named = (/** @type {string} */ key, /** @type {string} */ focused) => stepOf(key, focused)?.id;
  assert.deepEqual(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', '+', '-', 'x'].map(key => named(key, 'in')), ['up', 'down', 'left', 'right', 'in', 'out', undefined]);
  assert.deepEqual([named(' ', 'left'), named('Enter', 'out'), named(' ', '')], ['left', 'out', undefined]);
});

test('each step moves along one axis, and no two do the same', () => {
  assert.deepEqual(new Set(STEPS.map(({axis, way}) => `${axis} ${way}`)).size, STEPS.length);
});
