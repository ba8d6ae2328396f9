import assert from 'node:assert/strict';
import {test} from 'node:test';

import {backoff, inOrder, mayReload, slotAt, spelled, toJoin, visitOf} from '../../display/day.js';

const NOW = Date.parse('2026-04-06T01:00:00Z');
const MINUTE = 60_000;
const slot = (from, to, kind = 'chinh_thuc') => ({kind, start: new Date(NOW + from * MINUTE).toISOString(), end: new Date(NOW + to * MINUTE).toISOString()});
const session = (id, phase, ...slots) => ({id, phase, slots, current: phase === 'open' || phase === 'lobby' ? slots[0].start : null, title: id, number: '', host: ''});

test('a display joins what began last, and before that what begins first', () => {
  const [early, late] = [session('early', 'open', slot(-90, 30)), session('late', 'open', slot(-10, 50))];
  const [soon, later] = [session('soon', 'lobby', slot(5, 60)), session('later', 'lobby', slot(25, 60))];
  assert.equal(toJoin([later, early, soon, late], new Set(), NOW)?.id, 'late');
  assert.equal(toJoin([later, soon], new Set(), NOW)?.id, 'soon');
  assert.equal(toJoin([session('x', 'upcoming', slot(300, 360)), session('y', 'ended', slot(-90, -30))], new Set(), NOW), null);
});

test('a display stays out of what it left, but not of the meeting after the rehearsal', () => {
  const rehearsal = session('both', 'open', slot(-10, 10, 'tong_duyet'), slot(60, 120));
  const meeting = {...rehearsal, current: rehearsal.slots[1].start};
  const left = new Set([visitOf(rehearsal)]);
  assert.equal(toJoin([rehearsal], left, NOW), null);
  assert.equal(toJoin([meeting], left, NOW + 60 * MINUTE)?.id, 'both');
  assert.equal(slotAt(rehearsal, NOW), rehearsal.slots[0]);
  assert.equal(slotAt(rehearsal, NOW + 20 * MINUTE), rehearsal.slots[1]);
  assert.equal(slotAt(rehearsal, NOW + 500 * MINUTE), rehearsal.slots[1]);
});

test('the day is in order of time, what is over last', () => {
  const day = [session('over', 'ended', slot(-90, -30)), session('c', 'upcoming', slot(200, 260)), session('b', 'open', slot(-5, 30)), session('off', 'cancelled', slot(1, 30))];
  assert.deepEqual(inOrder(day, NOW).map(({id}) => id), ['b', 'c', 'over', 'off']);
});

test('the page is loaded anew once a day or for a new version, and never about a session', () => {
  const idle = {sessions: [], newVersion: false, age: 0, now: NOW};
  const DAY = 24 * 60 * MINUTE;
  assert.deepEqual([mayReload(idle), mayReload({...idle, newVersion: true}), mayReload({...idle, age: DAY + 1})], [false, true, true]);
  for (const busy of [session('a', 'open', slot(-5, 30)), session('b', 'lobby', slot(5, 30)), session('c', 'upcoming', slot(1, 30))])
    assert.equal(mayReload({...idle, newVersion: true, sessions: [busy]}), false);
  assert.equal(mayReload({...idle, newVersion: true, sessions: [session('d', 'upcoming', slot(120, 180))]}), true);
});

test('attempts become rarer, at most one in two and a half seconds, and not all displays try at once', () => {
  assert.deepEqual([0, 1, 3, 10].map(attempt => backoff(attempt, 1)), [500, 1000, 4000, 5000]);
  assert.deepEqual([backoff(0, 0), backoff(10, 0)], [250, 2500]);
});

test('a pairing code is read in two groups', () => assert.equal(spelled('BCDFGHJK'), 'BCDF-GHJK'));
