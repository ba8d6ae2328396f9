import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {CAUSES, faultsOf, goodOf, seatsOf} from '../../operations/quality-words.js';
import {pathOf, ticksOf, topOf} from '../../operations/series-path.js';

const ROOT = new URL('../..', import.meta.url);
const MEANS = {up: 0.1, down: 2, jitter: 4, round_trip: 30, received: 1500, sent: 2000};
const finding = (cause, more = {}) => ({cause, start: '2026-04-06T02:12:00Z', end: '2026-04-06T02:20:00Z', share: 1, mean: 8, worst: 12, ...more});
const plain = value => String(value);

test('a finding is told with its time in Vietnam, its measure and what to do', () => {
  assert.deepEqual(faultsOf([finding('up'), finding('disconnected', {share: 0.5, mean: null, worst: null})], plain), [
    {cause: 'up', sentence: ['cause.up', '09:12', '09:20', '8', '12'], advice: 'cause.up-do', at_times: false},
    {cause: 'disconnected', sentence: ['cause.disconnected', '09:12', '09:20', 'null', 'null'], advice: 'cause.disconnected-do', at_times: true},
  ]);
});

test('a way that no finding concerns is told as good, if something was measured', () => {
  assert.deepEqual(goodOf([], MEANS, plain).map(([key]) => key), ['cause.good-up', 'cause.good-down']);
  assert.deepEqual(goodOf([finding('up')], MEANS, plain), [['cause.good-down', '2', '30', '4']]);
  assert.deepEqual(goodOf([finding('jitter'), finding('narrow-up')], MEANS, plain), []);
  assert.deepEqual(goodOf([], {...MEANS, up: null, down: null}, plain), []);
});

test('seats with the gravest causes come first', () => {
  const seat = (id, causes) => ({seat: id, causes});
  const points = [{point: {id: 'a'}, devices: [seat('1', []), seat('2', ['limited'])]}, {point: {id: 'b'}, devices: [seat('3', ['down', 'camera']), seat('4', ['down'])]}];
  assert.deepEqual(seatsOf({points}, CAUSES).map(each => `${each.point.id}${each.seat.seat}`), ['b3', 'b4', 'a2', 'a1']);
});

test('every cause of the server has its sentence, its word and its advice', async () => {
  const words = JSON.parse(await readFile(new URL('i18n/office/vi.json', ROOT), 'utf8'));
  const rules = await readFile(new URL('../signaling/quality/rules.py', ROOT), 'utf8');
  const [, listed] = /^Cause = Literal\[([^\]]+)\]/m.exec(rules);
  assert.deepEqual([...listed.matchAll(/"([a-z-]+)"/g)].map(([, cause]) => cause), CAUSES);
  assert.deepEqual(CAUSES.flatMap(cause => ['', '-word', '-do'].map(end => `cause.${cause}${end}`)).filter(key => !(key in words)), []);
});

test('a line breaks where nothing was measured, and its scale ends at a round number', () => {
  const box = {left: 10, top: 0, width: 40, height: 100, most: 50};
  assert.equal(pathOf([0, 25, null, 500], box), 'M10 100H20L20 50H30M40 0H50');
  assert.equal(pathOf([], box), '');
  assert.deepEqual([topOf([[3, null]], 5), topOf([[null, 5.1]], 5), topOf([[], [720, 40]], 720), topOf([[1999]], 500)], [5, 7.5, 750, 2000]);
});

test('ticks stand at whole steps, no more than have room', () => {
  const [start, end] = [Date.parse('2026-04-06T02:07:30Z'), Date.parse('2026-04-06T02:37:30Z')];
  assert.deepEqual(ticksOf(start, end, 6).map(at => new Date(at).toISOString().slice(11, 16)), ['02:10', '02:15', '02:20', '02:25', '02:30', '02:35']);
  assert.equal(ticksOf(start, start + 8 * 3_600_000, 9).length, 8);
  assert.deepEqual(ticksOf(start, start, 9), []);
});
