import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {contrast} from '../../core/contrast.js';

const CSS = await readFile(new URL('../../app.css', import.meta.url), 'utf8');

/** The colours of a theme, by token; the dark theme states only what differs. */
function colours(selector) {
  const start = CSS.indexOf(`${selector} {`);
  const block = CSS.slice(start, CSS.indexOf('\n}', start));
  return Object.fromEntries([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

const LIGHT = colours(':root');
const THEMES = {light: LIGHT, dark: {...LIGHT, ...colours(":root[data-theme='dark']")}};

const SURFACES = ['ground', 'paper', 'raised'];
const TONES = ['brand', 'red', 'gold', 'green'];
/** Text needs 4.5:1 (1.4.3), borders of controls, charts and the focus ring need 3:1 (1.4.11). */
const PAIRS = [
  ...SURFACES.flatMap(ground => ['ink', 'ink-soft', ...TONES].map(text => [text, ground, 4.5])),
  ...TONES.map(tone => [tone, `${tone}-soft`, 4.5]),
  ...TONES.map(tone => ['ink', `${tone}-soft`, 4.5]),
  ['brand-ink', 'brand-soft', 4.5],
  ['ink', 'sunken', 4.5],
  ['ink-soft', 'sunken', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-strong', 4.5],
  ['on-danger', 'danger', 4.5],
  ['on-danger', 'danger-strong', 4.5],
  ...SURFACES.flatMap(ground => ['control', 'focus', 'bars'].map(mark => [mark, ground, 3])),
  ['accent', 'paper', 3],
];

for (const [theme, tokens] of Object.entries(THEMES))
  test(`test_ux_20 text and controls have enough contrast in the ${theme} theme`, () => {
    const faults = PAIRS.map(([front, back, least]) => [front, back, contrast(tokens[front], tokens[back]), least]).filter(([, , ratio, least]) => !(ratio >= least));
    assert.deepEqual(faults.map(([front, back, ratio, least]) => `${front} on ${back}: ${ratio.toFixed(2)} < ${least}`), []);
  });

test('the dark theme states every colour of the light one', () => {
  assert.deepEqual(Object.keys(LIGHT).filter(name => !(name in colours(":root[data-theme='dark']"))), []);
});

test('the contrast of black on white is 21', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
});
