import assert from 'node:assert/strict';
import {test} from 'node:test';
import {toBase64} from '../../core/files.js';

test('a file becomes base64, unless it is too large for a body', async () => {
  assert.equal(await toBase64(new Blob([new Uint8Array([0, 255, 80, 75])])), 'AP9QSw==');
  assert.equal(await toBase64(new Blob([])), '');
  assert.equal((await toBase64(new Blob([new Uint8Array(47_000)])))?.length, 62_668);
  assert.equal(await toBase64(new Blob([new Uint8Array(47_001)])), null);
});
