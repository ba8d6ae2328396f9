import assert from 'node:assert/strict';
import {test} from 'node:test';

import {MAX_TOASTS, newestUndo, shownFor, withToast} from '../../core/toasts.js';

const toast = (id, more = {}) => ({id, text: `${id}`, tone: 'done', key: '', undo: null, ...more});

test('the oldest toasts leave, and one of the same key is replaced', () => {
  let shown = [];
  for (let id = 1; id <= MAX_TOASTS + 2; id += 1) shown = withToast(shown, toast(id));
  assert.deepEqual(shown.map(({id}) => id), [3, 4, 5]);
  const keyed = withToast(withToast(withToast([], toast(1, {key: 'record'})), toast(2)), toast(3, {key: 'record'}));
  assert.deepEqual(keyed.map(({id}) => id), [2, 3]);
});

test('the newest undo is found, and how long each toast is shown', () => {
  const undo = () => {};
  const shown = [toast(1, {undo}), toast(2, {undo}), toast(3)];
  assert.equal(newestUndo(shown).id, 2);
  assert.equal(newestUndo([toast(3)]), null);
  assert.deepEqual([toast(1), toast(1, {undo}), toast(1, {tone: 'bad'})].map(shownFor), [6_000, 10_000, null]);
});
