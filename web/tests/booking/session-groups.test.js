import assert from 'node:assert/strict';
import {test} from 'node:test';

import {grouped, isDue, isWeekly} from '../../booking/session-groups.js';

const session = (id, day, more = {}) => ({
  id, title: 'Giao ban', host: {point: 'a'}, points: [{id: 'b'}, {id: 'c'}], phase: 'upcoming', code: '1',
  official: {start: `2026-04-${day}T01:00:00Z`, end: `2026-04-${day}T03:00:00Z`}, ...more,
});

test('test_ux_defect_23 a repeat is one card with its next session, others stay apart', () => {
  const other = session('x', '08', {title: 'Tập huấn'});
  const groups = grouped([session('1', '07'), other, session('2', '14'), session('3', '21', {points: [{id: 'c'}, {id: 'b'}]})]);
  assert.deepEqual(groups.map(group => [group.session.id, group.later.map(({id}) => id)]), [['1', ['2', '3']], ['x', []]]);
  assert.deepEqual(groups.map(isWeekly), [true, false]);
  assert.equal(isWeekly(grouped([session('1', '07'), session('2', '16')])[0]), false);
});

test('another hour or another host is no repeat', () => {
  const hour = session('2', '14', {official: {start: '2026-04-14T02:00:00Z', end: '2026-04-14T04:00:00Z'}});
  assert.equal(grouped([session('1', '07'), hour, session('3', '21', {host: {point: 'z'}})]).length, 3);
});

test('test_ux_defect_23 a session is entered when it is due, not nine days before', () => {
  assert.deepEqual(['lobby', 'open', 'upcoming', 'ended', 'waiting'].map(phase => isDue(session('1', '07', {phase}))), [true, true, false, false, false]);
  assert.equal(isDue(session('1', '07', {phase: 'open', code: null})), false);
});
