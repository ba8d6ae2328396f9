import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as vote from '../../../meeting/client/vote.js';

const voter = (point, more = {}) => ({point, name: point, label: point, voted: false, choice: null, aloud: false, ...more});
const open = (more = {}) => ({id: 'v', number: 1, question: '?', choices: ['a', 'b', 'c'], secret: false, deadline: null, closed: null, counts: null, outcome: null, may: true, voted: false, choice: null, cast: 0, entitled: 2, voters: [voter('x'), voter('y')], ...more});
const draft = (more = {}) => ({question: 'Thông qua?', choices: 'a\nb', secret: false, quorum: 'half', majority: 'half', base: 'entitled', minutes: 0, points: null, item: null, ...more});

test('a point is asked until it has voted or the vote is closed', () => {
  assert.deepEqual([open(), open({voted: true}), open({closed: 'now'}), open({may: false}), null].map(vote.isAsked), [true, false, false, false, false]);
  assert.deepEqual(vote.withOwn(open(), {type: 'vote-taken', vote: 'v', choice: 2}), open({voted: true, choice: 2}));
  assert.deepEqual(vote.withOwn(open(), {type: 'vote-taken', vote: 'w', choice: 2}), open());
});

test('who leads sees who has voted and, in an open vote, what', () => {
  const cast = {type: 'vote-cast', vote: 'v', point: 'x', choice: 1, aloud: true, cast: 1};
  const after = vote.withCast(open(), cast);
  assert.deepEqual(vote.countsOf(after), [0, 1, 0]);
  assert.deepEqual(vote.votersInOrder(after).map(({point, aloud}) => [point, aloud]), [['y', false], ['x', true]]);
  assert.equal(vote.countsOf(open({secret: true})), null);
  assert.deepEqual(vote.countsOf(open({closed: 'now', counts: [1, 1, 0]})), [1, 1, 0]);
  assert.deepEqual(vote.withCast(open({voters: null}), cast), open({voters: null}));
});

test('a decision is said in a sentence', () => {
  const closed = (quorum, adopted) => open({closed: 'now', counts: [1, 1, 0], outcome: {quorum, adopted}});
  assert.deepEqual([closed(true, 1), closed(true, null), closed(false, null), open({secret: true}), open()].map(vote.decision), [['vote.adopted', 'b'], ['vote.none-adopted'], ['vote.no-quorum'], ['vote.too-few'], ['vote.closed']]);
});

test('a cancelled vote is told once, and its question comes back to be mended', () => {
  const cancelled = open({closed: 'now', cancelled: true});
  assert.deepEqual([vote.wasCancelled(open(), cancelled), vote.wasCancelled(cancelled, cancelled), vote.wasCancelled(open({id: 'w'}), cancelled), vote.wasCancelled(null, cancelled)], [true, false, false, false]);
  assert.deepEqual(vote.decision(cancelled), ['vote.cancelled']);
  assert.deepEqual(vote.draftOf(draft({question: '', minutes: 5}), open({question: 'Năm 2206?', secret: true, quorum: 'none', majority: 'half', base: 'cast', item: 'i'})), draft({question: 'Năm 2206?', choices: 'a\nb\nc', secret: true, quorum: 'none', base: 'cast', minutes: 5, item: 'i'}));
});

test('the remote control of a display is told what its point is asked', () => {
  const {id, number, question, choices, secret, voted, choice, deadline} = open();
  assert.deepEqual(vote.askedOf(open()), {id, number, question, choices, secret, voted, choice, deadline});
  assert.deepEqual([open({may: false}), open({closed: 'now'}), null].map(vote.askedOf), [null, null, null]);
});

test('the time left is never less than nothing', () => {
  const limited = open({deadline: '2026-04-05T01:00:30Z'});
  assert.deepEqual([0, 29_500, 90_000].map(ms => vote.secondsLeft(limited, Date.parse('2026-04-05T01:00:00Z') + ms)), [30, 1, 0]);
  assert.equal(vote.secondsLeft(open(), 0), null);
});

test('a draft becomes the message, and says what is wrong with it', () => {
  assert.deepEqual(vote.messageOf(draft({question: ' Thông\nqua? ', choices: ' a \n\nb\na', minutes: 2, points: ['x'], item: 'i'})), {type: 'vote-open', question: 'Thông qua?', choices: ['a', 'b'], secret: false, quorum: 'half', majority: 'half', base: 'entitled', seconds: 120, points: ['x'], item: 'i'});
  assert.deepEqual(vote.faultsOf(draft()), {});
  assert.deepEqual(vote.faultsOf(draft({choices: 'a\na', points: []})), {choices: 'vote.fault-choices', points: 'vote.fault-points'});
  assert.deepEqual(vote.faultsOf(draft({secret: true, points: ['x', 'y']})), {points: 'vote.fault-secret'});
});

test('each point can be asked once, the host first', () => {
  const seat = (point, role) => ({point, role});
  assert.deepEqual(vote.pointsOf([seat('nt', 'component'), seat('nt', 'component'), seat(null, 'observer'), seat('host', 'host')]).map(({point}) => point), ['host', 'nt']);
});
