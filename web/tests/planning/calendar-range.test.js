import assert from 'node:assert/strict';
import {test} from 'node:test';

import {toLocal} from '../../core/time.js';
import {byDay, daysOf, firstDay, firstView, stepped} from '../../planning/calendar-range.js';

const at = firstDay('2026-04-08', 0);
const dates = days => days.map(day => toLocal(day).slice(0, 10));

test('test_ux_defect_25 a month is whole weeks, a list four weeks, each from midnight in Vietnam', () => {
  const month = dates(daysOf('month', at));
  assert.deepEqual([month[0], month.at(-1), month.length], ['2026-03-30', '2026-05-03', 35]);
  assert.deepEqual(dates(daysOf('week', at)).slice(0, 2), ['2026-04-06', '2026-04-07']);
  assert.deepEqual(dates(daysOf('day', at)), ['2026-04-08']);
  assert.deepEqual([dates(daysOf('list', at))[0], daysOf('list', at).length], ['2026-04-08', 28]);
  assert.equal(toLocal(daysOf('month', at)[0]).slice(11), '00:00');
});

test('steps go from day to day, week to week, month to month', () => {
  const steps = ['day', 'week', 'month', 'list'].map(view => dates([stepped(view, at, -1), stepped(view, at, 1)]));
  assert.deepEqual(steps, [['2026-04-07', '2026-04-09'], ['2026-04-01', '2026-04-15'], ['2026-03-01', '2026-05-01'], ['2026-03-11', '2026-05-06']]);
});

test('an entry over midnight stands on both days, and empty days may be left out', () => {
  const night = {start: '2026-04-08T15:00:00Z', end: '2026-04-08T19:00:00Z'}; // 22:00 to 02:00 in Vietnam
  const days = daysOf('week', at);
  assert.deepEqual(byDay([night], days, true).map(({day}) => toLocal(day).slice(0, 10)), ['2026-04-08', '2026-04-09']);
  assert.equal(byDay([night], days).length, 7);
});

test('a narrow window begins with the list, an address decides', () => {
  assert.deepEqual([firstView(null, 375), firstView(null, 1280), firstView('month', 375), firstView('year', 1280)], ['list', 'week', 'month', 'week']);
  assert.equal(toLocal(firstDay(null, Date.parse('2026-04-08T18:00:00Z'))), '2026-04-09T00:00');
});
