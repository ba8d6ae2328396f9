import assert from 'node:assert/strict';
import {test} from 'node:test';
import {busyByPoint, stepCorners, freeCapacity, pointGroups, countLegs} from '../../booking/point-choice.js';

const UNITS = [
  {id: 'tinh', name: 'UBND tỉnh', level: 'ubt', parent: null},
  {id: 'nt', name: 'Nha Trang', level: 'huyen', parent: 'tinh'},
  {id: 'xh', name: 'Xương Huân', level: 'xa', parent: 'nt'},
  {id: 'nv', name: 'Sở Nội vụ', level: 'so', parent: null},
  {id: 'tp', name: 'Sở Tư pháp', level: 'so', parent: null},
];
const point = (id, unit, level, devices = 1) => ({id, unit, level, devices, name: id, label: id});
const POINTS = [point('P.nt', 'nt', 'huyen', 2), point('P.xh', 'xh', 'xa'), point('P.nv', 'nv', 'so'), point('P.tp', 'tp', 'so', 3)];
const CAPACITY = {
  sessions: {max: 5, usable: 4},
  points: {max: 100, usable: 80},
  steps: [
    {start: '2026-04-05T01:00:00Z', end: '2026-04-05T02:00:00Z', sessions: 1, points: 30},
    {start: '2026-04-05T02:00:00Z', end: '2026-04-05T03:00:00Z', sessions: 3, points: 75},
  ],
};

test('each device counts as a leg, other legs are added, and the host counts once', () => {
  assert.equal(countLegs(POINTS, 'P.nt', new Set(['P.tp', 'P.nt']), 0), 5);
  assert.equal(countLegs(POINTS, 'P.nt', new Set(), 1), 3);
});

test('free capacity is what the busiest instant leaves', () => {
  assert.deepEqual(freeCapacity(CAPACITY, {start: '2026-04-05T01:30:00Z', end: '2026-04-05T02:30:00Z'}), {sessions: 1, points: 5});
});

test('slots that only touch do not overlap', () => {
  assert.deepEqual(freeCapacity(CAPACITY, {start: '2026-04-05T00:00:00Z', end: '2026-04-05T01:00:00Z'}), {sessions: 4, points: 80});
  assert.deepEqual(freeCapacity(CAPACITY, {start: '2026-04-05T03:00:00Z', end: '2026-04-05T04:00:00Z'}), {sessions: 4, points: 80});
});

test('a point may be in two sessions at once', () => {
  const busy = [{point: 'a', title: 'x'}, {point: 'b', title: null}, {point: 'a', title: null}];
  assert.deepEqual([...busyByPoint(busy)], [['a', [busy[0], busy[2]]], ['b', [busy[1]]]]);
});

test('groups are levels, and districts with their communes; a group of one is none', () => {
  const found = pointGroups(POINTS, UNITS).map(({id, points}) => [id, points]);
  assert.deepEqual(found, [['level:so', ['P.nv', 'P.tp']], ['unit:nt', ['P.nt', 'P.xh']]]);
});

test('a step has two corners', () => {
  assert.deepEqual(stepCorners(CAPACITY.steps, 'points').map(([at, load]) => [new Date(at).getUTCHours(), load]), [[1, 30], [2, 30], [2, 75], [3, 75]]);
});
