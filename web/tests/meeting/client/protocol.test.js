import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Protocol} from '../../../meeting/client/protocol.js';

/** A WebSocket whose server is the test. */
class FakeSocket extends EventTarget {
  sent = [];
  closed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  open() {
    this.dispatchEvent(new Event('open'));
  }
  receive(message) {
    this.dispatchEvent(Object.assign(new Event('message'), {data: JSON.stringify(message)}));
  }
  drop() {
    this.dispatchEvent(new Event('close'));
  }
  get last() {
    return this.sent.at(-1);
  }
}

/** Make a protocol on fake sockets, with timers and a store that the test controls. */
function protocolFixture(store = new Map(), now = () => 0, random = () => 0.5) {
  const sockets = [];
  const timers = [];
  const statuses = [];
  const protocol = new Protocol({
    code: '1234567890',
    open: () => sockets[sockets.push(new FakeSocket()) - 1],
    store: {getItem: key => store.get(key) ?? null, setItem: (key, value) => store.set(key, value), removeItem: key => store.delete(key)},
    delay: (ms, run) => timers.push({ms, run}),
    now,
    random,
  });
  protocol.addEventListener('status', ({detail}) => statuses.push(detail));
  return {protocol, sockets, timers, statuses, store};
}

/** Let promises settle. */
const settle = () => new Promise(resolve => setImmediate(resolve));

async function joinedFixture(fixture = protocolFixture()) {
  fixture.protocol.start();
  const socket = fixture.sockets.at(-1);
  socket.open();
  socket.receive({type: 'joined', resume: 'token-1', ref: socket.last.ref});
  await settle();
  return {...fixture, socket};
}

test('joins with the code and keeps the token', async () => {
  const {socket, store, statuses} = await joinedFixture();
  assert.deepEqual(socket.sent, [{type: 'join', code: '1234567890', ref: '1'}]);
  assert.deepEqual([...store], [['resume:1234567890', 'token-1']]);
  assert.deepEqual(statuses, ['connecting', 'joined']);
});

test('a lost socket is replaced after a growing wait, with the token', async () => {
  const fixture = await joinedFixture();
  fixture.socket.drop();
  assert.equal(fixture.timers.at(-1).ms, 250);
  fixture.timers.at(-1).run();
  fixture.sockets[1].drop();
  assert.equal(fixture.timers.at(-1).ms, 500);
  fixture.timers.at(-1).run();
  fixture.sockets[2].open();
  assert.deepEqual(fixture.sockets[2].last, {type: 'join', code: '1234567890', resume: 'token-1', tried: [0], ref: '2'});
  assert.deepEqual(fixture.statuses, ['connecting', 'joined', 'lost', 'connecting', 'lost', 'connecting']);
});

test('a client tries every half second for ten seconds, then every two, and not at once with the others', async () => {
  let chance = 0.5;
  const fixture = await joinedFixture(protocolFixture(new Map(), () => 0, () => chance));
  const waits = [];
  for (let attempt = 0; attempt < 22; attempt++) {
    fixture.sockets.at(-1).drop();
    waits.push(fixture.timers.at(-1).ms);
    fixture.timers.at(-1).run();
  }
  assert.deepEqual(waits, [250, ...Array(19).fill(500), 2000, 2000]);
  const spread = [0, 0.99].map(each => {
    chance = each;
    fixture.sockets.at(-1).drop();
    const {ms, run} = fixture.timers.at(-1);
    run();
    return ms;
  });
  assert.deepEqual(spread, [1000, 2980]);
});

test('a client that reconnects reports its failed attempts', async () => {
  const clock = {now: 0};
  const fixture = await joinedFixture(protocolFixture(new Map(), () => clock.now));
  fixture.socket.drop();
  for (const [number, at] of [[1, 1000], [2, 4000]]) {
    clock.now = at;
    fixture.timers.at(-1).run();
    fixture.sockets[number].drop();
  }
  clock.now = 9400;
  fixture.timers.at(-1).run();
  fixture.sockets[3].open();
  assert.deepEqual(fixture.sockets[3].last, {type: 'join', code: '1234567890', resume: 'token-1', tried: [8, 5], ref: '2'});
  fixture.sockets[3].receive({type: 'joined', resume: 'token-1', ref: '2'});
  await settle();
  assert.deepEqual(fixture.protocol.failedAttempts, []);
});

test('replies are matched with requests by ref', async () => {
  const {protocol, socket} = await joinedFixture();
  const first = protocol.request({type: 'view', source: 'camera:a'});
  const second = protocol.request({type: 'offer', sdp: 'v=0'});
  socket.receive({type: 'answer', sdp: 'v=1', ref: '3'});
  socket.receive({type: 'error', error: 'unknown-seat', text: 'x', ref: '2'});
  assert.equal((await second).sdp, 'v=1');
  await assert.rejects(first, ({word}) => word === 'unknown-seat');
});

test('a command is carried out once a ping after it is answered, unless it was refused', async () => {
  const {protocol, socket} = await joinedFixture();
  const passedOn = [];
  protocol.addEventListener('message', ({detail}) => passedOn.push(detail));
  const renamed = protocol.confirm({type: 'rename', point: 'a', label: 'Hội trường'});
  assert.deepEqual(socket.sent.slice(-2), [{type: 'rename', point: 'a', label: 'Hội trường', ref: '2'}, {type: 'ping', ref: '3'}]);
  socket.receive({type: 'pong', ref: '3'});
  await renamed;
  const removed = protocol.confirm({type: 'remove', point: 'a', reason: 'nhiễu'});
  socket.receive({type: 'removed', points: ['a'], ref: '4'});
  await removed;
  assert.deepEqual(passedOn, [{type: 'removed', points: ['a'], ref: '4'}]);
  const refused = protocol.confirm({type: 'remove', point: 'b', reason: 'nhiễu'});
  socket.receive({type: 'error', error: 'unknown-seat', ref: '6'});
  await assert.rejects(refused, ({word}) => word === 'unknown-seat');
  for (const ref of ['5', '7']) socket.receive({type: 'pong', ref});
  assert.deepEqual([...protocol.pending], []);
  socket.drop();
  await assert.rejects(protocol.confirm({type: 'rename', point: 'a', label: 'x'}), ({word}) => word === 'lost');
});

test('messages without a ref are passed on to the page', async () => {
  const {protocol, socket} = await joinedFixture();
  const passedOn = [];
  protocol.addEventListener('message', ({detail}) => passedOn.push(detail));
  protocol.addEventListener('fault', ({detail}) => passedOn.push(detail.word));
  socket.receive({type: 'speaking', seat: 'a'});
  socket.receive({type: 'error', error: 'forbidden', text: 'x'});
  assert.deepEqual(passedOn, [{type: 'speaking', seat: 'a'}, 'forbidden']);
});

/** Advance the clock and run the timers that are due, in their order. */
function advance(fixture, clock, ms) {
  const end = clock.now + ms;
  const next = () => fixture.timers.filter(({done, at}) => !done && at <= end).sort((a, b) => a.at - b.at)[0];
  for (let timer = next(); timer; timer = next()) {
    timer.done = true;
    clock.now = timer.at;
    timer.run();
  }
  clock.now = end;
}

/** Make a protocol that has joined and whose timers run by its clock. */
async function timedFixture() {
  const clock = {now: 0};
  const fixture = protocolFixture(new Map(), () => clock.now);
  fixture.protocol.delay = (ms, run) => fixture.timers.push({run, at: clock.now + ms});
  return {...(await joinedFixture(fixture)), clock};
}

test('a socket that does not open is replaced', () => {
  const clock = {now: 0};
  const fixture = protocolFixture(new Map(), () => clock.now);
  fixture.protocol.delay = (ms, run) => fixture.timers.push({run, at: clock.now + ms});
  fixture.protocol.start();
  advance(fixture, clock, 7999);
  assert.deepEqual([fixture.protocol.status, fixture.sockets.length], ['connecting', 1]);
  advance(fixture, clock, 1 + 250);
  assert.deepEqual([fixture.sockets[0].closed, fixture.sockets.length], [true, 2]);
});

test('a socket without a reply is dead, and messages sent to it are undelivered', async () => {
  const fixture = await timedFixture();
  const lost = [];
  fixture.protocol.addEventListener('undelivered', ({detail}) => lost.push(detail.type));
  advance(fixture, fixture.clock, 3000);
  fixture.socket.receive({type: 'speaking', seat: 'a'});
  advance(fixture, fixture.clock, 3900);
  assert.deepEqual(fixture.socket.sent.map(({type}) => type), ['join']);
  fixture.protocol.send({type: 'hand', raised: true});
  advance(fixture, fixture.clock, 1200);
  assert.deepEqual(fixture.socket.last, {type: 'ping', ref: '2'});
  advance(fixture, fixture.clock, 7999); // the server may be busy with the message
  assert.deepEqual([fixture.protocol.status, lost, fixture.socket.closed], ['lost', ['hand'], true]);
});

test('a silent socket is dead sooner when no message is unconfirmed', async () => {
  const fixture = await timedFixture();
  advance(fixture, fixture.clock, 7999);
  assert.equal(fixture.protocol.status, 'joined');
  advance(fixture, fixture.clock, 1);
  assert.equal(fixture.protocol.status, 'lost');
});

test('a server that replies is alive, also in the waiting room, and has received earlier messages', async () => {
  const fixture = await timedFixture();
  const lost = [];
  fixture.protocol.addEventListener('undelivered', ({detail}) => lost.push(detail.type));
  fixture.protocol.send({type: 'hand', raised: true});
  advance(fixture, fixture.clock, 4000);
  fixture.socket.receive({type: 'pong', ref: fixture.socket.last.ref});
  fixture.protocol.setStatus('waiting');
  advance(fixture, fixture.clock, 4000);
  assert.deepEqual(fixture.socket.sent.map(({type}) => type), ['join', 'hand', 'ping', 'ping']);
  fixture.socket.receive({type: 'pong', ref: fixture.socket.last.ref});
  fixture.socket.drop();
  assert.deepEqual(lost, []);
});

test('requests are rejected with their socket', async () => {
  const {protocol, socket} = await joinedFixture();
  const reply = protocol.request({type: 'offer', sdp: 'v=0'});
  socket.drop();
  await assert.rejects(reply, ({word}) => word === 'lost');
  await assert.rejects(protocol.request({type: 'offer', sdp: 'v=0'}), ({word}) => word === 'lost');
});

test('a server that does not reply is dropped', async () => {
  const {protocol, socket, timers} = await joinedFixture();
  const reply = protocol.request({type: 'offer', sdp: 'v=0'});
  timers.at(-1).run();
  await assert.rejects(reply, ({word}) => word === 'no-answer');
  assert.equal(socket.closed, true);
  assert.equal(protocol.status, 'lost');
});

test('a socket that does not open is given up, sooner where it is to bring back a seat', async () => {
  const fixture = await joinedFixture();
  const limits = [fixture.timers[0].ms];
  fixture.socket.drop();
  for (const attempt of [1, 2, 3, 4]) {
    fixture.timers.at(-1).run(); // the pause is over
    limits.push(fixture.timers.at(-2).ms);
    fixture.timers.at(-2).run();
    assert.equal(fixture.sockets.length, attempt + 1);
    assert.equal(fixture.sockets.at(-1).closed, true);
    assert.equal(fixture.protocol.status, 'lost');
  }
  assert.deepEqual(limits, [8000, 3000, 6000, 8000, 8000]);
});

test('a reply in time keeps the socket after the limit', async () => {
  const {protocol, timers} = await joinedFixture();
  timers[0].run();
  assert.equal(protocol.status, 'joined');
});

test('a refused code ends the attempt and says why', async () => {
  const fixture = protocolFixture();
  fixture.protocol.start();
  fixture.sockets[0].open();
  fixture.sockets[0].receive({type: 'error', error: 'too-early', opens: '2026-04-05T01:00:00Z', text: 'x', ref: '1'});
  await settle();
  assert.equal(fixture.protocol.status, 'refused');
  assert.equal(fixture.protocol.refusal.facts.opens, '2026-04-05T01:00:00Z');
  assert.equal(fixture.sockets[0].closed, true);
});

test('after a passing error joining is tried again', async () => {
  const fixture = protocolFixture();
  fixture.protocol.start();
  fixture.sockets[0].open();
  fixture.sockets[0].receive({type: 'error', error: 'unavailable', text: 'x', ref: '1'});
  await settle();
  assert.equal(fixture.protocol.status, 'lost');
  fixture.timers.at(-1).run();
  assert.equal(fixture.sockets.length, 2);
});

test('bye ends, except when the server only restarts', async () => {
  const replaced = await joinedFixture();
  replaced.socket.receive({type: 'bye', reason: 'replaced'});
  replaced.socket.drop();
  assert.deepEqual([replaced.protocol.status, replaced.protocol.reason], ['ended', 'replaced']);
  const restarted = await joinedFixture();
  restarted.socket.receive({type: 'bye', reason: 'shutdown'});
  assert.equal(restarted.protocol.status, 'lost');
});

test('leaving tells the server, forgets the token and does not reconnect', async () => {
  const {protocol, socket, store, timers} = await joinedFixture();
  protocol.leave();
  socket.drop();
  assert.deepEqual(socket.last, {type: 'leave'});
  assert.equal(store.size, 0);
  assert.equal(protocol.status, 'ended');
  for (const {run} of timers) run();
  assert.equal(protocol.status, 'ended');
});

test('the old socket has no effect after a new one was opened', async () => {
  const fixture = await joinedFixture();
  fixture.protocol.drop();
  fixture.timers.at(-1).run();
  fixture.socket.drop();
  fixture.socket.receive({type: 'bye', reason: 'removed'});
  assert.equal(fixture.protocol.status, 'connecting');
});

/** Make a protocol whose socket is lost, with the messages it reports as undelivered. */
async function lostFixture() {
  const fixture = await joinedFixture();
  const undelivered = [];
  fixture.protocol.addEventListener('undelivered', ({detail}) => undelivered.push(detail));
  fixture.socket.drop();
  return {...fixture, undelivered};
}

/** Run the timers of a delay, once. @param {{ms: number, run: () => void}[]} timers @param {number} ms */
function runTimers(timers, ms) {
  for (const timer of timers.filter(each => each.ms === ms)) {
    timers.splice(timers.indexOf(timer), 1);
    timer.run();
  }
}

test('messages sent while the meeting is lost are sent after joining, in order, once', async () => {
  const fixture = await lostFixture();
  fixture.protocol.send({type: 'hand', raised: true});
  runTimers(fixture.timers, 250);
  const socket = fixture.sockets[1];
  fixture.protocol.send({type: 'lower', seat: 'a'});
  socket.open();
  assert.equal(socket.last.type, 'join');
  socket.receive({type: 'joined', resume: 'token-2', ref: socket.last.ref});
  await settle();
  assert.deepEqual(socket.sent.slice(1), [{type: 'hand', raised: true}, {type: 'lower', seat: 'a'}]);
  runTimers(fixture.timers, 10_000);
  assert.deepEqual(fixture.undelivered, []);
  socket.drop();
  runTimers(fixture.timers, 250);
  fixture.sockets[2].open();
  fixture.sockets[2].receive({type: 'joined', resume: 'token-3', ref: fixture.sockets[2].last.ref});
  await settle();
  assert.equal(fixture.sockets[2].sent.length, 1);
});

test('messages that cannot be sent within ten seconds are dropped and reported as undelivered', async () => {
  const fixture = await lostFixture();
  fixture.protocol.send({type: 'mute-all'});
  runTimers(fixture.timers, 10_000);
  assert.deepEqual(fixture.undelivered, [{type: 'mute-all'}]);
  runTimers(fixture.timers, 250);
  const socket = fixture.sockets[1];
  socket.open();
  socket.receive({type: 'joined', resume: 'token-2', ref: socket.last.ref});
  await settle();
  assert.equal(socket.sent.length, 1);
});

test('at most twenty messages are queued', async () => {
  const fixture = await lostFixture();
  for (let seat = 0; seat < 22; seat++) fixture.protocol.send({type: 'lower', seat});
  assert.deepEqual(fixture.undelivered, [{type: 'lower', seat: 0}, {type: 'lower', seat: 1}]);
});

test('no message is queued before a meeting, nor after its end', async () => {
  const {protocol, timers} = protocolFixture();
  protocol.send({type: 'hand', raised: true});
  assert.deepEqual([protocol.queued, timers], [[], []]);
  const fixture = await lostFixture();
  fixture.protocol.send({type: 'hand', raised: true});
  fixture.protocol.leave();
  runTimers(fixture.timers, 10_000);
  assert.deepEqual([fixture.protocol.queued, fixture.undelivered], [[], []]);
});

test('an accepted notice and a declaration are sent in every later join', async () => {
  const fixture = protocolFixture();
  fixture.protocol.start();
  for (const [word, text] of [['notice', 'Giữ kín'], ['dedicated', 'Không chia sẻ']]) {
    const socket = fixture.sockets.at(-1);
    socket.open();
    socket.receive({type: 'error', error: word, text, ref: socket.last.ref});
    await settle();
    assert.deepEqual([fixture.protocol.status, fixture.protocol.reason, fixture.protocol.refusal.message], ['refused', word, text]);
    fixture.protocol.accept();
  }
  const socket = fixture.sockets.at(-1);
  socket.open();
  const {ref, ...asked} = socket.last;
  assert.deepEqual(asked, {type: 'join', code: '1234567890', accepted: true, dedicated: true});
});
