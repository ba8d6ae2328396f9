import assert from 'node:assert/strict';
import {test} from 'node:test';
import {layersFor, mediaAddress, PeerConnection} from '../../../meeting/client/peer-connection.js';

const brief = height => layersFor(height).map(({rid, scaleResolutionDownBy, active}) => [rid, scaleResolutionDownBy, active]);

test('three layers of a high picture, low to high', () => {
  assert.deepEqual(brief(720), [['q', 4, true], ['h', 2, true], ['f', 1, true]]);
});

test('two layers of a small picture, of which one is whole', () => {
  assert.deepEqual(brief(360), [['q', 2, true], ['h', 1, true], ['f', 1, false]]);
});

test('layers above the smallest that has the viewed height are inactive', () => {
  const active = (height, wanted) => layersFor(height, wanted).filter(layer => layer.active).map(({rid}) => rid).join('');
  assert.deepEqual([180, 360, 720].map(wanted => active(720, wanted)), ['q', 'qh', 'qhf']);
  assert.deepEqual([180, 360, 720].map(wanted => active(360, wanted)), ['q', 'qh', 'qh']);
});

test('a video is played as late as it is told, unless it is so by a hair', () => {
  const connection = new PeerConnection(async () => '');
  const receivers = {4: {jitterBufferTarget: null}, 5: {jitterBufferTarget: null}, 6: {}};
  connection.shownPc = {getTransceivers: () => Object.entries(receivers).map(([mid, receiver]) => ({mid, receiver}))};
  const told = (...delays) => {
    connection.delayVideos(new Map(delays));
    return Object.values(receivers).map(({jitterBufferTarget}) => jitterBufferTarget);
  };
  assert.deepEqual(told(['4', 100.4], ['6', 80]), [100, null, undefined]);
  assert.deepEqual(told(['4', 110], ['5', 50]), [100, 50, undefined]);
  assert.deepEqual(told(['4', 0]), [null, 50, undefined]);
});

test('the address of the server is that of the first candidate for UDP', () => {
  const sdp = 'v=0\r\na=candidate:1 1 udp 2130706431 10.0.4.7 40000 typ host\r\na=candidate:2 1 udp 2130706430 10.0.4.8 40000 typ host\r\n';
  assert.equal(mediaAddress(sdp), '10.0.4.7:40000');
  assert.equal(mediaAddress('a=candidate:1 1 UDP 1 2001:db8::7 40000 typ host\r\n'), '[2001:db8::7]:40000');
  assert.equal(mediaAddress('v=0\r\n'), '');
});

test('UDP is blocked while the server answers and no packet ever came', () => {
  const connection = new PeerConnection(async () => '');
  connection.connect = async () => undefined;
  connection.mediaAddress = '10.0.4.7:40000';
  connection.onSilence(4000);
  assert.equal(connection.blocked, false);
  connection.onSilence(5001);
  assert.equal(connection.blocked, true);
  [connection.heard, connection.blocked] = [true, false];
  connection.onSilence(5001);
  assert.equal(connection.blocked, false);
});

const ANSWER = 'm=audio 40000 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:63 red/48000/2\r\n';

/** A connection that is set up and notes what is set from then on; it refuses answers if told so. */
function setUp(refuses = false) {
  const connection = new PeerConnection(async () => '');
  connection.answer = ANSWER;
  const pc = {
    signalingState: 'stable',
    remoteDescription: {},
    seen: [],
    async setLocalDescription(description) {
      pc.signalingState = description ? 'stable' : 'have-local-offer';
      pc.seen.push(description?.type ?? 'offer');
    },
    async setRemoteDescription({sdp}) {
      if (refuses) throw new Error('no');
      pc.signalingState = 'stable';
      pc.seen.push(sdp.split('\r')[0].slice(-6));
    },
  };
  return {connection, pc};
}

test('speech is repeated and repeated no longer by the answer, without the server', async () => {
  const {connection, pc} = setUp();
  await connection.repeatSpeech(pc, true);
  await connection.repeatSpeech(pc, false);
  assert.deepEqual(pc.seen, ['offer', '63 111', 'offer', '111 63']);
});

test('a browser that does not change its codecs goes on as it was', async () => {
  const {connection, pc} = setUp(true);
  await connection.repeatSpeech(pc, true);
  assert.deepEqual([pc.seen, pc.signalingState], [['offer', 'rollback'], 'stable']);
});

test('a connection that is being set up is left alone', async () => {
  const {connection, pc} = setUp();
  await connection.repeatSpeech(Object.assign(pc, {signalingState: 'have-local-offer'}), true);
  await connection.repeatSpeech(Object.assign(pc, {signalingState: 'stable', remoteDescription: null}), true);
  assert.deepEqual(pc.seen, []);
});

test('sound is waited for while the line loses it', () => {
  const {connection} = setUp();
  const receiver = {jitterBufferTarget: 7};
  const targets = [false, true].map(lossy => {
    connection.mixLoss.lossy = lossy;
    connection.awaitSound({getTransceivers: () => [{receiver}]});
    return receiver.jitterBufferTarget;
  });
  assert.deepEqual(targets, [null, 100]);
  const old = {};
  connection.awaitSound({getTransceivers: () => [{receiver: old}]});
  assert.deepEqual(old, {});
});
