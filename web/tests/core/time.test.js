import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as time from '../../core/time.js';

test('a form field is Vietnamese time, whatever zone the device is set to', () => {
  assert.equal(time.fromLocal('2026-04-05T08:00'), '2026-04-05T01:00:00Z');
  assert.equal(time.fromLocal('2026-01-01T03:30'), '2025-12-31T20:30:00Z');
  assert.equal(time.fromLocal(''), '');
});

test('field and instant are each other’s inverse', () => {
  for (const value of ['2026-04-05T00:00', '2024-02-29T23:59', '2025-12-31T06:59', '2026-01-01T07:00'])
    assert.equal(time.toLocal(time.fromLocal(value)), value);
});

test('24 hours, dd/MM/yyyy', () => {
  assert.equal(time.hourMinute('2026-04-04T17:05:09Z'), '00:05');
  assert.equal(time.clock('2026-04-04T17:05:09Z'), '00:05:09');
  assert.equal(time.day('2026-04-04T17:05:09Z'), '05/04/2026');
  assert.equal(time.weekday('2026-04-05T01:00:00Z', 'vi'), 'Chủ Nhật, 05/04/2026');
  assert.equal(time.weekday('2026-04-05T01:00:00Z', 'en'), 'Sunday, 05/04/2026');
});

test('a slot names its day once, or both days', () => {
  assert.equal(time.slot({start: '2026-04-05T01:00:00Z', end: '2026-04-05T03:00:00Z'}), '08:00–10:00 05/04/2026');
  assert.equal(time.slot({start: '2026-04-05T15:00:00Z', end: '2026-04-05T18:00:00Z'}), '22:00 05/04/2026 – 01:00 06/04/2026');
});

test('durations are shown as minutes and seconds, with hours when there are any', () => {
  assert.deepEqual([0, 65.9, 3600, 4329, -5].map(time.span), ['00:00', '01:05', '1:00:00', '1:12:09', '00:00']);
});

test('what is over is marked', () => {
  assert.deepEqual([65, 0, -5].map(time.timeLeft), ['01:05', '00:00', '+00:05']);
});

test('a day starts at midnight in Vietnam', () => {
  assert.equal(time.utc(time.midnight(Date.parse('2026-04-05T18:00:00Z'))), '2026-04-05T17:00:00Z');
});

test('test_ux_defect_16 a check that is due before the registration is due at once', () => {
  assert.deepEqual(['2026-04-05T10:47:00Z', '2026-04-05T12:47:00Z', '2026-04-05T12:47:01Z'].map(due => time.isPast(due, '2026-04-05T12:47:00Z')), [true, true, false]);
});
