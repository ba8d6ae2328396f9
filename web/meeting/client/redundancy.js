// The rule by which frames of sound are sent once more with the packet after them (RED, RFC 2198), and those that come are waited for: where the
// line loses packets. No DOM, no clock.

const WINDOW_MS = 4000;
const FEWEST = 50; // packets sent in it, a second of sound
const LOSS = 0.03; // share lost of them
const CALM_MS = 30_000; // after the last such window

/** Watches what a line loses of sound one way. Times are in milliseconds of any steady clock. */
export class SoundLoss {
  constructor() {
    /** Whether frames should come twice. */
    this.lossy = false;
    /** What was counted when the window began. */
    this.begun = {sent: 0, lost: 0, at: 0};
    /** The last time at which too much was lost. */
    this.lastTime = 0;
  }

  /**
   * Take how many packets were sent and reported as lost so far; return whether `lossy` changed.
   * @param {{sent: number, lost: number}} counts
   * @param {number} now
   */
  update({sent, lost}, now) {
    const {begun} = this;
    if (!begun.at || sent < begun.sent) this.begun = {sent, lost, at: now}; // the first, or those of a new connection
    if (now - this.begun.at < WINDOW_MS) return false;
    this.begun = {sent, lost, at: now};
    if (sent - begun.sent >= FEWEST && lost - begun.lost >= LOSS * (sent - begun.sent)) this.lastTime = now;
    const before = this.lossy;
    this.lossy = this.lastTime > 0 && now - this.lastTime < CALM_MS;
    return this.lossy !== before;
  }
}

/** Return what was sent of the microphone, and what the server says it lost. @param {RTCStatsReport} report */
export function spokenCounts(report) {
  const counts = {sent: 0, lost: 0};
  report.forEach(entry => {
    if (entry.kind !== 'audio') return;
    if (entry.type === 'outbound-rtp') counts.sent += entry.packetsSent ?? 0;
    if (entry.type === 'remote-inbound-rtp') counts.lost += Math.max(0, entry.packetsLost ?? 0);
  });
  return counts;
}

/** Return what came of the mix and what was lost of it, by the line alone. @param {RTCStatsReport} report */
export function heardCounts(report) {
  const counts = {sent: 0, lost: 0};
  report.forEach(({type, kind, packetsReceived = 0, packetsLost = 0}) => {
    if (type !== 'inbound-rtp' || kind !== 'audio') return;
    counts.lost += Math.max(0, packetsLost);
    counts.sent += packetsReceived + packetsLost;
  });
  return counts;
}

/**
 * Return an answer that prefers RED to what it repeats, or the other way round; as it is where it has none.
 * @param {string} sdp
 * @param {boolean} redundant
 */
export function preferRedundant(sdp, redundant) {
  const [, red] = /^a=rtpmap:(\d+) red\/48000/m.exec(sdp) ?? [];
  if (!red) return sdp;
  return sdp.replace(/^(m=audio \S+ \S+)((?: \d+)+)/m, (_, head, listed) => {
    const others = listed.trim().split(' ').filter((/** @type {string} */ number) => number !== red);
    return [head, ...(redundant ? [red, ...others] : [...others, red])].join(' ');
  });
}
