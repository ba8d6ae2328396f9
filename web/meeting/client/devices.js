// Camera, microphone, screen and speaker: opened, measured, and remembered by label (ids change when a browser's
// data are cleared). For the meeting client and the device check.

import {DARK_SECONDS, METER_MS, darkSeconds} from './meeting-state.js';

/** @typedef {keyof typeof KINDS} DeviceUse */
/** @typedef {{mic: string, camera: string, speaker: string, processed: boolean, cameraOn: boolean, onePicture: boolean, openAtOnce: boolean, quiet: boolean, blur: boolean}} Choices */

/**
 * `processed`: the room has its own echo canceller; a second one sounds hollow. `onePicture`: the layout comes as one
 * composed picture instead of cameras one by one. `openAtOnce`: an invitation to speak opens the microphone by itself. `quiet`:
 * noise is taken out of the microphone by RNNoise. `blur`: the browser blurs what is behind the people.
 * @type {Choices}
 */
const DEFAULTS = {mic: '', camera: '', speaker: '', processed: false, cameraOn: false, onePicture: false, openAtOnce: false, quiet: false, blur: false};

const KINDS = {mic: 'audioinput', camera: 'videoinput', speaker: 'audiooutput'};
const HEARD = 0.02; // RMS above which a microphone counts as carrying sound

/** Return the remembered choice of devices. @returns {Choices} */
export const deviceChoices = () => ({...DEFAULTS, ...JSON.parse(localStorage.getItem('devices') ?? '{}')});

/** Remember changes of the choice of devices. @param {Partial<Choices>} changed */
export const saveDeviceChoices = changed => localStorage.setItem('devices', JSON.stringify({...deviceChoices(), ...changed}));

/** Thrown when a device cannot be opened; `word` is an i18n key under `device.` */
export class DeviceError extends Error {
  /** @param {string} word */
  constructor(word) {
    super(word);
    this.word = word;
  }
}

/** Our word for each DOMException that getUserMedia throws (W3C Media Capture §10.2). @type {Record<string, string>} */
const ERROR_WORDS = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** Return the devices of a kind. @param {DeviceUse} kind @returns {Promise<MediaDeviceInfo[]>} */
export async function listDevices(kind) {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(device => device.kind === KINDS[kind] && device.deviceId);
}

/** Return the id of the remembered device of a kind, if it is plugged in. @param {DeviceUse} kind */
export async function preferred(kind) {
  const label = deviceChoices()[kind];
  return label ? (await listDevices(kind)).find(device => device.label === label)?.deviceId : undefined;
}

/** @param {DeviceKind} kind @param {string | undefined} deviceId @returns {MediaStreamConstraints} */
function constraints(kind, deviceId) {
  const device = deviceId ? {deviceId: {exact: deviceId}} : {}; // Chromium prefers its default microphone to an ideal one
  if (kind === 'camera')
    return {video: {...device, width: {ideal: 1280}, height: {ideal: 720}, frameRate: {ideal: 30, max: 30}}};
  const {processed, quiet} = deviceChoices();
  return {audio: {...device, echoCancellation: !processed, noiseSuppression: !processed && !quiet, autoGainControl: !processed, channelCount: 1}};
}

/** Return whether a camera's own background blur can be switched (W3C Media Capture Extensions). @param {MediaStreamTrack | null} track */
export const canBlur = track => /** @type {any} */ (track?.getCapabilities?.())?.backgroundBlur?.length > 1;

/** Blur what a camera shows behind the people, or no longer, where it can. @param {MediaStreamTrack} track */
export async function applyBlur(track) {
  if (canBlur(track)) await track.applyConstraints(/** @type {any} */ ({...track.getConstraints(), backgroundBlur: deviceChoices().blur})).catch(() => undefined);
}

/** @type {Promise<unknown>} */
let lastOpening = Promise.resolve();

/**
 * Open the remembered (or default) device; calls wait for each other, since some browsers open one camera at a time.
 * @param {DeviceKind} kind
 * @returns {Promise<MediaStreamTrack>}
 */
export function openDevice(kind) {
  const next = lastOpening.then(() => openNow(kind));
  lastOpening = next.catch(() => undefined);
  return next;
}

/** @param {DeviceKind} kind */
async function openNow(kind) {
  if (!navigator.mediaDevices) throw new DeviceError('insecure');
  try {
    const device = await preferred(kind);
    const open = (/** @type {string | undefined} */ id) => navigator.mediaDevices.getUserMedia(constraints(kind, id));
    const stream = await open(device).catch(failure => (device && failure.name === 'OverconstrainedError' ? open(undefined) : Promise.reject(failure))); // unplugged meanwhile
    return stream.getTracks()[0];
  } catch (failure) {
    throw new DeviceError(ERROR_WORDS[/** @type {DOMException} */ (failure).name] ?? 'busy');
  }
}

/**
 * Open a screen, window or tab that the user chooses, with few frames and sharp text. Rejects when nothing is chosen.
 */
export async function openScreen() {
  const video = {width: {max: 1920}, height: {max: 1080}, frameRate: {max: 5}};
  const [track] = (await navigator.mediaDevices.getDisplayMedia({video})).getVideoTracks();
  track.contentHint = 'text';
  return track;
}

/** Return whether the browser can share a screen. */
export const canShareScreen = () => Boolean(navigator.mediaDevices && 'getDisplayMedia' in navigator.mediaDevices);

/** Watches how loud a microphone is, 0 to 1. */
export class LevelMeter {
  /** @param {MediaStreamTrack} track @param {(level: number, heard: boolean) => void} tell */
  constructor(track, tell) {
    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, {fftSize: 1024});
    /** A copy, which carries sound also while the track itself is muted. */
    this.track = track.clone();
    this.track.enabled = true;
    this.context.createMediaStreamSource(new MediaStream([this.track])).connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
    this.timer = window.setInterval(() => tell(...this.read()), METER_MS);
    this.context.resume();
  }

  /** Return the loudness, 0 (-60 dBFS) to 1, and whether the microphone carries sound. @returns {[number, boolean]} */
  read() {
    this.analyser.getFloatTimeDomainData(this.samples);
    const rms = Math.sqrt(this.samples.reduce((sum, x) => sum + x * x, 0) / this.samples.length);
    return [Math.min(1, Math.max(0, 1 + Math.log10(rms + 1e-9) / 3)), rms > HEARD];
  }

  stop() {
    window.clearInterval(this.timer);
    this.track.stop();
    this.context.close();
  }
}

/** Convert the level of a {@link LevelMeter} to whole dBFS. @param {number} level */
export const levelToDbfs = level => Math.round(60 * (level - 1));

/** Return the mean luma of a picture, 0 to 255, from a small copy of it. @param {HTMLVideoElement} video */
export function brightness(video) {
  const [width, height] = [32, 18];
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.drawImage(video, 0, 0, width, height);
  const {data} = context.getImageData(0, 0, width, height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
  return Math.round(sum / (width * height));
}

/** Watches the brightness of a live camera; calls `tell` once when it has been dark for ten seconds. */
export class DarknessWatch {
  /** @param {MediaStreamTrack} track @param {() => void} tell */
  constructor(track, tell) {
    const video = document.createElement('video');
    Object.assign(video, {muted: true, playsInline: true, srcObject: new MediaStream([track])});
    video.play().catch(() => undefined);
    let seconds = 0;
    this.timer = window.setInterval(() => {
      if (track.readyState !== 'live') return this.stop();
      if (!track.enabled || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
      seconds = darkSeconds(seconds, brightness(video));
      if (seconds === DARK_SECONDS) tell();
    }, 1000);
  }

  stop() {
    window.clearInterval(this.timer);
  }
}

/** Play two short notes: the speaker test, and the sound of an invitation to speak. @param {string} [sinkId] */
export async function chime(sinkId) {
  const context = /** @type {AudioContext & {setSinkId?: (id: string) => Promise<void>}} */ (new AudioContext());
  if (sinkId && context.setSinkId) await context.setSinkId(sinkId).catch(() => undefined);
  const volume = new GainNode(context, {gain: 0.2});
  volume.connect(context.destination);
  for (const [at, frequency] of [[0, 660], [0.18, 880]]) {
    const note = new OscillatorNode(context, {frequency});
    note.connect(volume);
    note.start(context.currentTime + at);
    note.stop(context.currentTime + at + 0.16);
  }
  window.setTimeout(() => context.close(), 600);
}

/** Send an element's sound to the remembered speaker, where the browser can. @param {HTMLMediaElement} element */
export async function routeToSpeaker(element) {
  const id = (await preferred('speaker')) ?? '';
  if ('setSinkId' in element && element.sinkId !== id) await element.setSinkId(id).catch(() => undefined);
}
