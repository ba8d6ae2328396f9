import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Keys, Together, underKey} from '../../core/idempotency-keys.js';

const DAY_MS = 86_400_000;

/** Keys numbered from 1, over a tab's storage and a clock that stands. */
function numbered(clock = {now: 0}) {
  const stored = new Map();
  const storage = {getItem: name => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value)};
  let made = 0;
  return {storage, make: () => new Keys(storage, () => `key-${(made += 1)}`, () => clock.now)};
}

const answer = (status, body = {}) => new Response(JSON.stringify(body), {status});
const BUSY = {type: 'urn:diemcau:in-progress'};

test('what was not answered is asked again under the same key, also after a reload', async () => {
  const {make} = numbered();
  const sent = [];
  const lost = async key => {
    sent.push(key);
    throw new TypeError('network');
  };
  await assert.rejects(underKey(make(), 'a', lost));
  await assert.rejects(underKey(make(), 'a', lost));
  await assert.rejects(underKey(make(), 'b', lost));
  assert.deepEqual(sent, ['key-1', 'key-1', 'key-2']);
});

test('an answer, be it a refusal, ends a key; a fault of the server does not', async () => {
  const keys = numbered().make();
  const sent = [];
  for (const status of [503, 500, 201, 409, 422, 200])
    await underKey(keys, 'a', async key => {
      sent.push(key);
      return answer(status);
    });
  assert.deepEqual(sent, ['key-1', 'key-1', 'key-1', 'key-2', 'key-3', 'key-4']);
});

test('while the server is at it, it is asked again under the same key until it answers', async () => {
  const keys = numbered().make();
  const [answers, sent, pauses] = [[answer(409, BUSY), answer(409, BUSY), answer(201, {id: 's'})], [], []];
  const got = await underKey(keys, 'a', async key => (sent.push(key), answers.shift()), async ms => pauses.push(ms));
  assert.deepEqual([got.status, await got.json(), sent, pauses], [201, {id: 's'}, ['key-1', 'key-1', 'key-1'], [2000, 2000]]);
  const never = await underKey(keys, 'b', async () => answer(409, BUSY), async () => {});
  assert.deepEqual([never.status, await never.json()], [409, BUSY]);
});

test('a key the server has forgotten is not used any longer, and few are kept', () => {
  const clock = {now: 0};
  const {make, storage} = numbered(clock);
  const keys = make();
  assert.equal(keys.of('a'), 'key-1');
  clock.now = DAY_MS - 1;
  assert.equal(keys.of('a'), 'key-1');
  clock.now = DAY_MS;
  assert.equal(keys.of('a'), 'key-2');
  for (let each = 0; each < 300; each += 1) keys.of(`n${each}`);
  assert.ok(Object.keys(JSON.parse(storage.getItem('idempotency-keys'))).length <= 101);
  assert.equal(keys.of('n299'), 'key-302');
});

test('two taps at once are one request with one answer', async () => {
  const together = new Together();
  let asked = 0;
  const ask = async () => (asked += 1);
  const both = await Promise.all([together.once('a', ask), together.once('a', ask)]);
  assert.deepEqual([both, asked, await together.once('a', ask)], [[1, 1], 1, 2]);
  await assert.rejects(together.once('b', async () => { throw new Error('no'); }));
  assert.equal(await together.once('b', ask), 3);
});
