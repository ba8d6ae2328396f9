import assert from 'node:assert/strict';
import {test} from 'node:test';

import {playbackBetween, playbackCounts} from '../../../meeting/client/playback.js';

const report = entries => new Map(entries.map((entry, place) => [entry.id ?? String(place), {id: String(place), ...entry}]));
const video = (id, more) => ({type: 'inbound-rtp', kind: 'video', id, packetsReceived: 100, packetsLost: 0, ...more});
const pair = (localCandidateId, candidate) => [{type: 'candidate-pair', nominated: true, localCandidateId}, {type: 'local-candidate', id: localCandidateId, ...candidate}];

test('what a report counts becomes shares and times of ten seconds', () => {
  const before = playbackCounts(report([video('v', {framesDecoded: 100, framesDropped: 5, totalDecodeTime: 1, totalFreezesDuration: 2}), {type: 'inbound-rtp', kind: 'audio', packetsReceived: 50}]));
  const after = playbackCounts(
    report([
      video('v', {packetsReceived: 590, packetsLost: 10, framesDecoded: 350, framesDropped: 55, totalDecodeTime: 3.5, totalFreezesDuration: 3.25}),
      {type: 'inbound-rtp', kind: 'audio', packetsReceived: 550},
      {type: 'outbound-rtp', kind: 'video', qualityLimitationDurations: {none: 3, cpu: 6, bandwidth: 0.4}},
      ...pair('c', {candidateType: 'host', protocol: 'tcp'}),
    ]),
  );
  assert.deepEqual(playbackBetween(before, after, 10_000), {type: 'playback', lost: 0.01, frozen_ms: 1250, decode_ms: 10, dropped: 0.2, fps: 20, limited: 'cpu', path: 'tcp'});
});

test('nothing counted is nothing told, and counters of a new video say nothing yet', () => {
  const nothing = playbackCounts(report([]));
  const told = {type: 'playback', lost: 0, frozen_ms: 0, decode_ms: null, dropped: 0, fps: 0, limited: '', path: 'udp'};
  assert.deepEqual(playbackBetween(nothing, nothing, 10_000), told);
  const grown = playbackCounts(report([{type: 'inbound-rtp', kind: 'video', id: 'n', framesDecoded: 900, totalFreezesDuration: 30}]));
  assert.deepEqual(playbackBetween(nothing, grown, 10_000), told);
});

test('no value is beyond what the protocol takes, whatever a browser counts', () => {
  const before = playbackCounts(report([video('v', {packetsReceived: 900, framesDecoded: 5})]));
  const wild = video('v', {packetsReceived: 0, packetsLost: 1e9, framesDecoded: 1e9, framesDropped: -7, totalDecodeTime: 1e12, totalFreezesDuration: 1e6});
  const {lost, frozen_ms: frozen, decode_ms: decode, fps} = playbackBetween(before, playbackCounts(report([wild, ...pair('r', {candidateType: 'relay', protocol: 'udp'})])), 10_000);
  assert.deepEqual([lost, frozen, decode, fps], [1, 10_000, 10_000, 240]);
});
