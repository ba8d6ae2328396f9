import assert from 'node:assert/strict';
import {test} from 'node:test';

import {asWritten, monthAfter, parseDay, parseDayTime, parseTime, separated, weeksOf} from '../../core/dates.js';

test('test_ux_defect_14 days are read as they are written in Vietnam', () => {
  for (const text of ['05/04/2026', '5/4/2026', '5-4-2026', '05.04.2026', '05042026', '2026-04-05']) assert.equal(parseDay(text), '2026-04-05', text);
  for (const text of ['', '31/04/2026', '29/02/2026', '04/31/2026', '5/4/26', 'mai', '00/01/2026', '05/04/0026']) assert.equal(parseDay(text), '', text);
  assert.equal(parseDay('29/02/2028'), '2028-02-29');
});

test('times have 24 hours', () => {
  assert.deepEqual(['8', '8h', '8h30', '08:30', '0830', '8.30', '23:59', '00:00'].map(parseTime), ['08:00', '08:00', '08:30', '08:30', '08:30', '08:30', '23:59', '00:00']);
  assert.deepEqual(['', '24:00', '8:60', '8:30 PM', 'tám'].map(parseTime), ['', '', '', '', '']);
});

test('day and time need each other, and are shown as they are read', () => {
  for (const text of ['05/04/2026 08:30', '5/4/2026 8h30', '2026-04-05T08:30', ' 05042026 0830 ']) assert.equal(parseDayTime(text), '2026-04-05T08:30', text);
  for (const text of ['05/04/2026', '08:30', '31/04/2026 08:30', '']) assert.equal(parseDayTime(text), '', text);
  assert.deepEqual(['2026-04-05T08:30', '2026-04-05', '', '2026-04-05T08:30:15'].map(asWritten), ['05/04/2026 08:30', '05/04/2026', '', '05/04/2026 08:30']);
});

test('separators come by themselves, and nothing typed by hand is changed', () => {
  assert.deepEqual(['0', '05', '050', '0504', '05042', '05042026'].map(text => separated(text, false)), ['0', '05', '05/0', '05/04', '05/04/2', '05/04/2026']);
  assert.deepEqual(['050420260', '050420260830', '05/04/2026 0830'].map(text => separated(text, true)), ['05/04/2026 0', '05/04/2026 08:30', '05/04/2026 08:30']);
  assert.deepEqual(['5/4/2026', '5/', '5/4/2026 8h30', '2026-04-05'].map(text => separated(text, true)), ['5/4/2026', '5/', '5/4/2026 8h30', '2026-04-05']);
});

test('weeks begin on Monday and cover the month', () => {
  const april = weeksOf('2026-04');
  assert.deepEqual([april.length, april[0][0], april[0][2], april.at(-1)[6]], [5, '2026-03-30', '2026-04-01', '2026-05-03']);
  assert.deepEqual([weeksOf('2027-02').length, weeksOf('2027-02')[0][0]], [4, '2027-02-01']);
  assert.deepEqual([monthAfter('2026-12', 1), monthAfter('2026-01', -1), monthAfter('2026-04', 12)], ['2027-01', '2025-12', '2027-04']);
});
