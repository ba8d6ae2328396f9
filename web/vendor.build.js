// Rebuilds vendor/ and fonts/ from the locked npm packages: `npm ci && npm run vendor`. Only who updates a package runs it.
import {copyFile, readFile, writeFile} from 'node:fs/promises';
import {build} from 'esbuild';

const FONT = 'node_modules/@fontsource/be-vietnam-pro';
const WEIGHTS = ['400', '500', '700'];
const SUBSETS = ['latin', 'vietnamese'];

/** Bundle a package's parts that the pages use. @param {object} entry @param {string} outfile */
const bundle = (entry, outfile) => build({...entry, outfile, bundle: true, minify: true, format: 'esm', legalComments: 'inline'});

await bundle({entryPoints: ['vendor.entry.js']}, 'vendor/lit.js');
await bundle({stdin: {contents: "export {encodeQR} from 'qr';", resolveDir: '.'}}, 'vendor/qr.js');
await copyFile('vendor.entry.js', 'vendor/lit.d.ts');
await copyFile('node_modules/lit/LICENSE', 'vendor/lit.LICENSE');
await copyFile('node_modules/qr/LICENSE-MIT', 'vendor/qr.LICENSE');
await copyFile('node_modules/@jitsi/rnnoise-wasm/dist/rnnoise.wasm', 'vendor/rnnoise.wasm'); // RNNoise's own licence: vendor/rnnoise.COPYING
await copyFile('node_modules/@jitsi/rnnoise-wasm/LICENSE', 'vendor/rnnoise.LICENSE');
await copyFile(`${FONT}/LICENSE`, 'fonts/OFL.txt');
for (const weight of WEIGHTS)
  for (const subset of SUBSETS) {
    const name = `be-vietnam-pro-${subset}-${weight}-normal.woff2`;
    await copyFile(`${FONT}/files/${name}`, `fonts/${name}`);
  }

const {packages} = JSON.parse(await readFile('package-lock.json', 'utf8'));
const shipped = ['lit', 'lit-html', 'lit-element', '@lit/reactive-element', '@fontsource/be-vietnam-pro', 'qr', '@jitsi/rnnoise-wasm'];
const lines = shipped.map(name => `${name} ${packages[`node_modules/${name}`].version} ${packages[`node_modules/${name}`].license ?? 'Apache-2.0'}`);
await writeFile('vendor/VERSIONS', `${lines.join('\n')}\n`);
