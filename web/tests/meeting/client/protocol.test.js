import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Protocol} from '../../../meeting/client/protocol.js';

/** A server end of one socket, driven by the test. */
class Wire extends EventTarget {
  sent = [];
  closed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  opens() {
    this.dispatchEvent(new Event('open'));
  }
  says(message) {
    this.dispatchEvent(Object.assign(new Event('message'), {data: JSON.stringify(message)}));
  }
  drops() {
    this.dispatchEvent(new Event('close'));
  }
  get last() {
    return this.sent.at(-1);
  }
}

/** A protocol on scripted sockets, a scripted clock and a store. */
function stand(store = new Map(), now = () => 0) {
  const wires = [];
  const timers = [];
  const heard = [];
  const protocol = new Protocol({
    code: '1234567890',
    open: () => wires[wires.push(new Wire()) - 1],
    store: {getItem: key => store.get(key) ?? null, setItem: (key, value) => store.set(key, value), removeItem: key => store.delete(key)},
    delay: (ms, run) => timers.push({ms, run}),
    now,
  });
  protocol.addEventListener('status', ({detail}) => heard.push(detail));
  return {protocol, wires, timers, heard, store};
}

/** Let promises settle. */
const settle = () => new Promise(resolve => setImmediate(resolve));

async function joined(place = stand()) {
  place.protocol.start();
  const wire = place.wires.at(-1);
  wire.opens();
  wire.says({type: 'joined', resume: 'token-1', ref: wire.last.ref});
  await settle();
  return {...place, wire};
}

test('joins with the code and keeps the token', async () => {
  const {wire, store, heard} = await joined();
  assert.deepEqual(wire.sent, [{type: 'join', code: '1234567890', ref: '1'}]);
  assert.deepEqual([...store], [['resume:1234567890', 'token-1']]);
  assert.deepEqual(heard, ['connecting', 'joined']);
});

test('a lost socket is replaced after a growing wait, with the token', async () => {
  const place = await joined();
  place.wire.drops();
  assert.equal(place.timers.at(-1).ms, 250);
  place.timers.at(-1).run();
  place.wires[1].drops();
  assert.equal(place.timers.at(-1).ms, 500);
  place.timers.at(-1).run();
  place.wires[2].opens();
  assert.deepEqual(place.wires[2].last, {type: 'join', code: '1234567890', resume: 'token-1', tried: [0], ref: '2'});
  assert.deepEqual(place.heard, ['connecting', 'joined', 'lost', 'connecting', 'lost', 'connecting']);
});

test('who comes back tells when it was tried in vain', async () => {
  const clock = {now: 0};
  const place = await joined(stand(new Map(), () => clock.now));
  place.wire.drops();
  for (const [number, at] of [[1, 1000], [2, 4000]]) {
    clock.now = at;
    place.timers.at(-1).run();
    place.wires[number].drops();
  }
  clock.now = 9400;
  place.timers.at(-1).run();
  place.wires[3].opens();
  assert.deepEqual(place.wires[3].last, {type: 'join', code: '1234567890', resume: 'token-1', tried: [8, 5], ref: '2'});
  place.wires[3].says({type: 'joined', resume: 'token-1', ref: '2'});
  await settle();
  assert.deepEqual(place.protocol.tried, []);
});

test('answers find who asked, by ref', async () => {
  const {protocol, wire} = await joined();
  const first = protocol.ask({type: 'view', source: 'camera:a'});
  const second = protocol.ask({type: 'offer', sdp: 'v=0'});
  wire.says({type: 'answer', sdp: 'v=1', ref: '3'});
  wire.says({type: 'error', error: 'unknown-seat', text: 'x', ref: '2'});
  assert.equal((await second).sdp, 'v=1');
  await assert.rejects(first, ({word}) => word === 'unknown-seat');
});

test('what nobody asked for is told to the page', async () => {
  const {protocol, wire} = await joined();
  const told = [];
  protocol.addEventListener('message', ({detail}) => told.push(detail));
  protocol.addEventListener('fault', ({detail}) => told.push(detail.word));
  wire.says({type: 'speaking', seat: 'a'});
  wire.says({type: 'error', error: 'forbidden', text: 'x'});
  assert.deepEqual(told, [{type: 'speaking', seat: 'a'}, 'forbidden']);
});

/** Let so many milliseconds pass: what is due by then runs, in its order. */
function elapse(place, clock, ms) {
  const end = clock.now + ms;
  const next = () => place.timers.filter(({done, at}) => !done && at <= end).sort((a, b) => a.at - b.at)[0];
  for (let timer = next(); timer; timer = next()) {
    timer.done = true;
    clock.now = timer.at;
    timer.run();
  }
  clock.now = end;
}

/** A protocol that has joined and whose timers run as its clock does. */
async function timed() {
  const clock = {now: 0};
  const place = stand(new Map(), () => clock.now);
  place.protocol.delay = (ms, run) => place.timers.push({run, at: clock.now + ms});
  return {...(await joined(place)), clock};
}

test('a socket that does not open is given up for another', () => {
  const clock = {now: 0};
  const place = stand(new Map(), () => clock.now);
  place.protocol.delay = (ms, run) => place.timers.push({run, at: clock.now + ms});
  place.protocol.start();
  elapse(place, clock, 7999);
  assert.deepEqual([place.protocol.status, place.wires.length], ['connecting', 1]);
  elapse(place, clock, 1 + 250);
  assert.deepEqual([place.wires[0].closed, place.wires.length], [true, 2]);
});

test('a line that answers nothing is dead, and what was said to it was not heard', async () => {
  const place = await timed();
  const lost = [];
  place.protocol.addEventListener('unsaid', ({detail}) => lost.push(detail.type));
  elapse(place, place.clock, 3000);
  place.wire.says({type: 'speaking', seat: 'a'});
  elapse(place, place.clock, 3900);
  assert.deepEqual(place.wire.sent.map(({type}) => type), ['join']);
  place.protocol.say({type: 'hand', raised: true});
  elapse(place, place.clock, 1200);
  assert.deepEqual(place.wire.last, {type: 'ping', ref: '2'});
  elapse(place, place.clock, 7999); // it may be busy with what was said
  assert.deepEqual([place.protocol.status, lost, place.wire.closed], ['lost', ['hand'], true]);
});

test('a line that is silent is dead the sooner when there is nothing to be done', async () => {
  const place = await timed();
  elapse(place, place.clock, 7999);
  assert.equal(place.protocol.status, 'joined');
  elapse(place, place.clock, 1);
  assert.equal(place.protocol.status, 'lost');
});

test('who answers is alive, also at the door, and has heard what was said', async () => {
  const place = await timed();
  const lost = [];
  place.protocol.addEventListener('unsaid', ({detail}) => lost.push(detail.type));
  place.protocol.say({type: 'hand', raised: true});
  elapse(place, place.clock, 4000);
  place.wire.says({type: 'pong', ref: place.wire.last.ref});
  place.protocol.become('waiting');
  elapse(place, place.clock, 4000);
  assert.deepEqual(place.wire.sent.map(({type}) => type), ['join', 'hand', 'ping', 'ping']);
  place.wire.says({type: 'pong', ref: place.wire.last.ref});
  place.wire.drops();
  assert.deepEqual(lost, []);
});

test('questions die with their socket', async () => {
  const {protocol, wire} = await joined();
  const asked = protocol.ask({type: 'offer', sdp: 'v=0'});
  wire.drops();
  await assert.rejects(asked, ({word}) => word === 'lost');
  await assert.rejects(protocol.ask({type: 'offer', sdp: 'v=0'}), ({word}) => word === 'lost');
});

test('a server that does not answer is left', async () => {
  const {protocol, wire, timers} = await joined();
  const asked = protocol.ask({type: 'offer', sdp: 'v=0'});
  timers.at(-1).run();
  await assert.rejects(asked, ({word}) => word === 'no-answer');
  assert.equal(wire.closed, true);
  assert.equal(protocol.status, 'lost');
});

test('an answer in time keeps the socket when the time is over', async () => {
  const {protocol, timers} = await joined();
  timers[0].run();
  assert.equal(protocol.status, 'joined');
});

test('a refused code ends the attempt and says why', async () => {
  const place = stand();
  place.protocol.start();
  place.wires[0].opens();
  place.wires[0].says({type: 'error', error: 'too-early', opens: '2026-04-05T01:00:00Z', text: 'x', ref: '1'});
  await settle();
  assert.equal(place.protocol.status, 'refused');
  assert.equal(place.protocol.refusal.facts.opens, '2026-04-05T01:00:00Z');
  assert.equal(place.wires[0].closed, true);
});

test('a passing refusal is tried again', async () => {
  const place = stand();
  place.protocol.start();
  place.wires[0].opens();
  place.wires[0].says({type: 'error', error: 'unavailable', text: 'x', ref: '1'});
  await settle();
  assert.equal(place.protocol.status, 'lost');
  place.timers.at(-1).run();
  assert.equal(place.wires.length, 2);
});

test('bye ends, except when the server only restarts', async () => {
  const replaced = await joined();
  replaced.wire.says({type: 'bye', reason: 'replaced'});
  replaced.wire.drops();
  assert.deepEqual([replaced.protocol.status, replaced.protocol.reason], ['ended', 'replaced']);
  const restarted = await joined();
  restarted.wire.says({type: 'bye', reason: 'shutdown'});
  assert.equal(restarted.protocol.status, 'lost');
});

test('leaving says so, forgets the token and does not come back', async () => {
  const {protocol, wire, store, timers} = await joined();
  protocol.leave();
  wire.drops();
  assert.deepEqual(wire.last, {type: 'leave'});
  assert.equal(store.size, 0);
  assert.equal(protocol.status, 'ended');
  for (const {run} of timers) run();
  assert.equal(protocol.status, 'ended');
});

test('the old socket has no say after a new one was opened', async () => {
  const place = await joined();
  place.protocol.drop();
  place.timers.at(-1).run();
  place.wire.drops();
  place.wire.says({type: 'bye', reason: 'removed'});
  assert.equal(place.protocol.status, 'connecting');
});

/** A place whose meeting is lost, and what is then heard of messages that were not said. */
async function lost() {
  const place = await joined();
  const unsaid = [];
  place.protocol.addEventListener('unsaid', ({detail}) => unsaid.push(detail));
  place.wire.drops();
  return {...place, unsaid};
}

/** Run what waits for so long, once. @param {{ms: number, run: () => void}[]} timers @param {number} ms */
function pass(timers, ms) {
  for (const timer of timers.filter(each => each.ms === ms)) {
    timers.splice(timers.indexOf(timer), 1);
    timer.run();
  }
}

test('what is said while the meeting is lost is said after joining, in order, once', async () => {
  const place = await lost();
  place.protocol.say({type: 'hand', raised: true});
  pass(place.timers, 250);
  const wire = place.wires[1];
  place.protocol.say({type: 'lower', seat: 'a'});
  wire.opens();
  assert.equal(wire.last.type, 'join');
  wire.says({type: 'joined', resume: 'token-2', ref: wire.last.ref});
  await settle();
  assert.deepEqual(wire.sent.slice(1), [{type: 'hand', raised: true}, {type: 'lower', seat: 'a'}]);
  pass(place.timers, 10_000);
  assert.deepEqual(place.unsaid, []);
  wire.drops();
  pass(place.timers, 250);
  place.wires[2].opens();
  place.wires[2].says({type: 'joined', resume: 'token-3', ref: place.wires[2].last.ref});
  await settle();
  assert.equal(place.wires[2].sent.length, 1);
});

test('what cannot be said within ten seconds is not said, and one is told', async () => {
  const place = await lost();
  place.protocol.say({type: 'mute-all'});
  pass(place.timers, 10_000);
  assert.deepEqual(place.unsaid, [{type: 'mute-all'}]);
  pass(place.timers, 250);
  const wire = place.wires[1];
  wire.opens();
  wire.says({type: 'joined', resume: 'token-2', ref: wire.last.ref});
  await settle();
  assert.equal(wire.sent.length, 1);
});

test('at most twenty are kept', async () => {
  const place = await lost();
  for (let seat = 0; seat < 22; seat++) place.protocol.say({type: 'lower', seat});
  assert.deepEqual(place.unsaid, [{type: 'lower', seat: 0}, {type: 'lower', seat: 1}]);
});

test('nothing is kept before a meeting, nor after its end', async () => {
  const {protocol, timers} = stand();
  protocol.say({type: 'hand', raised: true});
  assert.deepEqual([protocol.kept, timers], [[], []]);
  const place = await lost();
  place.protocol.say({type: 'hand', raised: true});
  place.protocol.leave();
  pass(place.timers, 10_000);
  assert.deepEqual([place.protocol.kept, place.unsaid], [[], []]);
});

test('what joining is refused for want of is said once and for all tries', async () => {
  const place = stand();
  place.protocol.start();
  for (const [word, text] of [['notice', 'Giữ kín'], ['dedicated', 'Không chia sẻ']]) {
    const wire = place.wires.at(-1);
    wire.opens();
    wire.says({type: 'error', error: word, text, ref: wire.last.ref});
    await settle();
    assert.deepEqual([place.protocol.status, place.protocol.reason, place.protocol.refusal.message], ['refused', word, text]);
    place.protocol.accept();
  }
  const wire = place.wires.at(-1);
  wire.opens();
  const {ref, ...asked} = wire.last;
  assert.deepEqual(asked, {type: 'join', code: '1234567890', accepted: true, dedicated: true});
});
