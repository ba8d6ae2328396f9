// Noise suppression for the microphone of meeting-client.js, by RNNoise (decisions 87, 115). Nothing of it is loaded before
// it is chosen.

const RATE = 48_000; // RNNoise knows no other
const START_MS = 1000;

/** Return whether this browser can do it. */
export const canSuppressNoise = () => 'AudioWorkletNode' in globalThis && 'WebAssembly' in globalThis;

/** @param {AudioContext} context */
const running = context => new Promise((resolve, reject) => {
  if (context.state === 'running') resolve(null);
  context.addEventListener('statechange', () => context.state === 'running' && resolve(null));
  window.setTimeout(() => reject(new Error(`the AudioContext is ${context.state}`)), START_MS);
});

const compile = () => WebAssembly.compileStreaming(fetch(new URL('../../vendor/rnnoise.wasm', import.meta.url)));

/** @param {AudioWorkletNode} node */
const ready = node => new Promise((resolve, reject) => {
  node.port.onmessage = resolve;
  node.onprocessorerror = () => reject(new Error('the noise suppressor failed'));
  window.setTimeout(() => reject(new Error('the noise suppressor does not answer')), START_MS);
});

/**
 * Return a microphone without its noise, and what ends it. Rejects where the machine cannot, within a second or so.
 * @param {MediaStreamTrack} microphone
 * @returns {Promise<{track: MediaStreamTrack, stop: () => void}>}
 */
export async function withoutNoise(microphone) {
  const context = new AudioContext({sampleRate: RATE, latencyHint: 'interactive'});
  try {
    context.resume();
    const [module] = await Promise.all([
      compile(),
      context.audioWorklet.addModule(new URL('noise-worklet.js', import.meta.url).href),
      running(context),
    ]);
    const node = new AudioWorkletNode(context, 'noise-suppressor', {channelCount: 1, channelCountMode: 'explicit', outputChannelCount: [1], processorOptions: {module}});
    await ready(node);
    const destination = new MediaStreamAudioDestinationNode(context, {channelCount: 1});
    context.createMediaStreamSource(new MediaStream([microphone])).connect(node).connect(destination);
    context.addEventListener('statechange', () => context.state === 'suspended' && context.resume());
    return {track: destination.stream.getAudioTracks()[0], stop: () => context.close()};
  } catch (failure) {
    context.close();
    throw failure;
  }
}
