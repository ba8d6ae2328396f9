import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';

const ROOT = new URL('../..', import.meta.url);
const MOST_BYTES = 200_000;

/** The files that a page loads: scripts with all that they import, styles, texts, and the fonts of its letters. */
async function loaded(page) {
  const found = new Map();
  const visit = async url => {
    if (found.has(url.href)) return;
    const bytes = await readFile(url);
    found.set(url.href, bytes);
    const text = String(bytes);
    const next = url.pathname.endsWith('.html') ? [...text.matchAll(/(?:src|href)="([^"]+\.(?:js|css|svg))"/g)] : url.pathname.endsWith('.js') ? [...text.matchAll(/(?:from|import) ?'(\.[^']+)'/g)] : [];
    for (const [, path] of next) await visit(new URL(path, url));
  };
  await visit(new URL(page, ROOT));
  for (const folder of ['', 'office/']) await visit(new URL(`i18n/${folder}vi.json`, ROOT));
  await visit(new URL('icons.svg', ROOT));
  for (const weight of [400, 700]) for (const subset of ['latin', 'vietnamese']) await visit(new URL(`fonts/be-vietnam-pro-${subset}-${weight}-normal.woff2`, ROOT));
  return found;
}

test('the first page takes at most 200 kB of the line', async () => {
  const files = await loaded('index.html');
  const bytes = [...files].map(([name, content]) => (name.endsWith('.woff2') ? content.length : gzipSync(content).length));
  assert.ok(files.size > 20);
  const sum = bytes.reduce((whole, each) => whole + each, 0);
  assert.ok(sum <= MOST_BYTES, `${sum} bytes`);
});
