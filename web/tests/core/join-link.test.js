import assert from 'node:assert/strict';
import {test} from 'node:test';
import {modules} from '../../core/join-link.js';
import {joinUrl} from '../../core/join-url.js';

const LINK = 'https://hop.khanhhoa.gov.vn/?code=1234567890';

/** Return the dark modules of a code as `x y`. @param {string} text */
const dark = text => new Set([...modules(text).path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`));

test('a link becomes version 4 with four modules of white around it, and its three corners are marked', () => {
  const {size} = modules(LINK);
  const found = dark(LINK);
  assert.equal(size, 33 + 8);
  for (const [left, top] of [[4, 4], [4 + 26, 4], [4, 4 + 26]])
    for (let at = 0; at < 7; at += 1) assert.ok([`${left + at} ${top}`, `${left} ${top + at}`, `${left + 3} ${top + 3}`].every(module => found.has(module)));
  const outside = [...found].filter(module => module.split(' ').some(value => Number(value) < 4 || Number(value) > 36));
  assert.deepEqual(outside, []);
});

test('another code gives other modules', () => {
  assert.notEqual(modules(LINK).path, modules(LINK.replace('0', '1')).path);
});

test('the link opens the first page with the digits of the code', () => {
  assert.equal(joinUrl('1234 567 890', 'https://hop.khanhhoa.gov.vn/invitation.html?session=x'), LINK);
});
