import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {FAST_PAGES, modulesOf} from '../../preload.build.js';

/** So many modules of a page may be found by imports alone, until somebody runs web/preload.build.js. */
const MOST_UNLISTED = 8;

test('pages that must open fast name their modules, so that none waits for another', async () => {
  for (const page of FAST_PAGES) {
    const text = String(await readFile(new URL(`../../${page}`, import.meta.url)));
    const entry = /<script type="module" src="([^"]+)"/.exec(text)?.[1] ?? '';
    const [, ...imported] = await modulesOf(entry);
    const listed = [...text.matchAll(/<link rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path);
    assert.deepEqual(listed.filter(path => !imported.includes(path)), [], `${page}: run node web/preload.build.js`);
    assert.ok(imported.length - listed.length <= MOST_UNLISTED, `${page}: run node web/preload.build.js`);
    assert.ok(text.indexOf('modulepreload') < text.indexOf('type="module"'));
  }
});
