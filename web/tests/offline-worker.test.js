import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

const ROOT = new URL('..', import.meta.url);
const read = name => readFile(new URL(name, ROOT));

/** Run the worker with a stand-in for its scope; return its listeners and what it keeps. */
async function worker({fetch, stored = {}}) {
  const listeners = {};
  const deleted = [];
  const self = {addEventListener: (name, run) => (listeners[name] = run), skipWaiting: async () => {}};
  const names = ['offline-old', 'other'];
  const caches = {match: async file => stored[file], keys: async () => names, delete: async name => deleted.push(name)};
  const source = String(await read('offline-worker.js'));
  const {FILES, VERSION} = new Function('self', 'caches', 'fetch', 'location', 'Response', `${source}; return {FILES, VERSION};`)(self, caches, fetch, new URL('https://hop.vn/offline-worker.js'), {error: () => 'error'});
  return {FILES, VERSION, listeners, deleted};
}

/** Return how the worker answers a request: undefined when the browser shall fetch as ever. */
async function answer({listeners}, url, {mode = 'no-cors', method = 'GET'} = {}) {
  let given;
  listeners.fetch({request: {url, mode, method}, respondWith: promised => (given = promised)});
  return given && (await given);
}

const gone = async () => {
  throw new TypeError('no network');
};
const PAGE = 'offline page';
const stored = {'offline.html': PAGE, '/offline.css': 'css', '/icon.svg': 'icon'};

test('the version of the kept files is that of their contents', async () => {
  const {FILES, VERSION} = await worker({fetch: gone});
  const hash = createHash('sha256');
  for (const name of FILES) hash.update(await read(name));
  assert.equal(VERSION, hash.digest('hex').slice(0, 32));
});

test('pages come from the network, and offline the page that says so', async () => {
  const online = await worker({fetch: async () => 'fresh', stored});
  const offline = await worker({fetch: gone, stored});
  for (const path of ['', 'sessions.html?q=1', 'test-room.html']) {
    assert.equal(await answer(online, `https://hop.vn/${path}`, {mode: 'navigate'}), 'fresh');
    assert.equal(await answer(offline, `https://hop.vn/${path}`, {mode: 'navigate'}), PAGE);
  }
});

test('what is no page, and what pages fetch, is left to the browser', async () => {
  const offline = await worker({fetch: gone, stored});
  const left = [
    await answer(offline, 'https://hop.vn/api/v1/recordings/1/file?ticket=2', {mode: 'navigate'}),
    await answer(offline, 'https://hop.vn/calendar/x.ics', {mode: 'navigate'}),
    await answer(offline, 'https://hop.vn/app.css'),
    await answer(offline, 'https://hop.vn/core/api.js'),
    await answer(offline, 'https://hop.vn/api/v1/me', {mode: 'cors'}),
    await answer(offline, 'https://elsewhere.vn/', {mode: 'navigate'}),
    await answer(offline, 'https://hop.vn/', {mode: 'navigate', method: 'POST'}),
  ];
  assert.deepEqual(left, Array(left.length).fill(undefined));
});

test('the icon that all pages show is fetched anew while there is a network', async () => {
  const icon = 'https://hop.vn/icon.svg';
  assert.equal(await answer(await worker({fetch: async () => 'fresh', stored}), icon), 'fresh');
  assert.equal(await answer(await worker({fetch: gone, stored}), icon), 'icon');
  assert.equal(await answer(await worker({fetch: gone, stored}), 'https://hop.vn/offline.css'), 'css');
});

test('files of earlier versions are forgotten, those of others stay', async () => {
  const {listeners, deleted} = await worker({fetch: gone});
  let done;
  listeners.activate({waitUntil: promised => (done = promised)});
  await done;
  assert.deepEqual(deleted, ['offline-old']);
});

test('every page names the manifest, whose icons are there in their sizes', async () => {
  const pages = (await readdir(ROOT)).filter(name => name.endsWith('.html') && name !== 'offline.html');
  const without = [];
  for (const page of pages) if (!String(await read(page)).includes('<link rel="manifest" href="manifest.webmanifest">')) without.push(page);
  assert.deepEqual(without, []);
  const {icons} = JSON.parse(String(await read('manifest.webmanifest')));
  for (const {src, sizes, type} of icons.filter(({type}) => type === 'image/png')) {
    const bytes = await read(src);
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)].join('x'), sizes, type);
  }
});
