import assert from 'node:assert/strict';
import {test} from 'node:test';

import {barPosition, differences, enclosingHours, assignLanes, foldLanes, leafValues, mondayOf, ratedAt, stackedSteps} from '../../booking/timeline.js';

const slot = (start, end) => ({start: `2026-04-06T${start}:00Z`, end: `2026-04-06T${end}:00Z`});
const at = time => Date.parse(`2026-04-06T${time}:00Z`);

test('a bar is placed by its time, cut at the edges, and absent outside', () => {
  const [from, to] = [at('01:00'), at('05:00')];
  assert.deepEqual(barPosition(slot('02:00', '03:00'), from, to), {left: 25, width: 25});
  assert.deepEqual(barPosition(slot('00:00', '06:00'), from, to), {left: 0, width: 100});
  assert.equal(barPosition(slot('05:00', '06:00'), from, to), null);
});

test('enclosing hours go from full hour to full hour', () => {
  assert.deepEqual(enclosingHours([slot('01:20', '02:10'), slot('02:00', '04:00')]), {from: at('01:00'), to: at('04:00')});
});

test('overlapping slots get different lanes, touching ones may share one', () => {
  const entries = [slot('01:00', '03:00'), slot('01:30', '02:00'), slot('02:00', '04:00'), slot('04:00', '05:00')];
  assert.deepEqual(assignLanes(entries).map(({lane, lanes: width}) => [lane, width]), [[0, 2], [1, 2], [1, 2], [0, 1]]);
  assert.deepEqual(assignLanes([]), []);
});

test('of more lanes than can be read the last one counts what is left out', () => {
  const many = [slot('01:00', '03:00'), slot('01:10', '02:00'), slot('01:20', '03:30'), slot('01:30', '02:00'), slot('05:00', '06:00')];
  const {shown, more} = foldLanes(assignLanes(many), 3);
  assert.deepEqual(shown.map(({entry, lane, lanes}) => [many.indexOf(entry), lane, lanes]), [[0, 0, 3], [1, 1, 3], [4, 0, 1]]);
  assert.deepEqual(more, [{...slot('01:20', '03:30'), count: 2}]);
  assert.deepEqual(foldLanes(assignLanes(many), 4), {shown: assignLanes(many), more: []});
});

test('weeks begin on Monday in Vietnam', () => {
  const sunday = Date.parse('2026-04-05T00:00:00+07:00');
  assert.equal(mondayOf(sunday), Date.parse('2026-03-30T00:00:00+07:00'));
  assert.equal(mondayOf(Date.parse('2026-04-06T00:00:00+07:00')), Date.parse('2026-04-06T00:00:00+07:00'));
});

test('differences name the rule and both values', () => {
  const before = {id: 'a', capacity: {share: {num: 4, den: 5}}, levels: [{id: 'xa', rank: 10}]};
  const after = {id: 'b', capacity: {share: {num: 3, den: 5}}, levels: [{id: 'xa', rank: 10}, {id: 'tw', rank: 50}]};
  assert.deepEqual(differences(before, after), [
    {path: 'capacity.share.num', before: '4', after: '3'},
    {path: 'levels.tw.id', before: null, after: 'tw'},
    {path: 'levels.tw.rank', before: null, after: '50'},
  ]);
  assert.deepEqual(leafValues({a: null, b: [1, 2]}), [['b.0', '1'], ['b.1', '2']]);
});

test('rated capacity is a step function of time', () => {
  const steps = [{since: null, sessions: 1}, {since: '2026-04-06T02:00:00Z', sessions: 2}];
  assert.deepEqual(['01:59', '02:00', '09:00'].map(time => ratedAt(steps, at(time)).sessions), [1, 2, 2]);
});

test('two loads stand on each other, cut where either changes', () => {
  const step = (start, end, sessions, points) => ({...slot(start, end), sessions, points});
  const [lower, upper] = [[step('01:00', '03:00', 1, 10), step('03:00', '05:00', 0, 0)], [step('01:00', '02:00', 0, 0), step('02:00', '05:00', 2, 7)]];
  assert.deepEqual(stackedSteps(lower, upper), [step('01:00', '02:00', 1, 10), step('02:00', '03:00', 3, 17), step('03:00', '05:00', 2, 7)]);
  assert.deepEqual(stackedSteps([], []), []);
});
