import assert from 'node:assert/strict';
import {test} from 'node:test';

import {placeOf} from '../../core/popover.js';

const view = {width: 320, height: 600};
const panel = {width: 200, height: 300};

test('a popover opens below, or above where there is no room, and inside the window', () => {
  assert.deepEqual(placeOf({left: 20, right: 60, top: 100, bottom: 140}, panel, view, 'start'), {left: 20, top: 144});
  assert.deepEqual(placeOf({left: 260, right: 300, top: 500, bottom: 540}, panel, view, 'end'), {left: 100, top: 196});
  assert.deepEqual(placeOf({left: 260, right: 300, top: 200, bottom: 540}, panel, view, 'start'), {left: 112, top: 8});
  assert.equal(placeOf({left: 0, right: 40, top: 0, bottom: 40}, panel, view, 'end').left, 8);
});
