// RNNoise in WebAssembly: takes steady and sudden noise out of a voice. For noise-worklet.js; no DOM, so that it runs in
// an audio worklet and in tests.

/** Samples that are cleaned at once: 10 ms at 48 kHz. */
export const FRAME = 480;
const BYTES_PER_SAMPLE = 4;
const FULL_SCALE = 32768; // RNNoise counts in 16 bits

/** Cleans the sound of one microphone. */
export class Rnnoise {
  /** @param {WebAssembly.Module} module vendor/rnnoise.wasm */
  constructor(module) {
    const grow = () => 0; // it needs no more memory than it begins with
    const copy = (/** @type {number} */ to, /** @type {number} */ from, /** @type {number} */ size) => new Uint8Array(memory.buffer).copyWithin(to, from, from + size);
    // The build of @jitsi/rnnoise-wasm names what it imports and exports by letters; its rnnoise.js says which is which.
    const {exports} = new WebAssembly.Instance(module, {a: {a: grow, b: copy}});
    const {c: memory, d: initialise, f: create, g: allocate, j: processFrame} = /** @type {Record<string, any>} */ (exports);
    initialise();
    this.processFrame = processFrame;
    this.state = create(0);
    this.at = allocate(FRAME * BYTES_PER_SAMPLE);
    this.samples = new Float32Array(memory.buffer, this.at, FRAME);
  }

  /** Clean a frame in place. @param {Float32Array} frame */
  process(frame) {
    for (let i = 0; i < FRAME; i++) this.samples[i] = frame[i] * FULL_SCALE;
    this.processFrame(this.state, this.at, this.at);
    for (let i = 0; i < FRAME; i++) frame[i] = this.samples[i] / FULL_SCALE;
  }
}

/** Cuts a stream of blocks into frames, lets them be cleaned, and gives blocks back one frame later. */
export class FrameBuffer {
  /** @param {(frame: Float32Array) => void} clean */
  constructor(clean) {
    this.clean = clean;
    this.coming = new Float32Array(FRAME);
    this.going = new Float32Array(FRAME);
    this.filled = 0;
  }

  /** Take a block and fill another one of the same length with what came a frame before. @param {Float32Array} input @param {Float32Array} output */
  pass(input, output) {
    for (let i = 0; i < input.length; i++) {
      output[i] = this.going[this.filled];
      this.coming[this.filled++] = input[i];
      if (this.filled < FRAME) continue;
      this.clean(this.coming);
      [this.coming, this.going, this.filled] = [this.going, this.coming, 0];
    }
  }
}
