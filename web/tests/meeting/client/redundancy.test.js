import assert from 'node:assert/strict';
import {test} from 'node:test';
import {heardCounts, preferRedundant, SoundLoss, spokenCounts} from '../../../meeting/client/redundancy.js';

/** Let a line lose a share of 50 packets a second for so many seconds; return the seconds at which the rule changed, and to what. */
function speak(parts) {
  const rule = new SoundLoss();
  const changes = [];
  let [second, sent, lost] = [100, 0, 0];
  for (const [seconds, share, packets = 50] of parts) {
    for (const end = second + seconds; second < end; second += 0.5) {
      if (rule.update({sent, lost}, 1000 * second)) changes.push([second - 100, rule.lossy]);
      [sent, lost] = [sent + packets / 2, lost + (share * packets) / 2];
    }
  }
  return changes;
}

test('frames are sent twice while the line loses, and for half a minute more', () => {
  assert.deepEqual(speak([[60, 0]]), []);
  assert.deepEqual(speak([[60, 0.02]]), []);
  assert.deepEqual(speak([[10, 0], [20, 0.03], [60, 0]]), [[16, true], [60, false]]);
});

test('of a handful of packets nothing is concluded', () => {
  assert.deepEqual(speak([[60, 0.5, 10]]), []);
});

test('a new connection counts anew', () => {
  const rule = new SoundLoss();
  rule.update({sent: 1000, lost: 0}, 1000);
  assert.equal(rule.update({sent: 10, lost: 5}, 5000), false);
  assert.equal(rule.update({sent: 210, lost: 5}, 9000), false);
  assert.equal(rule.update({sent: 410, lost: 25}, 13_000), true);
});

test('what was sent, came and was lost of sound is read from a report', () => {
  const report = new Map(
    [
      {type: 'outbound-rtp', kind: 'audio', packetsSent: 70},
      {type: 'outbound-rtp', kind: 'video', packetsSent: 700},
      {type: 'remote-inbound-rtp', kind: 'audio', packetsLost: 7},
      {type: 'remote-inbound-rtp', kind: 'video', packetsLost: 70},
      {type: 'inbound-rtp', kind: 'audio', packetsReceived: 91, packetsLost: 9},
      {type: 'inbound-rtp', kind: 'video', packetsReceived: 910, packetsLost: 90},
    ].map((entry, at) => [String(at), entry]),
  );
  assert.deepEqual(spokenCounts(report), {sent: 70, lost: 7});
  assert.deepEqual(heardCounts(report), {sent: 100, lost: 9});
  assert.deepEqual(spokenCounts(new Map([['0', {type: 'remote-inbound-rtp', kind: 'audio', packetsLost: -2}]])), {sent: 0, lost: 0});
});

const ANSWER = 'v=0\r\nm=audio 40000 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\nm=video 40000 UDP/TLS/RTP/SAVPF 96 63\r\n';

test('an answer is turned to redundant sound and back', () => {
  const turned = preferRedundant(ANSWER, true);
  assert.equal(turned, ANSWER.replace('111 63', '63 111'));
  assert.equal(preferRedundant(turned, true), turned);
  assert.equal(preferRedundant(turned, false), ANSWER);
});

test('an answer without redundant sound stays as it is', () => {
  const plain = ANSWER.replace('a=rtpmap:63 red/48000/2\r\n', '');
  assert.equal(preferRedundant(plain, true), plain);
});
