import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dueReminders, minutesUntil, stillShown} from '../../core/reminders.js';

const entry = (fields = {}) => ({id: 's', title: 'Giao ban', kind: 'chinh_thuc', start: '2026-04-06T03:00:00Z', end: '2026-04-06T05:00:00Z', check_due: '2026-04-06T01:00:00Z', phase: 'upcoming', ...fields});
const at = time => Date.parse(`2026-04-06T${time}Z`);
const due = (time, entries = [entry()], shown = {}) => dueReminders(entries, shown, at(time)).map(({kind}) => kind);

test('a session is reminded of from fifteen minutes before until it begins', () => {
  assert.deepEqual(['02:44:59', '02:45:00', '02:59:59', '03:00:00'].map(time => due(time)), [[], ['start'], ['start'], []]);
});

test('a technical check is reminded of when it is due, not long after', () => {
  assert.deepEqual(['00:59:59', '01:00:00', '01:14:59', '01:15:00'].map(time => due(time)), [[], ['check'], ['check'], []]);
  assert.deepEqual(due('02:59:00', [entry({check_due: '2026-04-06T02:55:00Z'})]), ['check', 'start']);
  assert.deepEqual(due('03:01:00', [entry({check_due: '2026-04-06T02:55:00Z'})]), []);
});

test('what waits for a code, lost it or is over is not reminded of', () => {
  const phases = ['waiting', 'revoked', 'upcoming', 'lobby', 'open', 'ended'];
  assert.deepEqual(phases.filter(phase => due('02:50:00', [entry({phase})]).length), ['upcoming', 'lobby', 'open']);
});

test('a reminder comes once, and again when its time is changed', () => {
  const [{key}] = dueReminders([entry()], {}, at('02:50:00'));
  assert.deepEqual(due('02:55:00', [entry()], {[key]: at('02:50:00')}), []);
  assert.deepEqual(due('02:55:00', [entry({start: '2026-04-06T03:05:00Z'})], {[key]: at('02:50:00')}), ['start']);
  const slots = [entry({kind: 'tong_duyet', start: '2026-04-06T02:00:00Z'}), entry()];
  assert.deepEqual(due('01:00:00', slots), ['check']);
});

test('what was shown is forgotten after a day; minutes are whole', () => {
  assert.deepEqual(stillShown({old: at('00:00:00') - 86_400_000, new: at('00:00:00')}, at('00:00:00')), {new: at('00:00:00')});
  assert.deepEqual([minutesUntil(900_000, 0), minutesUntil(840_001, 0), minutesUntil(1, 0)], [15, 15, 1]);
});
