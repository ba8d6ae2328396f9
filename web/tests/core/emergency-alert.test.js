import assert from 'node:assert/strict';
import {test} from 'node:test';
import {titleWithCount, unacknowledged, hasNew} from '../../core/emergency-alert.js';

const at = (id, seen = null) => ({id, seen});
const SEEN = {by: 'truc', at: '2026-04-06T01:00:00Z'};

test('unacknowledged emergencies are those that nobody has seen', () => {
  assert.deepEqual(unacknowledged([at('a'), at('b', SEEN)]), [at('a')]);
});

test('an emergency is new once, and never when it is acknowledged', () => {
  assert.equal(hasNew([at('a')], new Set()), true);
  assert.equal(hasNew([at('a')], new Set(['a'])), false);
  assert.equal(hasNew([at('b'), at('a')], new Set(['a'])), true);
  assert.equal(hasNew([at('b', SEEN)], new Set(['a'])), false);
});

test('the title shows the count, and is restored without one', () => {
  assert.equal(titleWithCount('Hàng chờ', 2), '(2!) Hàng chờ');
  assert.equal(titleWithCount('(2!) Hàng chờ', 1), '(1!) Hàng chờ');
  assert.equal(titleWithCount('(12!) Hàng chờ', 0), 'Hàng chờ');
});
