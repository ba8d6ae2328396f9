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

const MEETING = await readFile(new URL('../../meeting.css', import.meta.url), 'utf8');
/** The room and the console are dark, with some tokens of their own. */
const ROOM = {...THEMES.dark, ...Object.fromEntries([...MEETING.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]))};

const TONES = ['brand', 'red', 'gold', 'green'];
const SURFACES = ['ground', 'paper', 'raised'];
const GROUNDS = [...SURFACES, 'sunken', ...TONES.map(tone => `${tone}-soft`)];
/** Text needs 4.5:1 (1.4.3), borders of controls, charts and the focus ring need 3:1 (1.4.11). */
const PAIRS = [
  ...GROUNDS.flatMap(ground => ['ink', 'ink-soft', 'brand-ink', ...TONES].map(text => [text, ground, 4.5])),
  ...GROUNDS.flatMap(ground => ['control', 'focus'].map(mark => [mark, ground, 3])),
  ...SURFACES.map(ground => ['bars', ground, 3]),
  ...['accent', 'danger'].flatMap(fill => [fill, `${fill}-strong`].map(ground => [`on-${fill}`, ground, 4.5])),
  ['accent', 'paper', 3],
];
const ROOM_PAIRS = ['night', 'shade'].flatMap(ground => ['pale', 'pale-soft', 'gold-bright'].map(text => [text, ground, 4.5]));

/** Return the pairs of text and ground that a rule of a stylesheet states together, with its selector. */
function stated(css, tokens) {
  const colour = value => (value?.startsWith('var(') ? tokens[value.slice(6, -1)] : value?.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3'));
  const rules = [...css.replace(/\/\*.*?\*\//gs, '').matchAll(/([^{}]+)\{([^{}]*)\}/g)];
  const found = rules.map(([, selector, body]) => [selector.trim(), ...['color', 'background'].map(name => colour(body.match(new RegExp(`(?:^|[;\\s])${name}: ([^;\\s]+)`))?.[1]))]);
  return found.filter(([, text, ground]) => [text, ground].every(each => /^#[0-9a-f]{6}$/.test(each ?? '')));
}

for (const [theme, tokens] of Object.entries(THEMES))
  test(`test_ux_20 text and controls have enough contrast in the ${theme} theme`, () => {
    const faults = PAIRS.map(([front, back, least]) => [front, back, contrast(tokens[front], tokens[back]), least]).filter(([, , ratio, least]) => !(ratio >= least));
    assert.deepEqual(faults.map(([front, back, ratio, least]) => `${front} on ${back}: ${ratio.toFixed(2)} < ${least}`), []);
  });

test('test_ux_20 text has enough contrast in the room and the console', () => {
  const faults = ROOM_PAIRS.filter(([text, ground, least]) => contrast(ROOM[text], ROOM[ground]) < least);
  assert.deepEqual(faults, []);
});

test('test_ux_20 no rule states a text and a ground without enough contrast', () => {
  const sheets = [['light', CSS, THEMES.light], ['dark', CSS, THEMES.dark], ['room', MEETING, ROOM]];
  const all = sheets.flatMap(([theme, css, tokens]) => stated(css, tokens).map(([selector, text, ground]) => ({rule: `${selector}, ${theme}`, ratio: contrast(text, ground)})));
  assert.ok(all.length > 40, `${all.length} rules`);
  assert.deepEqual(all.filter(({ratio}) => ratio < 4.5).map(({rule, ratio}) => `${rule}: ${ratio.toFixed(2)}`), []);
});

test('the dark theme states every colour of the light one', () => {
  assert.deepEqual(Object.keys(LIGHT).filter(name => !(name in colours(":root[data-theme='dark']"))), []);
});

test('the contrast of black on white is 21', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
});
