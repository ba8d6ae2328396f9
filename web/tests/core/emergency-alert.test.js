import assert from 'node:assert/strict';
import {test} from 'node:test';
import {called, open, rings} from '../../core/emergency-alert.js';

const at = (id, seen = null) => ({id, seen});
const SEEN = {by: 'truc', at: '2026-04-06T01:00:00Z'};

test('open is what nobody took note of', () => {
  assert.deepEqual(open([at('a'), at('b', SEEN)]), [at('a')]);
});

test('it rings when one comes, not again for the same, not for one that is taken note of', () => {
  assert.equal(rings([at('a')], new Set()), true);
  assert.equal(rings([at('a')], new Set(['a'])), false);
  assert.equal(rings([at('b'), at('a')], new Set(['a'])), true);
  assert.equal(rings([at('b', SEEN)], new Set(['a'])), false);
});

test('the title counts and comes back', () => {
  assert.equal(called('Hàng chờ', 2), '(2!) Hàng chờ');
  assert.equal(called('(2!) Hàng chờ', 1), '(1!) Hàng chờ');
  assert.equal(called('(12!) Hàng chờ', 0), 'Hàng chờ');
});
