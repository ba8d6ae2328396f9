import assert from 'node:assert/strict';
import test from 'node:test';
import {oneLine} from '../../core/one-line.js';

/** @type {[string, string, string][]} */
const CASES = [
  ['blanks, line breaks and what cannot be printed', '  Mời\n\tnghỉ \u202e10\u0000 phút  ', 'Mời nghỉ 10 phút'],
  ['blanks of other widths', 'khoản\u00a03\u202f%', 'khoản 3 %'],
  ['what shows nothing', '\ufeffcộng\u00adđồng\u200b\n ', 'cộngđồng'],
  ['joined emoji', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u2764\ufe0f\u200d\u{1f525}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u2764\ufe0f\u200d\u{1f525}'],
  ['joiners that join nothing', 'a\u200db \u{1f468}\u200d', 'a b \u{1f468}'],
];
for (const [what, text, line] of CASES) test(`${what}: one line as the server takes it`, () => assert.equal(oneLine(text, 500), line));

test('a line has its bounded number of letters, and ends with none that joins', () => {
  assert.equal(oneLine('x'.repeat(600), 500), 'x'.repeat(500));
  assert.equal(oneLine('\u{1f468}\u200d\u{1f469}', 1), '\u{1f468}');
  assert.equal(oneLine('\u{1f468}\u200d\u{1f469}', 2), '\u{1f468}');
  assert.equal(oneLine('một hai', 4), 'một');
});
