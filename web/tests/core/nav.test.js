import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {PAGES, homePage, navigationFor} from '../../core/nav.js';

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

test('pages without roles are shown to everybody, others to their roles only', () => {
  const open = PAGES.filter(({roles}) => !roles).map(({page}) => page);
  const {bar, fold} = navigationFor([]);
  assert.deepEqual(PAGES.filter(page => [...bar, ...fold].includes(page)).map(({page}) => page), open);
  const all = navigationFor(['administrator', 'technician', 'registrant', 'site', 'supervisor']);
  assert.deepEqual(PAGES.filter(page => [...all.bar, ...all.fold].includes(page)), PAGES);
  const outsider = navigationFor(['provider']);
  assert.deepEqual([outsider.bar.map(({page}) => page), outsider.fold], [['lines'], []]);
  assert.deepEqual([homePage(['provider']), homePage([]), homePage(['administrator']), homePage(['supervisor'])], ['lines.html', 'sessions.html', 'sessions.html', 'supervision.html']);
});
