import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ALL, DecodingWatch, ONE_PICTURE, SMALLER} from '../../../meeting/client/decoding.js';

/** Let a watch see so many seconds in which a share of 30 pictures a second is decoded; return the seconds at which its level changed, and to what. */
function seconds(watch, from, to, share) {
  const changes = [];
  for (let second = from; second < to; second += 0.5) {
    if (watch.update({received: 15, decoded: Math.round(15 * share)}, 1000 * second)) changes.push([second, watch.level]);
  }
  return changes;
}

test('a machine that falls behind gets smaller pictures, then one, and no less', () => {
  assert.deepEqual(seconds(new DecodingWatch(), 1, 60, 0.5), [[5, SMALLER], [9, ONE_PICTURE]]);
});

test('a machine that decodes nearly all keeps what it has', () => {
  assert.deepEqual(seconds(new DecodingWatch(), 1, 600, 0.81), []);
});

test('one busy moment changes nothing', () => {
  const watch = new DecodingWatch();
  assert.deepEqual([...seconds(watch, 1, 9.5, 1), ...seconds(watch, 9.5, 11, 0), ...seconds(watch, 11, 60, 1)], []);
});

test('more is tried again, later each time', () => {
  const watch = new DecodingWatch();
  seconds(watch, 1, 5.5, 0.5);
  assert.equal(watch.level, SMALLER);
  assert.deepEqual(seconds(watch, 5.5, 100, 1), [[35, ALL]]);
  assert.deepEqual(seconds(watch, 100, 104, 0.5), [[103, SMALLER]]);
  assert.deepEqual(seconds(watch, 104, 300, 1), [[163, ALL]]);
  const waits = [300, 2300, 4300, 6300, 8300].map(start => {
    seconds(watch, start, start + 6, 0.5);
    return seconds(watch, start + 6, start + 2000, 1)[0][0] - watch.calm / 1000 - start;
  });
  assert.deepEqual([watch.calm, watch.level], [15 * 60_000, ALL]);
  assert.ok(waits.every(late => late <= 8), 'no wait is longer than was said');
});

test('a few pictures, as of a screen that stands still, say nothing', () => {
  const watch = new DecodingWatch();
  for (let second = 1; second < 60; second++) assert.equal(watch.update({received: 5, decoded: 1}, 1000 * second), false);
});
