import assert from 'node:assert/strict';
import {test} from 'node:test';
import {DEFAULT_LAYOUT} from '../../../meeting/client/layouts.js';
import * as logic from '../../../meeting/client/meeting-state.js';

/** @param {string} id @param {object} [more] */
const seat = (id, more = {}) => ({
  seat: id, point: id, name: id, role: 'component', here: true, hand: 0, since: null, floor: false, mic: false, camera: false, media: 'connected', ...more,
});

const JOINED = {
  type: 'joined', seat: 'a', resume: 'token', role: 'component', controller: false,
  session: {id: 's', title: 'Giao ban', number: '001', host: 'UBND.Nha Trang', official: {start: '2026-04-05T01:00:00Z', end: '2026-04-05T03:00:00Z'}},
  seats: [seat('h', {role: 'host', floor: true}), seat('a'), seat('b', {here: false})],
  layout: {kind: 'grid', focus: null}, recording: {on: false, paused: false, since: null, seconds: 0, error: null, voices: false}, storage: null, script: null, view: 'composed', now: '2026-04-05T01:00:05Z',
};
const NOW = Date.parse('2026-04-05T01:00:00Z');
const ids = seats => seats.map(one => one.seat);

test('the initial state comes from `joined`, with the offset of the clocks', () => {
  const state = logic.initialState(JOINED, NOW);
  assert.equal(state.skew, 5000);
  assert.equal(logic.ownSeat(state).seat, 'a');
});

test('changed seats keep their place, new ones come last, gone ones go', () => {
  const state = logic.reduce(logic.initialState(JOINED, NOW), {type: 'seats', changed: [seat('c'), seat('a', {hand: 1})], gone: ['b']});
  assert.deepEqual(ids(state.seats), ['h', 'a', 'c']);
  assert.equal(logic.ownSeat(state).hand, 1);
});

test('what is on, and who is on duty, is known at once, and followed', () => {
  const [agenda, duty] = [{on: null, since: null, next: 'Khai mạc'}, {name: 'Lê Văn B', phone: '0905123456'}];
  const state = logic.initialState({...JOINED, agenda, duty}, NOW);
  assert.deepEqual([state.agenda, state.duty], [agenda, duty]);
  const next = {type: 'agenda', on: {id: 'a', title: 'Khai mạc', minutes: 5, spent: 0}, since: JOINED.now, next: null};
  assert.deepEqual(logic.reduce(state, next).agenda, {on: next.on, since: JOINED.now, next: null});
  assert.equal(logic.hostPoint(state), 'h');
});

test('who speaks when one joins is known at once', () => {
  const {speaking, heard} = logic.initialState({...JOINED, speaking: 'h', heard: ['a', 'h']}, NOW);
  assert.deepEqual([speaking, heard], ['h', ['a', 'h']]);
});

test('layout, recording, script, speaking, levels and view follow their messages', () => {
  const messages = [
    {type: 'layout', kind: 'single', focus: 'h', own: {host: {...DEFAULT_LAYOUT, kind: '2x2'}}},
    {type: 'recording', on: true, paused: false, since: '2026-04-05T01:00:00Z', seconds: 30, error: null, voices: false, composed: 'afterwards'},
    {type: 'storage', level: 'low', hours: 3.5},
    {type: 'script', items: [], at: null, since: null},
    {type: 'speaking', seat: 'h'},
    {type: 'levels', levels: {h: -31}},
    {type: 'heard', seats: ['h']},
    {type: 'clock', ahead: -300},
    {type: 'gives-way', at: '2026-04-05T01:10:00Z'},
    {type: 'view', source: 'camera:h'},
  ];
  const {layout, own, recording, storage, script, speaking, levels, heard, clockAhead, givesWay, view} = messages.reduce(logic.reduce, logic.initialState(JOINED, NOW));
  assert.deepEqual({layout, own, recording, storage, script, speaking, levels, heard, clockAhead, givesWay, view}, {
    layout: {...DEFAULT_LAYOUT, kind: 'single', focus: 'h'},
    own: {host: {...DEFAULT_LAYOUT, kind: '2x2'}},
    recording: {on: true, paused: false, since: '2026-04-05T01:00:00Z', seconds: 30, error: null, voices: false, composed: 'afterwards'},
    storage: {level: 'low', hours: 3.5},
    script: {items: [], at: null, since: null},
    speaking: 'h',
    levels: {h: -31},
    heard: ['h'],
    clockAhead: -300,
    givesWay: '2026-04-05T01:10:00Z',
    view: 'camera:h',
  });
});

test('incidents come first when new, change in place, and go when they are settled', () => {
  const incident = (id, state, kind = 'no-sound') => ({type: 'incident', id, kind, point: 'a', state});
  const messages = [incident('1', 'open'), incident('2', 'open', 'line'), incident('1', 'taken')];
  const state = messages.reduce(logic.reduce, logic.initialState(JOINED, NOW));
  assert.deepEqual(state.incidents.map(({id, state: progress}) => [id, progress]), [['2', 'open'], ['1', 'taken']]);
  assert.deepEqual([logic.isLineReported(state, 'a'), logic.isLineReported(state, 'b')], [true, false]);
  assert.deepEqual(logic.reduce(state, incident('2', 'resolved')).incidents.map(({id}) => id), ['1']);
});

test('calls of room systems stand in the row of their seat, or else in the first of their point', () => {
  const call = (device, point, name, state) => ({device, point, name, state, at: null, status: 0});
  const seat = (id, point, name, here) => ({seat: id, point, name, here});
  const calls = [call('1', 'p', 'P.01', 'connected'), call('2', 'p', 'P.02', 'silent'), call('3', 'q', 'Q', 'waiting')];
  const state = logic.reduce(logic.initialState(JOINED, NOW), {type: 'calls', calls});
  const seats = [seat('b', 'p', 'P.03', true), seat('a', 'p', 'P.01', true), seat('q', 'q', 'Q', false), seat('o', null, 'Watcher', true)];
  assert.deepEqual(seats.map(row => logic.callsForSeat(row, seats, state.calls).map(({device}) => device)), [['2'], ['1'], ['3'], []]);
});

test('who is in the room of another MCU is told by five names in a line, and the number of others', () => {
  const names = ['An', 'Bình', 'Cường', 'Dũng', 'Em', 'Giang', 'Hà'];
  const of = (inside, more) => logic.insideOf({inside, inside_more: more});
  assert.deepEqual(of([], 0), {names: [], line: [], others: 0});
  assert.deepEqual(of([], 4), {names: [], line: [], others: 4});
  assert.deepEqual(of(names.slice(0, 5), 0), {names: names.slice(0, 5), line: names.slice(0, 5), others: 0});
  assert.deepEqual(of(names, 12), {names, line: names.slice(0, 5), others: 14});
});

test('weak lines, those by TCP and who directs from the centre follow their messages', () => {
  const weak = [{seat: 'a', loss: 12, jitter: 21, round_trip: 180}];
  const assist = {seat: 'c', name: 'Trực ban', since: '2026-04-05T01:01:00Z'};
  const state = [{type: 'lines', weak, tcp: ['b']}, {type: 'assist', ...assist}].reduce(logic.reduce, logic.initialState(JOINED, NOW));
  assert.deepEqual([state.weak, state.tcp, state.assist], [weak, ['b'], assist]);
});

test('meetings of neighbouring systems follow their message and go with it', () => {
  const meeting = {title: 'Họp', recording: true, paused: false, floor: false, seats: [{name: 'UBND', here: true, floor: true, hand: false, speaking: true}]};
  const warnings = [{kind: 'ends', at: '2026-04-05T03:00:00Z', name: 'Chính phủ'}];
  const told = [{meetings: {'ubnd.nha-trang': meeting}, warnings}, {meetings: {}, warnings: []}].map(each => logic.reduce(logic.initialState(JOINED, NOW), {type: 'neighbours', ...each}));
  assert.deepEqual(told.map(({neighbours}) => neighbours), [{'ubnd.nha-trang': meeting}, {}]);
  assert.deepEqual(told.map(state => [...'ab'].map((_, hour) => logic.dueWarnings(state, NOW + hour * 3 * 3_600_000))), [[warnings, []], [[], []]]);
});

test('the system above is the one that stands for the host', () => {
  const meeting = {title: 'Họp', recording: false, paused: false, floor: false, seats: []};
  const state = logic.initialState(JOINED, NOW);
  const host = state.seats.find(({role}) => role === 'host')?.point ?? '';
  const told = [{}, {[host]: meeting}, {elsewhere: meeting}].map(meetings => logic.pointAbove({...state, neighbours: meetings}));
  assert.deepEqual(told, [undefined, host, undefined]);
  const asked = logic.reduce(state, {type: 'neighbours', meetings: {}, warnings: [], asked: 'a', returns: true, not_held: {b: 'cancelled'}});
  assert.deepEqual([asked.floorAbove, asked.notHeld], [{asked: 'a', returns: true}, {b: 'cancelled'}]);
});

test('a recording counts what is recorded, not what passes while it pauses', () => {
  const on = {on: true, paused: false, since: '2026-04-05T01:00:00Z', seconds: 30, error: null, voices: false, composed: 'afterwards'};
  const marks = [on, {...on, paused: true, since: null}, {...on, on: false, since: null, seconds: 0}];
  const seen = marks.map(mark => [logic.recordState(mark), logic.recordedSeconds(mark, NOW + 4000)]);
  assert.deepEqual(seen, [['on', 34], ['paused', 30], ['off', 0]]);
});

test('an unknown message changes nothing', () => {
  const state = logic.initialState(JOINED, NOW);
  assert.equal(logic.reduce(state, {type: 'novelty'}), state);
});

test('raised hands are in the order they were raised', () => {
  assert.deepEqual(ids(logic.raisedHands([seat('x', {hand: 2}), seat('y'), seat('z', {hand: 1})])), ['z', 'x']);
});

test('two devices of one point count once, observers not at all', () => {
  const seats = [seat('a.01', {point: 'a'}), seat('a.02', {point: 'a'}), seat('b', {here: false}), seat('o', {role: 'observer', point: null})];
  assert.deepEqual(logic.countPoints(seats), {here: 1, invited: 2});
});

test('the microphone button has five states, and is blocked without the floor', () => {
  const word = (floor, on, invited, heard) => logic.micState({floor, on, invited, heard});
  assert.deepEqual(
    [word(false, true, true, true), word(true, false, true, true), word(true, false, false, true), word(true, true, false, false), word(true, true, true, true)],
    ['blocked', 'invited', 'off', 'on', 'live'],
  );
});

test('the floor is given and taken between two states', () => {
  const before = logic.initialState(JOINED, NOW);
  const after = logic.reduce(before, {type: 'seats', changed: [seat('a', {floor: true})], gone: []});
  assert.deepEqual(
    [logic.floorChange(before, before), logic.floorChange(before, after), logic.floorChange(after, before), logic.floorChange(null, after)],
    [null, 'given', 'taken', 'given'],
  );
});

test('waiting time is never negative', () => {
  assert.equal(logic.waitedSeconds('2026-04-05T01:00:00Z', NOW + 135_000), 135);
  assert.equal(logic.waitedSeconds('2026-04-05T01:00:00Z', NOW - 1000), 0);
  assert.equal(logic.waitedSeconds(null, NOW), 0);
});

test('search ignores marks and case, filters narrow it', () => {
  const seats = [seat('1', {name: 'UBND.Đà Nẵng', hand: 1}), seat('2', {name: 'NT.Nghĩa', here: false}), seat('3', {name: 'Sở Đào tạo'})];
  assert.deepEqual(ids(logic.filterSeats(seats, 'all', ' da ')), ['1', '3']);
  assert.deepEqual(ids(logic.filterSeats(seats, 'hand', 'đà')), ['1']);
  assert.deepEqual(ids(logic.filterSeats(seats, 'absent', '')), ['2']);
});

test('a seat has one activity', () => {
  const words = [{here: false}, {media: 'connecting'}, {media: 'lost'}, {floor: true, mic: true}, {floor: true}, {hand: 3}, {}];
  assert.deepEqual(words.map(more => logic.seatActivity(seat('s', more), false)), ['absent', 'connecting', 'reconnecting', 'open', 'invited', 'hand', 'listening']);
  assert.equal(logic.seatActivity(seat('s', {floor: true, mic: true}), true), 'speaking');
  assert.equal(logic.seatActivity(seat('s', {floor: true}), true), 'speaking'); // a room system never tells of its microphone
});

test('a seat is heard that speaks or from which sound comes', () => {
  assert.deepEqual(['a', 'b', 'c'].map(one => logic.isHeard({speaking: 'a', heard: ['b']}, one)), [true, true, false]);
});

test('the proper name is the Vietnamese one, with the number of a device', () => {
  const named = [['UBND.Cam Ranh', 'UBND thành phố Cam Ranh'], ['NT.VinhHai.02', 'UBND phường Vĩnh Hải'], ['Trực ban', '']];
  assert.deepEqual(named.map(([name, label]) => logic.properName({name, label})), ['UBND thành phố Cam Ranh', 'UBND phường Vĩnh Hải · 02', 'Trực ban']);
  assert.deepEqual(named.map(([name, label]) => logic.shortName({name, label})), ['UBND TP. Cam Ranh', 'UBND P. Vĩnh Hải · 02', 'Trực ban']);
});

test('network quality has four steps', () => {
  const steps = [{loss: 0, rtt: 0.01}, {loss: 0.02, rtt: 0}, {loss: 0, rtt: 0.5}, {loss: 0.2, rtt: 0}];
  assert.deepEqual(steps.map(logic.quality), ['good', 'fair', 'poor', 'bad']);
});

test('a place on the page requests enough lines to stay sharp, and again when another rendition may come', () => {
  assert.deepEqual([90, 135, 136, 270, 271, 326, 560, 720, 900, 1080].map(logic.heightToRequest), [120, 180, 182, 360, 362, 435, 720, 720, 900, 1080]);
  const sizes = [120, 180, 181, 360, 361, 720, 800, 900, 901, 1080];
  assert.deepEqual(sizes.slice(1).map((is, at) => logic.needsOtherPicture(sizes[at], is)), [false, true, false, true, false, true, false, true, false]);
  assert.equal(logic.needsOtherPicture(1080, 360), true);
});

test('only cameras of present seats can be viewed', () => {
  const seats = [seat('h', {camera: true}), seat('b', {camera: true, here: false}), seat('c')];
  assert.deepEqual(ids(logic.cameras({...logic.initialState(JOINED, NOW), seats})), ['h']);
});

test('the floor permits sharing a screen, one at a time; controllers always may', () => {
  const may = (more, own, content) => logic.mayShare({...logic.initialState({...JOINED, ...more, seats: [seat('a', own)]}, NOW), content});
  assert.deepEqual([may({}, {}, null), may({}, {floor: true}, null), may({}, {floor: true}, 'a'), may({}, {floor: true}, 'b')], [false, true, true, false]);
  assert.deepEqual([may({controller: true}, {}, 'b'), may({controller: true}, {point: null}, null)], [true, false]);
});

test('a picture that stays dark is reported once, after ten seconds', () => {
  let seconds = 0;
  const notified = [];
  for (const luma of [...Array(9).fill(49), 50, ...Array(12).fill(0)]) {
    seconds = logic.darkSeconds(seconds, luma);
    notified.push(seconds === logic.DARK_SECONDS);
  }
  assert.deepEqual(notified.flatMap((now, i) => (now ? [i] : [])), [19]);
});

test('test_ux_defect_21 nobody is led back into a session that is over for them', () => {
  const reasons = ['left', 'replaced', 'removed', 'signed-out', 'ended', 'cancelled', 'revoked', 'turned-away'];
  assert.deepEqual(reasons.filter(logic.mayReturn), ['left', 'replaced', 'removed', 'signed-out']);
});

test('a meter of a microphone moves within 100 ms', () => {
  assert.ok(logic.METER_MS <= 100);
});
