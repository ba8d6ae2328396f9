import assert from 'node:assert/strict';
import test from 'node:test';
import {asksNow, idleSeconds, noteUse} from '../../core/idle.js';

/** @param {Record<string, string>} values */
const storage = (values = {}) => /** @type {Storage} */ (/** @type {unknown} */ ({
  getItem: (/** @type {string} */ name) => values[name] ?? null,
  setItem: (/** @type {string} */ name, /** @type {string} */ value) => void (values[name] = value),
}));

test('the time since the last use is counted in seconds, over all tabs', () => {
  const shared = storage();
  assert.equal(idleSeconds(shared, 1_000_000), 0);
  noteUse(shared, 1_000_000);
  noteUse(shared, 1_004_999);
  assert.equal(idleSeconds(shared, 1_004_999), 4);
  noteUse(shared, 1_005_000);
  assert.equal(idleSeconds(shared, 1_065_999), 60);
  assert.equal(idleSeconds(shared, 900_000), 0);
  assert.equal(idleSeconds(storage({used: 'x'}), 1_000_000), 0);
  assert.equal(idleSeconds(storage({used: '1'}), 1e15), 999_999);
});

test('the server is asked while the page is used, and once the time is over', () => {
  assert.deepEqual([0, 59, 60, 899, 900, 5000].map(idle => asksNow(idle, 15)), [true, true, false, false, true, true]);
  assert.deepEqual([0, 5000].map(idle => asksNow(idle, null)), [false, false]);
});
