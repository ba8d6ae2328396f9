// Audio worklet processor `noise-suppressor`, loaded by noise-suppression.js: one microphone, 10 ms late.

import {FrameBuffer, Rnnoise} from './rnnoise.js';

/** The part of the global scope of audio worklets that is used here. @type {any} */
const scope = globalThis;

class NoiseSuppressor extends scope.AudioWorkletProcessor {
  /** @param {{processorOptions: {module: WebAssembly.Module}}} options */
  constructor({processorOptions}) {
    super();
    const rnnoise = new Rnnoise(processorOptions.module);
    this.buffer = new FrameBuffer(frame => rnnoise.process(frame));
    this.port.postMessage('ready'); // a processor that fails would send silence
  }

  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs */
  process([[input]], [[output]]) {
    if (input) this.buffer.pass(input, output);
    return true;
  }
}

scope.registerProcessor('noise-suppressor', NoiseSuppressor);
