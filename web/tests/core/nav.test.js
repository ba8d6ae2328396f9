import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {PAGES, home, shown} from '../../core/nav.js';

const ROOT = new URL('../..', import.meta.url);

test('every page of the navigation is there, once, with a label and a picture', async () => {
  const files = await readdir(ROOT);
  const words = JSON.parse(await readFile(new URL('i18n/vi.json', ROOT), 'utf8'));
  const sprite = await readFile(new URL('icons.svg', ROOT), 'utf8');
  const faults = PAGES.filter(
    ({page, picture}) => !files.includes(`${page}.html`) || !words[`nav.${page}`] || !sprite.includes(`<symbol id="${picture}"`),
  );
  assert.deepEqual(faults, []);
  assert.equal(new Set(PAGES.map(({page}) => page)).size, PAGES.length);
});

test('everybody is shown what is for everybody, and nobody what is for others', () => {
  const open = PAGES.filter(({roles}) => !roles).map(({page}) => page);
  const {bar, fold} = shown([]);
  assert.deepEqual(PAGES.filter(page => [...bar, ...fold].includes(page)).map(({page}) => page), open);
  const all = shown(['administrator', 'technician', 'registrant', 'site', 'supervisor']);
  assert.deepEqual(PAGES.filter(page => [...all.bar, ...all.fold].includes(page)), PAGES);
  const outsider = shown(['provider']);
  assert.deepEqual([outsider.bar.map(({page}) => page), outsider.fold], [['lines'], []]);
  assert.deepEqual([home(['provider']), home([]), home(['administrator']), home(['supervisor'])], ['lines.html', 'sessions.html', 'sessions.html', 'supervision.html']);
});
