import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {PAGES, homePage, mayRegister, navigationFor} from '../../core/nav.js';

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

/** The pages of a user, in order. */
const pagesOf = roles => navigationFor(roles).flatMap(({pages}) => pages.map(({page}) => page));

test('pages without roles are shown to everybody, others to their roles only', () => {
  assert.deepEqual(pagesOf([]), PAGES.filter(({roles}) => !roles).map(({page}) => page));
  assert.deepEqual(pagesOf(['administrator', 'technician', 'registrant', 'site', 'supervisor']), PAGES.map(({page}) => page));
  assert.deepEqual(pagesOf(['provider']), ['today', 'lines']);
});

test('each role begins at its day', () => {
  const roles = ['administrator', 'technician', 'supervisor', 'registrant', 'site', 'provider'];
  assert.deepEqual(roles.map(role => homePage([role])), roles.map(() => 'today.html'));
});

test('test_ux_defect_22 only those who may register are shown where', () => {
  const shown = ['registrant', 'technician', 'administrator', 'supervisor', 'site', 'provider'].filter(role => pagesOf([role]).includes('register'));
  assert.deepEqual(shown, ['registrant', 'technician', 'administrator']);
  assert.deepEqual(['registrant', 'supervisor', 'site'].map(role => mayRegister({roles: [role]})), [true, false, false]);
  assert.equal(mayRegister(null), false);
});

test('each group is named in both languages', async () => {
  for (const language of ['vi', 'en']) {
    const words = JSON.parse(await readFile(new URL(`i18n/${language}.json`, ROOT), 'utf8'));
    assert.deepEqual([...new Set(PAGES.map(({group}) => group))].filter(group => !words[`nav.group-${group}`]), []);
  }
});
