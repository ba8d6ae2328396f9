// The WebRTC connection to the server, as docs/protocol.md "The offer" says, for meeting-client.js. Nothing is ever
// renegotiated with the server: mute is replaceTrack(null), and after any failure a new RTCPeerConnection is built and
// offered with the same tracks.

import {PLAYBACK_MS, playbackBetween, playbackCounts} from './playback.js';
import {heardCounts, preferRedundant, SoundLoss, spokenCounts} from './redundancy.js';
import {addTileLines} from './tile-lines.js';

const WATCH_MS = 500;
const REPAIRED_MS = 100; // two packets later, the frame of a lost one is there
const DELAY_STEP_MS = 20; // a video that is to be played later by less is left alone
const UNSTABLE_MS = 2000; // browsers say "disconnected" only after 7 s; people notice a frozen picture after 2
const REBUILD_MS = 5000;
const RETRY_MS = 1000;
const SERVERS_MS = 1000; // longer nobody waits for a server that hardly anybody needs
const SERVERS_KEPT_MS = 1_800_000; // half of the time for which their credentials hold
const KEEP_MS = 12_000; // the server says sooner that a room has moved, unless it is lost meanwhile

/** Each picture rate of a half and a quarter can be forwarded alone (W3C webrtc-svc). Browsers that cannot do it ignore the field. */
const TEMPORAL_LAYERS = 'L1T3';

/** Simulcast layers, low to high: the compositor decodes the smallest layer that fills its tile. */
const LAYERS = [
  {rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 130_000, scalabilityMode: TEMPORAL_LAYERS},
  {rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: TEMPORAL_LAYERS},
  {rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_700_000, scalabilityMode: TEMPORAL_LAYERS},
];

const LOW_HEIGHT = 540;
const FULL_HEIGHT = 720; // lines; more is never requested

/**
 * Return the simulcast layers for a picture of this height. Chromium sends only the two lowest layers of a small picture, which would leave
 * a 640x360 camera at 320x180; so for a small one the middle layer is the whole picture and the upper one is off.
 * @param {number} height pixels
 * @param {number} wanted pixels that are looked at: layers above the smallest that has them rest, the lowest always sends
 */
export function layersFor(height, wanted = FULL_HEIGHT) {
  const layers = LAYERS.map((layer, i) =>
    height < LOW_HEIGHT ? {...layer, scaleResolutionDownBy: [2, 1, 1][i], active: layer.rid !== 'f'} : {...layer, active: true},
  );
  // The server counts a camera's lines as if it had 720: a layer is a half or a quarter of it, whatever its size.
  return layers.map((layer, i) => ({...layer, active: layer.active && (i === 0 || FULL_HEIGHT / LAYERS[i - 1].scaleResolutionDownBy < wanted)}));
}

/** The encoding of a shared screen: sharp rather than smooth. */
const CONTENT = [{maxBitrate: 1_500_000, maxFramerate: 5}];
/**
 * Indexes of transceivers in the order of docs/protocol.md; the third only receives.
 * @type {Record<SentKind, number>}
 */
const TRANSCEIVER_INDEX = {mic: 0, camera: 1, content: 3};

/**
 * Return address and port of the first UDP candidate of an answer (RFC 8839), as a firewall is asked to let them through.
 * @param {string} sdp
 */
export function mediaAddress(sdp) {
  const [, address, port] = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) /im.exec(sdp) ?? [];
  return address ? `${address.includes(':') ? `[${address}]` : address}:${port}` : '';
}

/** @param {MediaStreamTrack | null} track */
const heightOf = track => track?.getSettings().height ?? 720;

/** What was received so far: packets and those lost, pictures and those decoded. */
const NO_COUNTS = {received: 0, lost: 0, pictures: 0, decoded: 0, held: 0, played: 0};

/** Why an encoder sends less than it could, as far as people can do something about it (W3C webrtc-stats). */
const LIMITS = ['cpu', 'bandwidth'];

/** Sum what a report counts, with the round-trip time in seconds and what limits the camera. @param {RTCStatsReport} report */
function summarise(report) {
  const sum = {...NO_COUNTS, rtt: 0, limitedBy: /** @type {'' | 'cpu' | 'bandwidth'} */ ('')};
  report.forEach(entry => {
    if (entry.type === 'outbound-rtp' && entry.kind === 'video' && LIMITS.includes(entry.qualityLimitationReason)) sum.limitedBy = entry.qualityLimitationReason;
    if (entry.type === 'inbound-rtp') {
      sum.received += entry.packetsReceived ?? 0;
      sum.lost += Math.max(0, entry.packetsLost ?? 0);
      sum.pictures += entry.framesReceived ?? entry.framesDecoded ?? 0;
      sum.decoded += entry.framesDecoded ?? 0;
      if (entry.kind === 'audio') [sum.held, sum.played] = [entry.jitterBufferDelay ?? 0, entry.jitterBufferEmittedCount ?? 0];
    }
    if (entry.type === 'candidate-pair' && entry.nominated) sum.rtt = entry.currentRoundTripTime ?? 0;
  });
  return sum;
}

/**
 * The media of one seat, over one RTCPeerConnection at a time. Events: `state` after every change of `state`; `streams` when `picture` and `sound` are new; `measure` with
 * `{loss, rtt, limitedBy, pictures, decoded}` twice a second while packets flow; `playback` with the message about the last ten seconds.
 */
export class PeerConnection extends EventTarget {
  /**
   * @param {(sdp: string) => Promise<string>} exchange gives an offer to the server and returns its answer
   * @param {boolean} [tiles] whether cameras may be forwarded one by one
   * @param {() => Promise<RTCIceServer[]>} [askServers] asks for the TURN server, if there is one
   */
  constructor(exchange, tiles = true, askServers = async () => []) {
    super();
    this.exchange = exchange;
    this.tiles = tiles;
    this.askServers = askServers;
    /** The TURN server, none where that is not known in time; it is asked for before the first connection needs it. */
    this.servers = this.newServers();
    /** @type {RTCPeerConnection | null} */
    this.pc = null;
    /**
     * The connection whose picture is on the page; it keeps its last frame until the next connection has media.
     * @type {RTCPeerConnection | null}
     */
    this.shownPc = null;
    /** @type {Record<SentKind, MediaStreamTrack | null>} */
    this.tracks = {mic: null, camera: null, content: null};
    /** @type {MediaStream | null} */
    this.picture = null;
    /** @type {MediaStream | null} */
    this.sound = null;
    /** Show the newest connection instead of the one before it. */
    this.showNewest = () => {};
    /** Show the newest connection if its pictures come. */
    this.showIfComing = () => {};
    /** Whether the connection that is shown stays so until the room has moved. */
    this.kept = false;
    this.keptTimer = 0;
    /** Videos of the connection that is shown, by MID. @type {Map<string, MediaStream>} */
    this.videos = new Map();
    /** @type {'idle' | 'connecting' | 'connected' | 'unstable'} */
    this.state = 'idle';
    this.timer = 0;
    /** The height, in lines, at which this camera is viewed. */
    this.wantedHeight = FULL_HEIGHT;
    this.lastCounts = NO_COUNTS;
    /** What was counted when the last `playback` was told, milliseconds of the page's clock. @type {{at: number, counts: import('./playback.js').PlaybackCounts} | null} */
    this.told = null;
    this.speechLoss = new SoundLoss();
    this.mixLoss = new SoundLoss();
    /** The server's last answer. */
    this.answer = '';
    /** By how many milliseconds the mix is played late. */
    this.soundDelay = 0;
    this.lastPacket = 0;
    /** Address and port of the server's media, as its last answer says. */
    this.mediaAddress = '';
    /** Whether a packet has ever come. */
    this.heard = false;
    /** Whether no packet comes although the server answers: UDP is blocked on the way. */
    this.blocked = false;
  }

  /** Return whether packets came within the last two seconds. */
  get healthy() {
    return this.state === 'connected';
  }

  /** Connect where the room moves to, and show the connection before until everybody is there. */
  async move() {
    this.kept = Boolean(this.shownPc?.remoteDescription); // without one it never had a picture
    window.clearTimeout(this.keptTimer);
    this.keptTimer = window.setTimeout(() => this.moved(), KEEP_MS);
    await this.connect();
  }

  /** Show the newest connection, now or once its pictures come. */
  moved() {
    window.clearTimeout(this.keptTimer);
    if (this.kept) {
      this.kept = false;
      this.showIfComing();
    }
  }

  /** Ask for the TURN server, whose credentials end by themselves. */
  newServers() {
    const late = new Promise(resolve => setTimeout(() => resolve([]), SERVERS_MS));
    const found = /** @type {Promise<RTCIceServer[]>} */ (Promise.race([this.askServers().catch(() => []), late]));
    return {found, until: performance.now() + SERVERS_KEPT_MS};
  }

  /** Build a peer connection and offer it. */
  async connect() {
    if (performance.now() > this.servers.until) this.servers = this.newServers();
    const iceServers = await this.servers.found;
    if (this.pc !== this.shownPc) this.pc?.close();
    const pc = new RTCPeerConnection({bundlePolicy: 'max-bundle', iceServers});
    this.pc = pc;
    this.wantedHeight = FULL_HEIGHT;
    this.lastCounts = NO_COUNTS;
    this.told = null;
    this.lastPacket = performance.now();
    if (!this.kept) this.setState(this.state === 'unstable' ? 'unstable' : 'connecting');
    this.addTransceivers(pc);
    this.awaitSound(pc);
    this.timer ||= window.setInterval(() => this.watch(), WATCH_MS);
    try {
      await pc.setLocalDescription();
      // The server is ICE-lite and needs none of our candidates, so there is nothing to wait for.
      const sdp = await this.exchange(/** @type {RTCSessionDescription} */ (pc.localDescription).sdp);
      this.mediaAddress = mediaAddress(sdp);
      if (pc === this.pc) {
        this.answer = sdp;
        await pc.setRemoteDescription({type: 'answer', sdp: preferRedundant(sdp, this.speechLoss.lossy)});
      }
    } catch {
      window.setTimeout(() => pc === this.pc && this.connect(), RETRY_MS);
    }
  }

  /** Add the four transceivers in the order of docs/protocol.md, and those of the tiles. @param {RTCPeerConnection} pc */
  addTransceivers(pc) {
    const sound = pc.addTransceiver(this.tracks.mic ?? 'audio', {direction: 'sendrecv'});
    pc.addTransceiver(this.tracks.camera ?? 'video', {direction: 'sendonly', sendEncodings: layersFor(heightOf(this.tracks.camera))});
    const picture = pc.addTransceiver('video', {direction: 'recvonly'});
    pc.addTransceiver(this.tracks.content ?? 'video', {direction: 'sendonly', sendEncodings: CONTENT});
    const pictures = [picture.receiver, ...(this.tiles ? addTileLines(pc) : [])];
    this.showNewest = () => {
      if (pc === this.pc && pc !== this.shownPc && !this.kept) this.show(pc, picture.receiver.track, sound.receiver.track);
    };
    this.showIfComing = () => pictures.some(({track}) => !track.muted) && this.showNewest();
    if (!this.shownPc) this.showNewest();
    else for (const {track} of pictures) track.addEventListener('unmute', this.showNewest, {once: true});
    pc.addEventListener('connectionstatechange', () => pc === this.pc && pc.connectionState === 'failed' && this.connect());
  }

  /** @param {RTCPeerConnection} pc @param {MediaStreamTrack} picture @param {MediaStreamTrack} sound */
  show(pc, picture, sound) {
    const old = this.shownPc;
    this.shownPc = pc;
    this.picture = new MediaStream([picture]);
    this.sound = new MediaStream([sound]);
    this.videos.clear();
    this.dispatchEvent(new Event('streams'));
    old?.close();
  }

  /** Return the stream of an m-line of the connection that is shown; null if it has none such. @param {string} mid */
  video(mid) {
    const known = this.videos.get(mid);
    const track = known ? null : this.shownPc?.getTransceivers().find(transceiver => transceiver.mid === mid)?.receiver.track;
    if (!track) return known ?? null;
    const stream = new MediaStream([track]);
    this.videos.set(mid, stream);
    return stream;
  }

  /** Play the videos of m-lines late by so many milliseconds. @param {Map<string, number>} delays */
  delayVideos(delays) {
    for (const {mid, receiver} of this.shownPc?.getTransceivers() ?? []) {
      const delay = Math.round(delays.get(mid ?? '') ?? 0) || null;
      if (delays.has(mid ?? '') && 'jitterBufferTarget' in receiver && Math.abs((receiver.jitterBufferTarget ?? 0) - (delay ?? 0)) > DELAY_STEP_MS) receiver.jitterBufferTarget = delay;
    }
  }

  /** Send a track, or nothing (null). @param {SentKind} kind @param {MediaStreamTrack | null} track */
  async send(kind, track) {
    this.tracks[kind] = track;
    const sender = this.pc?.getSenders()[TRANSCEIVER_INDEX[kind]];
    await sender?.replaceTrack(track);
    if (sender && track && kind === 'camera') await this.fitLayers(sender, track);
  }

  /** @param {RTCRtpSender} sender @param {MediaStreamTrack} track */
  async fitLayers(sender, track) {
    const layers = layersFor(heightOf(track), this.wantedHeight);
    const parameters = sender.getParameters();
    if (parameters.encodings.length !== layers.length) return; // the server took fewer layers
    parameters.encodings.forEach((encoding, i) => Object.assign(encoding, layers[i]));
    await sender.setParameters(parameters).catch(() => undefined); // the track was replaced meanwhile, and its own call fits the layers
  }

  /** Send no higher layer of the camera than is viewed. @param {number} lines */
  async setWantedHeight(lines) {
    if (lines === this.wantedHeight) return;
    this.wantedHeight = lines;
    const sender = this.pc?.getSenders()[TRANSCEIVER_INDEX.camera];
    if (sender?.track) await this.fitLayers(sender, sender.track);
  }

  async watch() {
    const pc = this.pc;
    if (!pc || pc.connectionState === 'closed') return;
    const report = await pc.getStats();
    if (pc !== this.pc) return;
    const {rtt, limitedBy, ...counts} = summarise(report);
    this.tellPlayback(report, performance.now());
    if (this.mixLoss.update(heardCounts(report), performance.now())) this.awaitSound(pc);
    if (this.speechLoss.update(spokenCounts(report), performance.now())) this.repeatSpeech(pc, this.speechLoss.lossy);
    const last = this.lastCounts;
    const [fresh, missing] = [counts.received - last.received, Math.max(0, counts.lost - last.lost)];
    this.lastCounts = counts;
    if (counts.played > last.played) this.soundDelay = (1000 * (counts.held - last.held)) / (counts.played - last.played);
    if (fresh > 0) {
      this.lastPacket = performance.now();
      [this.heard, this.blocked] = [true, false];
      this.setState('connected');
      this.dispatchEvent(new CustomEvent('measure', {detail: {loss: missing / (fresh + missing), rtt, limitedBy, pictures: counts.pictures - last.pictures, decoded: counts.decoded - last.decoded}}));
    } else this.onSilence(performance.now() - this.lastPacket);
  }

  /** Wait for sound that comes with a later packet while the line loses it: browsers would rather make it up. @param {RTCPeerConnection} pc */
  awaitSound(pc) {
    const receiver = pc.getTransceivers()[TRANSCEIVER_INDEX.mic]?.receiver;
    if (receiver && 'jitterBufferTarget' in receiver) receiver.jitterBufferTarget = this.mixLoss.lossy ? REPAIRED_MS : null;
  }

  /**
   * Send each frame of the microphone once more with the next packet, or no longer. The server takes both; which one is sent is told by
   * the order of its answer, which is applied anew.
   * @param {RTCPeerConnection} pc
   * @param {boolean} redundant
   */
  async repeatSpeech(pc, redundant) {
    if (pc.signalingState !== 'stable' || !pc.remoteDescription) return;
    try {
      await pc.setLocalDescription();
      await pc.setRemoteDescription({type: 'answer', sdp: preferRedundant(this.answer, redundant)});
    } catch {
      await pc.setLocalDescription({type: 'rollback'}).catch(() => undefined); // nothing to take back, or closed meanwhile
    }
  }

  /** Tell every ten seconds what became of the media meanwhile. @param {RTCStatsReport} report @param {number} now */
  tellPlayback(report, now) {
    const {told} = this;
    if (told && now - told.at < PLAYBACK_MS) return;
    const counts = playbackCounts(report);
    if (told) this.dispatchEvent(new CustomEvent('playback', {detail: playbackBetween(told.counts, counts, now - told.at)}));
    this.told = {at: now, counts};
  }

  /** @param {number} quiet milliseconds without a packet */
  onSilence(quiet) {
    if (quiet > UNSTABLE_MS) this.setState('unstable');
    if (quiet <= REBUILD_MS) return;
    this.blocked = !this.heard && this.mediaAddress !== '';
    this.connect();
  }

  close() {
    this.kept = false;
    window.clearTimeout(this.keptTimer);
    window.clearInterval(this.timer);
    this.timer = 0;
    for (const pc of [this.pc, this.shownPc]) pc?.close();
    this.pc = this.shownPc = null;
    this.setState('idle');
  }

  /** @param {PeerConnection['state']} state */
  setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}
