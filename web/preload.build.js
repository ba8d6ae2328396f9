// Writes the list of modules into the pages that must open fast over a slow line, so that a browser asks for all at once
// instead of one import after the other: `node web/preload.build.js`. Tests compare the lists with the imports.

import {readFile, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';

const ROOT = new URL('.', import.meta.url);

/** The page of the sign-in, the one after it, and those of a meeting. */
export const FAST_PAGES = ['index.html', 'today.html', 'room.html', 'host.html'];

const LIST = / *<link rel="modulepreload".*\n/g;
const ENTRY = /^ *<script type="module" src="([^"]+)"/m;

/** Return the scripts that a script imports, itself first, as paths from the folder of pages. @param {string} entry */
export async function modulesOf(entry) {
  /** @type {Set<string>} */
  const found = new Set();
  const visit = async (/** @type {URL} */ url) => {
    const path = url.href.slice(ROOT.href.length);
    if (found.has(path)) return;
    found.add(path);
    const text = String(await readFile(url));
    for (const [, next] of text.matchAll(/(?:from|import) ?'(\.[^']+)'/g)) await visit(new URL(next, url));
  };
  await visit(new URL(entry, ROOT));
  return [...found];
}

/** Return a page with the list of its modules. @param {string} text */
export async function withPreloads(text) {
  const bare = text.replace(LIST, '');
  const [line, entry] = /** @type {RegExpExecArray} */ (ENTRY.exec(bare));
  const [, ...rest] = await modulesOf(entry);
  const links = rest.map(path => `    <link rel="modulepreload" href="${path}">\n`).join('');
  return bare.replace(line, () => links + line);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of FAST_PAGES) {
    const file = new URL(page, ROOT);
    await writeFile(file, await withPreloads(String(await readFile(file))));
  }
}
