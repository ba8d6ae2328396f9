import assert from 'node:assert/strict';
import {test} from 'node:test';
import {addTileLines, tileCodecs, tileLines} from '../../../meeting/client/tile-lines.js';

test('a machine offers as many tiles as it can decode, and one m-line for a screen', () => {
  assert.deepEqual([1, 2, 4, 16].map(tileLines), [0, 13, 26, 26]);
});

test('tiles take what cameras send: VP8, H.264 baseline in packets of mode 1, and retransmission', () => {
  const h264 = (profile, mode) => ({mimeType: 'video/H264', sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`});
  const known = [{mimeType: 'video/VP9'}, h264('42001f', 1), h264('42001f', 0), h264('42e01f', 1), h264('4d001f', 1), {mimeType: 'video/rtx'}, {mimeType: 'video/VP8'}, {mimeType: 'video/AV1'}];
  assert.deepEqual(tileCodecs(known), [{mimeType: 'video/VP8'}, h264('42001f', 1), h264('42e01f', 1), {mimeType: 'video/rtx'}]);
});

test('every m-line only receives', () => {
  const made = [];
  const pc = {addTransceiver: (kind, options) => (made.push([kind, options.direction]), {receiver: {track: made.length}})};
  assert.deepEqual(addTileLines(pc, 2).map(({track}) => track), Array.from({length: 13}, (_, i) => i + 1));
  assert.deepEqual(new Set(made.map(each => each.join())), new Set(['video,recvonly']));
});
