import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

const ROOT = new URL('..', import.meta.url);

const file = async name => JSON.parse(await readFile(new URL(`i18n/${name}.json`, ROOT), 'utf8'));
const words = async language => ({...(await file(language)), ...(await file(`office/${language}`))});

/** All our own sources, with their names. */
async function sources(ending) {
  const names = await readdir(ROOT, {recursive: true});
  const ours = names.filter(name => name.endsWith(ending) && !/^(?:vendor|node_modules|tests)\b/.test(name));
  return Promise.all(ours.map(async name => [name, await readFile(new URL(name, ROOT), 'utf8')]));
}

const placeholders = value => [...new Set(JSON.stringify(value).match(/\{\d\}/g))].sort();

test('both languages have the same keys with the same placeholders', async () => {
  const [vi, en] = [await words('vi'), await words('en')];
  assert.deepEqual(Object.keys(en), Object.keys(vi));
  for (const key of Object.keys(vi)) assert.deepEqual([key, placeholders(en[key])], [key, placeholders(vi[key])]);
});

/** The scripts of some pages, with all that they import. */
async function scriptsOf(pages) {
  const found = new Map();
  const visit = async url => {
    if (found.has(url.href)) return;
    const text = await readFile(url, 'utf8');
    found.set(url.href, text);
    for (const [, path] of text.matchAll(/(?:from|import) ?\(?'(\.[^']+\.js)'/g)) await visit(new URL(path, url));
  };
  for (const page of pages) for (const [, path] of (await readFile(new URL(page, ROOT), 'utf8')).matchAll(/src="([^"]+\.js)"/g)) await visit(new URL(path, ROOT));
  return [...found];
}

test('pages of meetings name no text that they do not fetch', async () => {
  const names = (await readdir(ROOT)).filter(name => name.endsWith('.html'));
  const pages = await Promise.all(names.map(async name => [name, await readFile(new URL(name, ROOT), 'utf8')]));
  const meeting = pages.filter(([, text]) => text.includes('data-words="meeting"')).map(([name]) => name);
  assert.deepEqual(meeting.sort(), ['display.html', 'host.html', 'room.html']);
  const areas = new Set(Object.keys(await file('office/vi')).map(key => key.split('.')[0]));
  const scripts = await scriptsOf(meeting);
  assert.ok(scripts.length > 80, `${scripts.length} scripts`);
  const named = scripts.flatMap(([name, text]) => [...text.matchAll(/['"`]([a-z-]+)\./g)].filter(([, area]) => areas.has(area)).map(([, area]) => `${name}: ${area}`));
  assert.deepEqual(named, []);
  const common = new Set(Object.keys(await file('vi')).map(key => key.split('.')[0]));
  assert.deepEqual([...areas].filter(area => common.has(area)), []);
});

test('every i18n key that a source names exists', async () => {
  const known = await words('vi');
  const missing = [];
  for (const [name, text] of await sources('.js')) {
    for (const [, key] of text.matchAll(/\b(?:t|setTitle|notice)\(\s*'([^']+)'/g)) if (!(key in known)) missing.push(`${name}: ${key}`);
    for (const [, start] of text.matchAll(/\b(?:t|notice)\([^`')]*`([^`$]+)\$\{/g))
      if (!Object.keys(known).some(key => key.startsWith(start))) missing.push(`${name}: ${start}*`);
  }
  assert.deepEqual(missing, []);
});

test('every error and bye reason of the server has a text', async () => {
  const known = await words('vi');
  const protocol = await readFile(new URL('../docs/protocol.md', ROOT), 'utf8');
  const errors = protocol.match(/^Words: ([\s\S]*?)\n\n/m)[1].matchAll(/`([a-z-]+)`/g);
  const keys = [...errors].map(([, word]) => word).filter(word => word !== 'opens').map(word => `error.${word}`);
  const byes = ['left', 'replaced', 'removed', 'ended', 'cancelled', 'revoked', 'turned-away', 'signed-out'].map(reason => `bye.${reason}`);
  assert.deepEqual([...keys, ...byes].filter(key => !(key in known)), []);
});

test('every icon that a source names is drawn', async () => {
  const sprite = await readFile(new URL('icons.svg', ROOT), 'utf8');
  const drawn = new Set([...sprite.matchAll(/<symbol id="([^"]+)"/g)].map(([, id]) => id));
  const named = [];
  for (const [, text] of await sources('.js')) for (const [, id] of text.matchAll(/\bicon\('([^']+)'/g)) named.push(id);
  assert.deepEqual(named.filter(id => !drawn.has(id)), []);
});

test('pages need nothing that the content policy forbids, and nothing from elsewhere', async () => {
  const faults = [];
  for (const [name, text] of [...(await sources('.html')), ...(await sources('.js')), ...(await sources('.css'))])
    for (const [pattern, what] of [[/\sstyle=/, 'inline style'], [/\son[a-z]+="/, 'inline handler'], [/<script(?=[\s>])(?![^>]*\ssrc=)[^>]*>/, 'inline script'], [/(?:src|href|url\()=?["']?https?:/, 'elsewhere']])
      if (pattern.test(text)) faults.push(`${name}: ${what}`);
  assert.deepEqual(faults, []);
});

test('every script opens with a comment that says what it is, and its exported functions and classes are described', async () => {
  const missing = [];
  for (const [name, text] of await sources('.js')) {
    if (!text.startsWith('// ')) missing.push(name);
    for (const [, before, , exported] of text.matchAll(/(.*)\nexport (async )?(?:function|class) (\w+)/g)) if (!before.endsWith('*/')) missing.push(`${name}: ${exported}`);
  }
  assert.deepEqual(missing, []);
});
