import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {beforeEach, test} from 'node:test';

// The browser around a meeting: devices that open when the test lets them, one socket, a peer connection that takes all.

class FakeTrack extends EventTarget {
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
  clone() {
    return new FakeTrack(this.kind);
  }
  getSettings() {
    return {height: 720};
  }
}

class FakeStream {
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

class FakePeerConnection extends EventTarget {
  senders = [];
  transceivers = [];
  addTransceiver() {
    this.senders.push({replaceTrack: async () => undefined, getParameters: () => ({encodings: []})});
    const transceiver = {mid: String(this.transceivers.length), receiver: {track: new EventTarget()}};
    this.transceivers.push(transceiver);
    return transceiver;
  }
  getTransceivers() {
    return this.transceivers;
  }
  getSenders() {
    return this.senders;
  }
  async setLocalDescription() {
    this.localDescription = {sdp: 'v=0'};
  }
  async setRemoteDescription(description) {
    this.remoteDescription = description;
  }
  close() {}
}

class FakeSocket extends EventTarget {
  sent = [];
  constructor() {
    super();
    sockets.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {}
  receive(message) {
    this.dispatchEvent(Object.assign(new Event('message'), {data: JSON.stringify(message)}));
  }
}

class FakeStorage extends Map {
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

/** @type {FakeSocket[]} */
let sockets = [];
/** Every track that was opened. @type {Track[]} */
let opened = [];
/** Functions that grant the requested devices, in order. @type {(() => void)[]} */
let grants = [];

const devices = Object.assign(new EventTarget(), {
  plugged: [],
  enumerateDevices: async () => devices.plugged,
  getDisplayMedia: async () => new FakeStream([new FakeTrack('screen')]),
  getUserMedia: ({video}) =>
    new Promise(resolve => grants.push(() => resolve(new FakeStream([opened[opened.push(Object.assign(new FakeTrack(video ? 'camera' : 'mic'), {label: devices.plugged.at(-1)?.label})) - 1]])))),
});
const globals = {
  window: Object.assign(new EventTarget(), {setInterval: () => 0, clearInterval: () => undefined, setTimeout: () => 0, clearTimeout: () => undefined}),
  document: {documentElement: {}, createElement: () => ({play: async () => undefined})},
  setTimeout: () => 0, // what is due later never comes
  location: new URL('https://hop.vn/room.html'),
  localStorage: new FakeStorage(),
  sessionStorage: new FakeStorage(),
  navigator: {mediaDevices: devices},
  fetch: async url => ({json: async () => JSON.parse(await readFile(new URL(`../../../i18n/${/(?:office\/)?(?:vi|en)\.json/.exec(url.href)}`, import.meta.url), 'utf8'))}),
  MediaStream: FakeStream,
  RTCPeerConnection: FakePeerConnection,
  WebSocket: FakeSocket,
  AudioContext: class {
    createMediaStreamSource = () => ({connect: () => undefined});
    resume() {}
    close() {}
  },
  AnalyserNode: class {},
};
for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, {value, configurable: true, writable: true});
const {MeetingClient} = await import('../../../meeting/client/meeting-client.js');

const settle = () => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

/** Grant the devices that the client has requested. */
async function grantDevices() {
  await settle();
  for (const grant of grants.splice(0)) grant();
  await settle();
}

const SEAT = {seat: 'me', point: 'p', name: 'P', role: 'component', here: true, hand: 0, floor: false, media: 'none'};
const OFF = {on: false, paused: false, since: null, seconds: 0, error: null, voices: false};

/** Return the reply to a join. */
const joinedMessage = (changed = {}, seat = {}) => ({
  type: 'joined', seat: 'me', resume: 'token', role: 'component', controller: false, session: {}, seats: [{...SEAT, ...seat}], layout: {},
  recording: OFF, storage: null, script: null, view: 'composed', content: null, now: '2026-04-06T01:00:00Z', ...changed,
});

/** Reply to the last join. */
async function replyToJoin(changed, seat) {
  const socket = sockets.at(-1);
  if (!socket.sent.length) socket.dispatchEvent(new Event('open'));
  const join = socket.sent.findLast(({type}) => type === 'join');
  socket.receive({...joinedMessage(changed, seat), ref: join.ref});
  await settle();
}

/** Return a client that has joined, and the notices that it shows. */
async function joinedClient(changed, seat) {
  const meeting = new MeetingClient('1234567890');
  const notices = [];
  meeting.addEventListener('notice', ({detail}) => notices.push(detail[0]));
  meeting.start();
  await replyToJoin(changed, seat);
  return {meeting, notices};
}

/** Answer the last offer. */
async function answerOffer() {
  const offer = sockets.at(-1).sent.findLast(({type}) => type === 'offer');
  sockets.at(-1).receive({type: 'answer', sdp: 'v=0', ref: offer.ref});
  await settle();
}

/** Lose the socket and reconnect. */
async function reconnect(meeting, changed, seat) {
  meeting.protocol.drop();
  meeting.protocol.start();
  await replyToJoin(changed, seat);
}

/** Store what an earlier page had switched on, so many milliseconds ago. */
const storeSwitches = (camera, ago) => sessionStorage.set('switched:1234567890', JSON.stringify({mic: false, camera, at: Date.now() - ago}));

beforeEach(() => {
  [sockets, opened, grants, devices.plugged] = [[], [], [], []];
  sessionStorage.clear();
  localStorage.clear();
});

test('a camera that is requested twice is opened once, and closed when it is switched off', async () => {
  const {meeting} = await joinedClient();
  meeting.toggleCamera();
  meeting.toggleCamera();
  await grantDevices();
  assert.deepEqual([opened.length, meeting.on.camera], [1, true]);
  await meeting.toggleCamera();
  assert.deepEqual([opened[0].readyState, meeting.on.camera], ['ended', false]);
});

/** Plug microphones in: the last one is the one that opens. @param {...string} labels */
const plug = (...labels) => (devices.plugged = labels.map(label => ({kind: 'audioinput', deviceId: label, label})));

test('an unplugged microphone gives way to another one, and is used again when it is back', async () => {
  const {meeting, notices} = await joinedClient({}, {floor: true});
  plug('Bàn', 'Hội trường');
  meeting.unmute();
  await grantDevices();
  plug('Bàn');
  opened[0].readyState = 'ended';
  opened[0].dispatchEvent(new Event('ended'));
  await grantDevices();
  assert.deepEqual([meeting.on.mic, meeting.tracks.mic.label, notices.at(-1)], [true, 'Bàn', 'device.fell-mic']);
  plug('Bàn', 'Hội trường');
  devices.dispatchEvent(new Event('devicechange'));
  await grantDevices();
  assert.deepEqual([meeting.on.mic, meeting.tracks.mic.label, notices.at(-1)], [true, 'Hội trường', 'device.back-mic']);
  plug();
  opened.at(-1).readyState = 'ended';
  opened.at(-1).dispatchEvent(new Event('ended'));
  await grantDevices();
  assert.deepEqual([meeting.on.mic, notices.at(-1)], [false, 'device.lost-mic']);
});

test('another microphone is chosen on air, without another offer', async () => {
  const {meeting} = await joinedClient({}, {floor: true});
  plug('Bàn');
  meeting.unmute();
  await grantDevices();
  const {pc} = meeting.connection;
  plug('Bàn', 'Hội trường');
  meeting.chooseDevice('mic', 'Hội trường');
  await grantDevices();
  assert.deepEqual([meeting.onAir, meeting.connection.tracks.mic.label, meeting.connection.pc === pc, opened.map(({readyState}) => readyState)], [true, 'Hội trường', true, ['ended', 'live']]);
});

test('test_ux_11 an invitation opens the microphone by itself where that was chosen, unless the line is lost', async () => {
  localStorage.setItem('devices', JSON.stringify({openAtOnce: true}));
  const {meeting} = await joinedClient();
  sockets[0].receive({type: 'seats', changed: [{...SEAT, floor: true}], gone: []});
  assert.deepEqual([meeting.micState, meeting.opensAt - meeting.invitedAt], ['invited', 3000]);
  meeting.protocol.drop();
  assert.deepEqual([meeting.micState, meeting.opensAt], ['invited', null]);
});

test('a device that opens after the meeting has ended is closed at once', async () => {
  const {meeting} = await joinedClient();
  meeting.toggleCamera();
  await settle();
  sockets[0].receive({type: 'bye', reason: 'ended'});
  await grantDevices();
  assert.deepEqual([opened[0].readyState, meeting.on.camera], ['ended', false]);
});

test('a device that another app has taken is notified, and opened anew when it is switched on again', async () => {
  const {meeting, notices} = await joinedClient({}, {floor: true});
  meeting.unmute();
  await grantDevices();
  opened[0].muted = true;
  opened[0].dispatchEvent(new Event('mute'));
  assert.deepEqual(notices, ['device.taken-mic']);
  await meeting.mute();
  meeting.unmute();
  await grantDevices();
  assert.deepEqual([opened.map(({readyState}) => readyState), meeting.tracks.mic === opened[1]], [['ended', 'live'], true]);
});

for (const [words, camera, ago, cameraOn, on] of [
  ['was on comes back', true, 1000, false, true],
  ['was off stays off, whatever was chosen before the meeting', false, 1000, true, false],
  ['was off long ago stays off', false, 600_000, true, false],
  ['was on long ago stays off: nobody may be there to see it', true, 600_000, true, false],
])
  test(`a page that is loaded again: a camera that ${words}`, async () => {
    storeSwitches(camera, ago);
    localStorage.set('devices', JSON.stringify({cameraOn}));
    const entering = joinedClient();
    await grantDevices();
    const {meeting} = await entering;
    assert.deepEqual([meeting.on.camera, opened.length], [on, on ? 1 : 0]);
  });

test('switches of another meeting are not restored, and leaving the page saves the time', async () => {
  storeSwitches(false, 600_000);
  sessionStorage.set('switched:1111111111', JSON.stringify({mic: false, camera: true, at: Date.now()}));
  const {meeting} = await joinedClient();
  assert.equal(meeting.on.camera, false);
  window.dispatchEvent(new Event('pagehide'));
  assert.ok(Date.now() - JSON.parse(sessionStorage.get('switched:1234567890')).at < 60_000);
});

test('test_ux_13 who talks into a muted microphone is told the next step, and not again at once', async () => {
  for (const [floor, hint] of [[true, 'room.talks-muted'], [false, 'room.talks-closed']]) {
    const {meeting, notices} = await joinedClient({}, {floor});
    for (let read = 0; read < 24; read++) meeting.watchTalk(true);
    assert.deepEqual(notices, []); // 1.44 s
    for (let read = 0; read < 100; read++) meeting.watchTalk(true);
    assert.deepEqual(notices, [hint]);
    meeting.on.mic = true;
    meeting.hintedAt = -Infinity;
    for (let read = 0; read < 100; read++) meeting.watchTalk(true);
    assert.deepEqual(notices, [hint]);
  }
});

test('test_ux_21 a microphone is open while a key is held, with the floor alone', async () => {
  const {meeting} = await joinedClient({}, {floor: true});
  meeting.talk(true);
  await grantDevices();
  assert.equal(meeting.on.mic, true);
  await meeting.talk(false);
  assert.equal(meeting.on.mic, false);
  const {meeting: closed} = await joinedClient({}, {floor: false});
  await closed.talk(true);
  assert.equal(closed.on.mic, false);
});

test('a client that reconnects notifies what changed meanwhile', async () => {
  const {meeting, notices} = await joinedClient({}, {floor: true});
  const floors = [];
  meeting.addEventListener('floor', ({detail}) => floors.push(detail));
  meeting.unmute();
  await grantDevices();
  await reconnect(meeting, {recording: {...OFF, on: true}});
  assert.deepEqual([meeting.on.mic, floors, notices], [false, ['taken'], ['room.rec-on']]);
});

test('a declined invitation is not shown again after a short loss; a new one is', async () => {
  const {meeting} = await joinedClient({}, {floor: true});
  assert.equal(meeting.invited, true);
  meeting.declineFloor();
  await reconnect(meeting, {}, {floor: true});
  assert.equal(meeting.invited, false);
  await reconnect(meeting, {}, {floor: false});
  await reconnect(meeting, {}, {floor: true});
  assert.equal(meeting.invited, true);
});

test('a screen whose sharing ended during a loss is no longer captured', async () => {
  const {meeting, notices} = await joinedClient({}, {floor: true});
  const sharing = meeting.toggleShare();
  await settle();
  sockets[0].receive({type: 'content', seat: 'me', ref: sockets[0].sent.at(-1).ref});
  await sharing;
  const {screen} = meeting;
  await reconnect(meeting, {content: 'me'}, {floor: true});
  assert.equal(screen.readyState, 'live');
  await reconnect(meeting, {content: null}, {floor: true});
  assert.deepEqual([screen.readyState, meeting.screen, notices.at(-1)], ['ended', null, 'share.over']);
});

test('an uninvited request for the microphone that was lost does not open it later', async () => {
  const {meeting} = await joinedClient({advisory: true});
  const speaking = meeting.toggleMic();
  await grantDevices();
  await speaking;
  assert.deepEqual(sockets[0].sent.at(-1), {type: 'media', mic: true, camera: false});
  await reconnect(meeting, {advisory: true});
  sockets.at(-1).receive({type: 'seats', changed: [{...SEAT, floor: true}], gone: []});
  await settle();
  assert.deepEqual([meeting.on.mic, meeting.invited], [false, true]);
});

const TILE = {tile: 'b', mid: '4', x: 0, y: 0, width: 1280, height: 720, label: 'B', poor: false};
const TILES = {type: 'tiles', tiles: [TILE], width: 1280, height: 720, heading: 0, title: '', clock: false};

test('tiles are shown with the connection that they came on, each m-line in one stream', async () => {
  const {meeting} = await joinedClient();
  sockets[0].receive(TILES);
  assert.deepEqual(meeting.tiles.tiles, [TILE]);
  const {connection} = meeting;
  const first = connection.video('4');
  assert.equal(first.tracks[0], connection.pc.transceivers[4].receiver.track);
  assert.equal(connection.video('4'), first);
  assert.equal(connection.video('99'), null);

  sockets[0].receive({type: 'renew'}); // another connection, whose m-lines carry something else
  await settle();
  sockets[0].receive({...TILES, tiles: [{...TILE, mid: '5'}]});
  assert.deepEqual(meeting.tiles.tiles, [TILE]);
  connection.pc.transceivers[5].receiver.track.dispatchEvent(new Event('unmute'));
  assert.equal(meeting.tiles.tiles[0].mid, '5');
  assert.notEqual(connection.video('4'), first);

  sockets[0].receive({...TILES, tiles: []});
  assert.equal(meeting.tiles, null);
});

test('a new connection in which no camera comes is shown at once, or its sound would never be heard', async () => {
  const {meeting} = await joinedClient();
  sockets[0].receive(TILES);
  sockets[0].receive({type: 'renew'});
  await settle();
  const {connection} = meeting;
  assert.notEqual(connection.shownPc, connection.pc);
  sockets[0].receive({...TILES, tiles: [{...TILE, mid: null}]});
  assert.equal(connection.shownPc, connection.pc);
  assert.equal(connection.sound.tracks[0], connection.pc.transceivers[0].receiver.track);
  assert.equal(meeting.tiles.tiles[0].mid, null);
});

test('while a room moves, the connection before is shown until everybody is there, then the new one once it has a picture', async () => {
  const {meeting} = await joinedClient();
  const {connection} = meeting;
  await answerOffer();
  for (const early of [true, false]) {
    const before = connection.shownPc;
    sockets[0].receive(TILES);
    sockets[0].receive({type: 'renew', keep: true});
    await settle();
    await answerOffer();
    const {track} = connection.pc.transceivers[4].receiver;
    track.muted = !early;
    for (const other of connection.pc.transceivers) if (other.receiver.track !== track) other.receiver.track.muted = true;
    if (early) track.dispatchEvent(new Event('unmute'));
    assert.equal(connection.shownPc, before);
    sockets[0].receive({...TILES, tiles: [{...TILE, mid: null}]});
    assert.equal(connection.shownPc, before);
    sockets[0].receive({...TILES, tiles: [TILE]});
    sockets[0].receive({type: 'moved'});
    assert.equal(connection.shownPc === before, !early);
    if (!early) track.dispatchEvent(new Event('unmute'));
    assert.equal(connection.shownPc, connection.pc);
  }
  sockets[0].receive({type: 'renew', keep: true});
  await settle();
  for (const other of connection.pc.transceivers) other.receiver.track.muted = true;
  sockets[0].receive({...TILES, tiles: [{...TILE, mid: null}]});
  assert.notEqual(connection.shownPc, connection.pc);
  sockets[0].receive({type: 'moved'});
  assert.equal(connection.shownPc, connection.pc);
});

test('a connection that has no answer yet is not kept while a room moves, nor is one that a later server knows nothing of', async () => {
  const {meeting} = await joinedClient();
  const {connection} = meeting;
  const show = () => connection.pc.transceivers[2].receiver.track.dispatchEvent(new Event('unmute'));
  sockets[0].receive({type: 'renew', keep: true});
  await settle();
  show();
  assert.equal(connection.shownPc, connection.pc);
  await answerOffer();
  const before = connection.pc;
  sockets[0].receive({type: 'renew', keep: true});
  await settle();
  show();
  assert.equal(connection.shownPc, before);
  connection.state = 'connected';
  await reconnect(meeting, {}, {media: 'connected'});
  assert.notEqual(connection.pc, before);
  assert.equal(connection.shownPc, connection.pc);
});

test('tiles of our own show what we send', async () => {
  const {meeting} = await joinedClient();
  assert.equal(meeting.ownVideo('camera'), null);
  meeting.toggleCamera();
  await grantDevices();
  const stream = meeting.ownVideo('camera');
  assert.deepEqual([stream.tracks, meeting.ownVideo('camera') === stream, meeting.ownVideo('content')], [[opened[0]], true, null]);
  await meeting.toggleCamera();
  assert.equal(meeting.ownVideo('camera'), null);
});

test('who chose one picture is asked for it on each join, before media are connected, and by this browser in other meetings', async () => {
  navigator.hardwareConcurrency = 4;
  const {meeting} = await joinedClient();
  const said = () => sockets.at(-1).sent.filter(({type}) => ['one-picture', 'offer'].includes(type)).map(({type, on}) => on ?? type);
  assert.deepEqual(said(), [false, 'offer']);
  meeting.chooseOnePicture(true);
  assert.deepEqual([said().at(-1), JSON.parse(localStorage.get('devices')).onePicture], [true, true]);
  const {meeting: next} = await joinedClient({one_picture: true});
  assert.deepEqual([said(), next.state.onePicture], [[true, 'offer'], true]);
  sockets.at(-1).receive({type: 'one-picture-all', on: false});
  assert.equal(next.state.onePicture, false);

  navigator.hardwareConcurrency = 1; // it draws no tiles
  await joinedClient();
  assert.deepEqual(said(), ['offer']);
});

test('a machine that does not decode all in time requests smaller pictures, then one, and all again later', async t => {
  navigator.hardwareConcurrency = 4;
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const {meeting} = await joinedClient();
  meeting.setPictureHeight(1080);
  const begun = sockets.at(-1).sent.length;
  /** Let so many seconds pass in which a share of the pictures is decoded; return what was said of it. */
  const said = (seconds, share, loss = 0) => {
    const before = sockets.at(-1).sent.length;
    for (let half = 0; half < 2 * seconds; half++, now += 500)
      meeting.connection.dispatchEvent(new CustomEvent('measure', {detail: {loss, rtt: 0.01, pictures: 100, decoded: 100 * share}}));
    return sockets.at(-1).sent.slice(before).map(({type, on, lines}) => [type, on ?? lines]);
  };
  assert.ok(begun > 0);
  assert.deepEqual(said(60, 0.9), []);
  assert.deepEqual(said(5, 0.5), [['one-picture', false], ['view', 360]]);
  assert.deepEqual(said(5, 0.5), [['one-picture', true], ['view', 1080]]);
  assert.deepEqual(said(50, 1), []);
  assert.deepEqual(said(20, 1), [['one-picture', false], ['view', 360]]);
  assert.deepEqual(said(80, 1), [['one-picture', false], ['view', 1080]]);
  assert.deepEqual(said(60, 0.5, 0.2), [], 'the network loses the pictures');
  meeting.loss = 0;
  document.hidden = true;
  assert.deepEqual(said(60, 0.5), []);
  document.hidden = false;
});

test('a page says that only sound comes after four seconds without a picture that is due', async t => {
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const {meeting} = await joinedClient();
  const after = (seconds, pictures) => {
    for (let half = 0; half < 2 * seconds; half++, now += 500)
      meeting.connection.dispatchEvent(new CustomEvent('measure', {detail: {loss: 0, rtt: 0.01, pictures, decoded: pictures}}));
    return meeting.soundOnly;
  };
  assert.deepEqual([after(10, 0), after(1, 12), after(4, 0), after(1, 0), after(1, 12)], [false, false, false, true, false], 'none has come before the first');
  meeting.tiles = {tiles: [{mid: null}]};
  assert.equal(after(10, 0), false, 'nobody has a camera on');
  meeting.tiles = {tiles: [{mid: '4', icons: []}]};
  assert.equal(after(10, 0), true);
  now += 10_000;
  assert.deepEqual([after(3, 0), after(2, 0)], [false, true], 'nothing came for ten seconds');
});

test('captions are asked for by who wants them, again after a loss, and not of a server without a model', async () => {
  const {meeting, notices} = await joinedClient({captions: true});
  const said = () => sockets.at(-1).sent.filter(({type}) => type === 'captions').map(({on}) => on);
  assert.deepEqual([said(), meeting.state.captions.on], [[], false]);
  meeting.toggleCaptions();
  sockets.at(-1).receive({type: 'captions', state: 'on'});
  sockets.at(-1).receive({type: 'caption', seat: 'x', name: 'X', utterance: '0-0', text: 'Kính thưa', start: 1, end: 2, final: false});
  assert.deepEqual([said(), meeting.state.captions.state, meeting.state.captions.speakers[0].text], [[true], 'on', 'Kính thưa']);
  await reconnect(meeting, {captions: true});
  assert.deepEqual([said(), meeting.state.captions.on, meeting.state.captions.speakers], [[true], true, []]);
  meeting.toggleCaptions();
  assert.deepEqual([said(), meeting.state.captions.on, notices], [[true, false], false, ['captions.now-on', 'captions.now-off']]);

  const {meeting: other, notices: told} = await joinedClient();
  other.toggleCaptions();
  assert.deepEqual([said(), told], [[], ['captions.none']]);
});

test('who comes back more than a minute after the connection was lost is muted, and sooner not', async () => {
  const {meeting} = await joinedClient({}, {floor: true});
  const unmuting = meeting.unmute();
  await grantDevices();
  await unmuting;
  for (const [seconds, on] of [[59, true], [61, false]]) {
    meeting.protocol.drop();
    meeting.lostAt -= 1000 * seconds;
    meeting.protocol.start();
    await replyToJoin({}, {floor: true});
    assert.equal(meeting.on.mic, on);
  }
});
