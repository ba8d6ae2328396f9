import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {navigationFor} from '../../core/nav.js';
import {mainAction, WORK, workPage} from '../../today/work.js';

const ROOT = new URL('../..', import.meta.url);
const OF_UNIT = ['checks', 'lists', 'material', 'handovers', 'figures'];
/** The kinds of work that each role is shown, as signaling/today/rules.py has them. */
const KINDS = {
  technician: ['emergencies', 'queue', 'replies', 'incidents', 'drafts', 'letters', 'notices', 'checks', 'handovers', 'points', 'changes', 'feedback', 'controls', 'reviews'],
  supervisor: ['emergencies', 'queue', 'replies', 'incidents'],
  registrant: [...OF_UNIT, 'drafts', 'people'],
  site: [...OF_UNIT, 'controls'],
  provider: ['faults', 'contacts'],
};

test('each role may open the pages of its work and of its main action', () => {
  for (const [role, kinds] of Object.entries(KINDS)) {
    const me = {roles: [role]};
    const pages = navigationFor([role]).flatMap(group => group.pages.map(({page}) => page));
    assert.deepEqual([...kinds.map(kind => workPage(kind, me)), mainAction(me).page].filter(page => !pages.includes(page)), [], role);
  }
});

test('each kind has a name in both languages and an icon', async () => {
  assert.deepEqual(new Set(Object.values(KINDS).flat()), new Set(Object.keys(WORK)));
  const sprite = await readFile(new URL('icons.svg', ROOT), 'utf8');
  assert.deepEqual(Object.values(WORK).filter(([, picture]) => !sprite.includes(`<symbol id="${picture}"`)), []);
  for (const language of ['vi', 'en']) {
    const words = JSON.parse(await readFile(new URL(`i18n/${language}.json`, ROOT), 'utf8'));
    assert.deepEqual(Object.keys(WORK).filter(kind => !words[`owed.${kind}`]), []);
  }
});
