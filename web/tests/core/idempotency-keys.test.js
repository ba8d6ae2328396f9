import assert from 'node:assert/strict';
import {test} from 'node:test';
import {IdempotencyKeys, InFlightRequests, sendWithKey} from '../../core/idempotency-keys.js';

const DAY_MS = 86_400_000;

/** Make numbered keys over one storage and a clock that the test moves. */
function numberedKeys(clock = {now: 0}) {
  const stored = new Map();
  const storage = {getItem: name => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value)};
  let made = 0;
  return {storage, make: () => new IdempotencyKeys(storage, () => `key-${(made += 1)}`, () => clock.now)};
}

const response = (status, body = {}) => new Response(JSON.stringify(body), {status});
const BUSY = {type: 'urn:diemcau:in-progress'};

test('a request without a response is sent again with the same key, also after a reload', async () => {
  const {make} = numberedKeys();
  const sent = [];
  const lost = async key => {
    sent.push(key);
    throw new TypeError('network');
  };
  await assert.rejects(sendWithKey(make(), 'a', lost));
  await assert.rejects(sendWithKey(make(), 'a', lost));
  await assert.rejects(sendWithKey(make(), 'b', lost));
  assert.deepEqual(sent, ['key-1', 'key-1', 'key-2']);
});

test('a response, an error of the client included, ends a key; an error of the server does not', async () => {
  const keys = numberedKeys().make();
  const sent = [];
  for (const status of [503, 500, 201, 409, 422, 200])
    await sendWithKey(keys, 'a', async key => {
      sent.push(key);
      return response(status);
    });
  assert.deepEqual(sent, ['key-1', 'key-1', 'key-1', 'key-2', 'key-3', 'key-4']);
});

test('while the server processes a request, it is sent again with the same key until there is a response', async () => {
  const keys = numberedKeys().make();
  const [responses, sent, pauses] = [[response(409, BUSY), response(409, BUSY), response(201, {id: 's'})], [], []];
  const got = await sendWithKey(keys, 'a', async key => (sent.push(key), responses.shift()), async ms => pauses.push(ms));
  assert.deepEqual([got.status, await got.json(), sent, pauses], [201, {id: 's'}, ['key-1', 'key-1', 'key-1'], [2000, 2000]]);
  const never = await sendWithKey(keys, 'b', async () => response(409, BUSY), async () => {});
  assert.deepEqual([never.status, await never.json()], [409, BUSY]);
});

test('a key older than the server keeps it is not used again, and few keys are stored', () => {
  const clock = {now: 0};
  const {make, storage} = numberedKeys(clock);
  const keys = make();
  assert.equal(keys.keyFor('a'), 'key-1');
  clock.now = DAY_MS - 1;
  assert.equal(keys.keyFor('a'), 'key-1');
  clock.now = DAY_MS;
  assert.equal(keys.keyFor('a'), 'key-2');
  for (let each = 0; each < 300; each += 1) keys.keyFor(`n${each}`);
  assert.ok(Object.keys(JSON.parse(storage.getItem('idempotency-keys'))).length <= 101);
  assert.equal(keys.keyFor('n299'), 'key-302');
});

test('two taps at once are one request with one response', async () => {
  const inFlight = new InFlightRequests();
  let sent = 0;
  const ask = async () => (sent += 1);
  const both = await Promise.all([inFlight.share('a', ask), inFlight.share('a', ask)]);
  assert.deepEqual([both, sent, await inFlight.share('a', ask)], [[1, 1], 1, 2]);
  await assert.rejects(inFlight.share('b', async () => { throw new Error('no'); }));
  assert.equal(await inFlight.share('b', ask), 3);
});
