import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

const ROOT = new URL('../../', import.meta.url);
/** Lists of which an empty one is what is wished, or which stand beside the form that fills them. */
const ENDS = ['today/today.js nothing-owed', 'reports/reports.js report-none', 'reports/reports.js report-points-none', 'core/data-table.js '];

test('every empty list leads somewhere', async () => {
  const names = (await readdir(ROOT, {recursive: true})).filter(name => name.endsWith('.js') && !/^(?:vendor|node_modules|tests)\b/.test(name) && name !== 'core/states.js');
  const dead = [];
  for (const name of names) {
    const text = await readFile(new URL(name, ROOT), 'utf8');
    for (const [begin] of text.matchAll(/emptyState\(\{[^\n]*/g))
      if (!/\baction\b/.test(begin)) dead.push(`${name} ${/testid: '([^']*)'/.exec(begin)?.[1] ?? ''}`);
  }
  assert.deepEqual(dead.sort(), [...ENDS].sort());
});
