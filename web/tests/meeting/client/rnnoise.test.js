import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {FRAME, FrameBuffer, Rnnoise} from '../../../meeting/client/rnnoise.js';

const RATE = 48_000;
const BLOCK = 128; // of an audio worklet

/** Return the loudness of samples, dB of full scale. */
const level = samples => 10 * Math.log10(samples.reduce((sum, x) => sum + x * x, 0) / samples.length + 1e-20);

/** Return what comes out of blocks that are passed through a clean-up. */
function passed(input, clean) {
  const buffer = new FrameBuffer(clean);
  const output = new Float32Array(input.length);
  for (let at = 0; at + BLOCK <= input.length; at += BLOCK) buffer.pass(input.subarray(at, at + BLOCK), output.subarray(at, at + BLOCK));
  return output;
}

test('blocks come back in order, one frame later', () => {
  const input = Float32Array.from({length: 15 * BLOCK}, (_, i) => i + 1);
  const output = passed(input, () => {});
  assert.deepEqual([...output.subarray(0, FRAME)], Array(FRAME).fill(0));
  assert.deepEqual([...output.subarray(FRAME)], [...input.subarray(0, input.length - FRAME)]);
});

test('a fan is taken out of the sound of a room', async () => {
  const rnnoise = new Rnnoise(new WebAssembly.Module(await readFile(new URL('../../../vendor/rnnoise.wasm', import.meta.url))));
  let seed = 1;
  const noise = Float32Array.from({length: 4 * RATE}, () => ((seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5) * 0.1);
  const output = passed(noise, frame => rnnoise.process(frame));
  const [before, after] = [noise, output].map(sound => level(sound.subarray(2 * RATE)));
  assert.ok(before > -35 && after < before - 20, `${before} dB, then ${after} dB`);
});
