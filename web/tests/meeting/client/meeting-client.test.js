import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {beforeEach, test} from 'node:test';

// The browser around a meeting: devices that open when the test lets them, one socket, a peer connection that takes all.

class Track extends EventTarget {
  readyState = 'live';
  enabled = true;
  muted = false;
  constructor(kind) {
    super();
    this.kind = kind;
  }
  stop() {
    this.readyState = 'ended';
  }
  getSettings() {
    return {height: 720};
  }
}

class Stream {
  constructor(tracks = []) {
    this.tracks = tracks;
  }
  getTracks() {
    return this.tracks;
  }
  getVideoTracks() {
    return this.tracks;
  }
}

class Connection extends EventTarget {
  senders = [];
  addTransceiver() {
    this.senders.push({replaceTrack: async () => undefined, getParameters: () => ({encodings: []})});
    return {receiver: {track: new EventTarget()}};
  }
  getSenders() {
    return this.senders;
  }
  async setLocalDescription() {
    this.localDescription = {sdp: 'v=0'};
  }
  async setRemoteDescription() {}
  close() {}
}

class Wire extends EventTarget {
  sent = [];
  constructor() {
    super();
    wires.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {}
  says(message) {
    this.dispatchEvent(Object.assign(new Event('message'), {data: JSON.stringify(message)}));
  }
}

class Store extends Map {
  getItem(key) {
    return this.get(key) ?? null;
  }
  setItem(key, value) {
    this.set(key, value);
  }
  removeItem(key) {
    this.delete(key);
  }
}

/** @type {Wire[]} */
let wires = [];
/** Every track that was opened. @type {Track[]} */
let opened = [];
/** What lets the browser answer the questions for devices, in order. @type {(() => void)[]} */
let asked = [];

const devices = {
  enumerateDevices: async () => [],
  getDisplayMedia: async () => new Stream([new Track('screen')]),
  getUserMedia: ({video}) =>
    new Promise(resolve => asked.push(() => resolve(new Stream([opened[opened.push(new Track(video ? 'camera' : 'mic')) - 1]])))),
};
const globals = {
  window: Object.assign(new EventTarget(), {setInterval: () => 0, clearInterval: () => undefined, setTimeout: () => 0, clearTimeout: () => undefined}),
  document: {documentElement: {}, createElement: () => ({play: async () => undefined})},
  setTimeout: () => 0, // what is due later never comes
  localStorage: new Store(),
  sessionStorage: new Store(),
  navigator: {mediaDevices: devices},
  fetch: async url => ({json: async () => JSON.parse(await readFile(new URL(`../../../i18n/${/vi|en/.exec(url.href)}.json`, import.meta.url), 'utf8'))}),
  MediaStream: Stream,
  RTCPeerConnection: Connection,
  WebSocket: Wire,
  AudioContext: class {
    createMediaStreamSource = () => ({connect: () => undefined});
    resume() {}
    close() {}
  },
  AnalyserNode: class {},
};
for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, {value, configurable: true, writable: true});
const {Meeting} = await import('../../../meeting/client/meeting-client.js');

const settle = () => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

/** Let the browser answer what it was asked, once the meeting has asked. */
async function allow() {
  await settle();
  for (const answer of asked.splice(0)) answer();
  await settle();
}

const SEAT = {seat: 'me', point: 'p', name: 'P', role: 'component', here: true, hand: 0, floor: false, media: 'none'};
const OFF = {on: false, paused: false, since: null, seconds: 0, error: null, voices: false};

/** What joining is answered with. */
const answer = (changed = {}, seat = {}) => ({
  type: 'joined', seat: 'me', resume: 'token', role: 'component', controller: false, session: {}, seats: [{...SEAT, ...seat}], layout: {},
  recording: OFF, storage: null, script: null, view: 'composed', content: null, now: '2026-04-06T01:00:00Z', ...changed,
});

/** Answer the last join. */
async function admit(changed, seat) {
  const wire = wires.at(-1);
  if (!wire.sent.length) wire.dispatchEvent(new Event('open'));
  const join = wire.sent.findLast(({type}) => type === 'join');
  wire.says({...answer(changed, seat), ref: join.ref});
  await settle();
}

async function joined(changed, seat) {
  const meeting = new Meeting('1234567890');
  const notices = [];
  meeting.addEventListener('notice', ({detail}) => notices.push(detail[0]));
  meeting.start();
  await admit(changed, seat);
  return {meeting, notices};
}

/** Lose the socket and come back on a new one. */
async function back(meeting, changed, seat) {
  meeting.protocol.drop();
  meeting.protocol.start();
  await admit(changed, seat);
}

const kept = (camera, ago) => sessionStorage.set('switched:1234567890', JSON.stringify({mic: false, camera, at: Date.now() - ago}));

beforeEach(() => {
  [wires, opened, asked] = [[], [], []];
  sessionStorage.clear();
  localStorage.clear();
});

test('a camera that is asked for twice is opened once, and its light goes out with it', async () => {
  const {meeting} = await joined();
  meeting.toggleCamera();
  meeting.toggleCamera();
  await allow();
  assert.deepEqual([opened.length, meeting.on.camera], [1, true]);
  await meeting.toggleCamera();
  assert.deepEqual([opened[0].readyState, meeting.on.camera], ['ended', false]);
});

test('a device that comes after the meeting has ended is closed at once', async () => {
  const {meeting} = await joined();
  meeting.toggleCamera();
  await settle();
  wires[0].says({type: 'bye', reason: 'ended'});
  await allow();
  assert.deepEqual([opened[0].readyState, meeting.on.camera], ['ended', false]);
});

test('a device that another app has taken is told, and opened anew when it is switched on again', async () => {
  const {meeting, notices} = await joined({}, {floor: true});
  meeting.speak();
  await allow();
  opened[0].muted = true;
  opened[0].dispatchEvent(new Event('mute'));
  assert.deepEqual(notices, ['device.taken-mic']);
  await meeting.mute();
  meeting.speak();
  await allow();
  assert.deepEqual([opened.map(({readyState}) => readyState), meeting.tracks.mic === opened[1]], [['ended', 'live'], true]);
});

for (const [words, camera, ago, cameraOn, on] of [
  ['was on comes back', true, 1000, false, true],
  ['was off stays off, whatever was chosen before the meeting', false, 1000, true, false],
  ['was off long ago stays off', false, 600_000, true, false],
  ['was on long ago stays off: nobody may be there to see it', true, 600_000, true, false],
])
  test(`a page that is loaded again: a camera that ${words}`, async () => {
    kept(camera, ago);
    localStorage.set('devices', JSON.stringify({cameraOn}));
    const entering = joined();
    await allow();
    const {meeting} = await entering;
    assert.deepEqual([meeting.on.camera, opened.length], [on, on ? 1 : 0]);
  });

test('the time of leaving the page counts, and what was kept of another meeting does not', async () => {
  kept(false, 600_000);
  sessionStorage.set('switched:1111111111', JSON.stringify({mic: false, camera: true, at: Date.now()}));
  const {meeting} = await joined();
  assert.equal(meeting.on.camera, false);
  window.dispatchEvent(new Event('pagehide'));
  assert.ok(Date.now() - JSON.parse(sessionStorage.get('switched:1234567890')).at < 60_000);
});

test('who comes back hears what was taken away meanwhile', async () => {
  const {meeting, notices} = await joined({}, {floor: true});
  const floors = [];
  meeting.addEventListener('floor', ({detail}) => floors.push(detail));
  meeting.speak();
  await allow();
  await back(meeting, {recording: {...OFF, on: true}});
  assert.deepEqual([meeting.on.mic, floors, notices], [false, ['taken'], ['room.rec-on']]);
});

test('an invitation that was declined is not said again after a short loss; a new one is', async () => {
  const {meeting} = await joined({}, {floor: true});
  assert.equal(meeting.invited, true);
  meeting.decline();
  await back(meeting, {}, {floor: true});
  assert.equal(meeting.invited, false);
  await back(meeting, {}, {floor: false});
  await back(meeting, {}, {floor: true});
  assert.equal(meeting.invited, true);
});

test('a screen whose sharing has ended meanwhile is captured no longer', async () => {
  const {meeting, notices} = await joined({}, {floor: true});
  const sharing = meeting.toggleShare();
  await settle();
  wires[0].says({type: 'content', seat: 'me', ref: wires[0].sent.at(-1).ref});
  await sharing;
  const {screen} = meeting;
  await back(meeting, {content: 'me'}, {floor: true});
  assert.equal(screen.readyState, 'live');
  await back(meeting, {content: null}, {floor: true});
  assert.deepEqual([screen.readyState, meeting.screen, notices.at(-1)], ['ended', null, 'share.over']);
});

test('what was not heard of an uninvited microphone does not open it later', async () => {
  const {meeting} = await joined({advisory: true});
  const speaking = meeting.toggleMic();
  await allow();
  await speaking;
  assert.deepEqual(wires[0].sent.at(-1), {type: 'media', mic: true, camera: false});
  await back(meeting, {advisory: true});
  wires.at(-1).says({type: 'seats', changed: [{...SEAT, floor: true}], gone: []});
  await settle();
  assert.deepEqual([meeting.on.mic, meeting.invited], [false, true]);
});
