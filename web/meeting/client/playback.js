// What a page measured of its own media in the last ten seconds, for the message `playback` (docs/protocol.md), by which
// technicians see later why a point was bad. No DOM, no clock. For peer-connection.js.

/** Milliseconds that one message tells of. */
export const PLAYBACK_MS = 10_000;

const [MOST_DECODE_MS, MOST_FROZEN_MS, MOST_FPS] = [10_000, 60_000, 240];
/** A limit that held for less than this share of the time is none. */
const LIMITED = 0.5;

/**
 * Counters of one video that comes (W3C webrtc-stats), times in seconds.
 * @typedef {{frozen: number, decoding: number, decoded: number, dropped: number}} VideoCounts
 * @typedef {{received: number, lost: number, videos: Map<string, VideoCounts>, cpu: number, bandwidth: number, path: 'udp' | 'tcp' | 'relay'}} PlaybackCounts
 */

/** Return what counts in a report. @param {RTCStatsReport} report @returns {PlaybackCounts} */
export function playbackCounts(report) {
  /** @type {PlaybackCounts} */
  const counts = {received: 0, lost: 0, videos: new Map(), cpu: 0, bandwidth: 0, path: 'udp'};
  report.forEach(entry => {
    if (entry.type === 'inbound-rtp') {
      counts.received += entry.packetsReceived ?? 0;
      counts.lost += Math.max(0, entry.packetsLost ?? 0);
      if (entry.kind === 'video')
        counts.videos.set(entry.id, {frozen: entry.totalFreezesDuration ?? 0, decoding: entry.totalDecodeTime ?? 0, decoded: entry.framesDecoded ?? 0, dropped: entry.framesDropped ?? 0});
    }
    if (entry.type === 'outbound-rtp' && entry.kind === 'video') {
      const {cpu = 0, bandwidth = 0} = entry.qualityLimitationDurations ?? {};
      counts.cpu = Math.max(counts.cpu, cpu);
      counts.bandwidth = Math.max(counts.bandwidth, bandwidth);
    }
    if (entry.type === 'candidate-pair' && entry.nominated) counts.path = pathOf(report.get(entry.localCandidateId));
  });
  return counts;
}

/** @param {{candidateType?: string, protocol?: string} | undefined} candidate @returns {'udp' | 'tcp' | 'relay'} */
const pathOf = candidate => (candidate?.candidateType === 'relay' ? 'relay' : candidate?.protocol === 'tcp' ? 'tcp' : 'udp');

/** @param {number} before @param {number} after */
const since = (before, after) => Math.max(0, after - before);

/**
 * Return the message about the time between two reports.
 * @param {PlaybackCounts} before
 * @param {PlaybackCounts} after
 * @param {number} ms milliseconds between them
 */
export function playbackBetween(before, after, ms) {
  const [received, lost] = [since(before.received, after.received), since(before.lost, after.lost)];
  const videos = [...after.videos].flatMap(([id, now]) => {
    const then = before.videos.get(id);
    if (!then) return [];
    return {frozen: since(then.frozen, now.frozen), decoding: since(then.decoding, now.decoding), decoded: since(then.decoded, now.decoded), dropped: since(then.dropped, now.dropped)};
  });
  const decoded = videos.reduce((sum, video) => sum + video.decoded, 0);
  const dropped = videos.reduce((sum, video) => sum + video.dropped, 0);
  const decoding = videos.reduce((sum, video) => sum + video.decoding, 0);
  const fps = (1000 * Math.max(0, ...videos.map(video => video.decoded - video.dropped))) / ms;
  const limited = (/** @type {'cpu' | 'bandwidth'} */ reason) => since(before[reason], after[reason]) > (LIMITED * ms) / 1000;
  return {
    type: 'playback',
    lost: share(lost, received + lost),
    frozen_ms: Math.min(MOST_FROZEN_MS, ms, Math.round(1000 * Math.max(0, ...videos.map(({frozen}) => frozen)))),
    decode_ms: decoded ? Math.min(MOST_DECODE_MS, tenth((1000 * decoding) / decoded)) : null,
    dropped: share(dropped, decoded),
    fps: Math.min(MOST_FPS, tenth(fps)),
    limited: limited('cpu') ? 'cpu' : limited('bandwidth') ? 'bandwidth' : '',
    path: after.path,
  };
}

/** @param {number} value */
const tenth = value => Math.round(10 * value) / 10;

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole ? Math.min(1, Math.round((1000 * part) / whole) / 1000) : 0);
