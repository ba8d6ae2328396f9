import assert from 'node:assert/strict';
import {test} from 'node:test';
import {digitsOf, formatCode} from '../../core/meeting-code.js';

test('a code is shown in groups, however it was pasted', () => {
  assert.equal(formatCode('123 456-7890'), '123 456 7890');
  assert.equal(formatCode('1234'), '123 4');
  assert.equal(formatCode('123'), '123');
  assert.equal(formatCode(''), '');
  assert.equal(formatCode('123456789012'), '123 456 789012');
  assert.equal(formatCode('1234567890123456789'), '123 456 789012345678');
  assert.equal(digitsOf(' 123 456 7890\n'), '1234567890');
});
