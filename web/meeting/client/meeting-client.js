// The client of one seat in one meeting: joins signaling, media and devices, and holds the state that the pages
// show. Pages call its methods and draw again on `change`; `notice` (detail: [key, ...args]) asks for a passing
// message; `floor` (detail) is "given" or "taken".

import {iceServers} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {NO_CAPTIONS} from './captions.js';
import {latest} from './chat.js';
import {PeerConnection} from './peer-connection.js';
import {HINT_MS, TALK_MS, needsOtherPicture, floorChange, micState, ownSeat, quality, recordState, reduce, initialState, heightToRequest, properName, talkedMs} from './meeting-state.js';
import {DecodingWatch, ONE_PICTURE, SMALLER} from './decoding.js';
import {DarknessWatch, DeviceError, LevelMeter, applyBlur, deviceChoices, listDevices, openDevice, openScreen, preferred, saveDeviceChoices} from './devices.js';
import {canSuppressNoise, withoutNoise} from './noise-suppression.js';
import {Protocol} from './protocol.js';
import {coresOfMachine, tileLines} from './tile-lines.js';
import {arrangement, playoutDelays} from './tiles.js';
import {MIN_SECRET, wasCancelled} from './vote.js';
import {span} from '../../core/time.js';

const SEAT_KEPT_MS = 60_000; // a seat, and what was switched on in it, is kept this long (docs/protocol.md)
const OPEN_MS = 3000; // from an invitation to the open microphone, where that opens by itself
const HEARD_MS = 300; // keep "sending sound" lit between syllables
const NO_PICTURE_MS = 4000; // without any picture where one is due
const LOSSY = 0.03; // share of packets lost from which pictures are missing because of the network
const SMALLER_HEIGHT = 360; // lines requested by a machine that does not decode all in time

/** @param {string} path */
const socketUrl = path => new URL(path, location.href).href.replace(/^http/, 'ws');

/** The client of one seat in one meeting. */
export class MeetingClient extends EventTarget {
  /**
   * Make a client that joins with a code; test room and room display are entered with a `hello` of their own.
   * @param {string} code the session code, or for `hello` a word that names the meeting in sessionStorage
   * @param {{hello?: Message, socket?: string, tiles?: boolean}} [options] the first message, if it is not a `join` with
   *   the code; the path of the socket; whether cameras may come one by one
   */
  constructor(code, {hello, socket = 'ws', tiles = true} = {}) {
    super();
    this.protocol = new Protocol({code, hello, open: () => new WebSocket(socketUrl(socket)), store: sessionStorage});
    this.connection = new PeerConnection(sdp => this.exchange(sdp), tiles, iceServers);
    /** @type {MeetingState | null} */
    this.state = null;
    /** The cameras that this seat is forwarded one by one, as they are shown; null when one picture comes. @type {Tiles | null} */
    this.tiles = null;
    /** The tiles that the server named last, of a connection that may not be shown yet. @type {Tiles | null} */
    this.nextTiles = null;
    /** Streams of what this seat sends, for its own tiles. @type {Partial<Record<'camera' | 'content', MediaStream>>} */
    this.ownStreams = {};
    this.on = {mic: false, camera: false};
    this.invited = false;
    /** The server's clock when this seat was invited to speak, milliseconds. */
    this.invitedAt = 0;
    /** When the microphone opens by itself, on the server's clock in milliseconds; null while it does not. @type {number | null} */
    this.opensAt = null;
    this.opener = 0;
    /** Whether this seat unmutes without the floor, where the profile permits it and only notes it. */
    this.uninvited = false;
    /** @type {Record<DeviceKind, MediaStreamTrack | null>} */
    this.tracks = {mic: null, camera: null};
    /** The microphone without its noise, where that was chosen. @type {{track: MediaStreamTrack, stop: () => void} | null} */
    this.clean = null;
    /** Chosen devices that were unplugged. @type {Set<import('./devices.js').DeviceUse>} */
    this.fallen = new Set();
    /** Devices that are being opened. @type {Partial<Record<DeviceKind, Promise<boolean>>>} */
    this.opening = {};
    /** The screen we share. @type {MediaStreamTrack | null} */
    this.screen = null;
    /** @type {LevelMeter | null} */
    this.meter = null;
    this.level = 0;
    /** The picture height to request, in lines; 0 while unknown. */
    this.pictureHeight = 0;
    this.decoding = new DecodingWatch();
    this.heardAt = -HEARD_MS;
    /** For so long somebody has talked while the microphone is off, milliseconds. */
    this.talkedMs = 0;
    this.hintedAt = -HINT_MS;
    /** Whether the microphone is on for as long as a key is held. */
    this.held = false;
    /** @type {'good' | 'fair' | 'poor' | 'bad'} */
    this.quality = 'good';
    this.loss = 0;
    /** Seconds to the server and back. */
    this.roundTrip = 0;
    /** Why the camera is sent worse than it could be, if it is. @type {'' | 'cpu' | 'bandwidth'} */
    this.limitedBy = '';
    /** Whether sound comes and no picture, as over a line that carries nothing else. */
    this.soundOnly = false;
    this.pictureAt = 0;
    this.measuredAt = 0;
    /** The number of the last chat message that was read. */
    this.chatRead = 0;
    /** Whether this seat reads captions. */
    this.captionsOn = false;
    this.changeScheduled = false;
    /** The server's clock when the connection was lost; null while it is not. @type {number | null} */
    this.lostAt = null;
    this.addListeners();
  }

  addListeners() {
    this.protocol.addEventListener('message', event => this.onMessage(/** @type {CustomEvent} */ (event).detail));
    this.protocol.addEventListener('status', () => this.onStatus());
    this.protocol.addEventListener('fault', event => this.notice(`error.${/** @type {CustomEvent} */ (event).detail.word}`));
    this.protocol.addEventListener('undelivered', () => this.onUndelivered());
    this.connection.addEventListener('state', () => this.scheduleChange());
    this.connection.addEventListener('streams', () => this.showTiles());
    this.connection.addEventListener('measure', event => this.onMeasurement(/** @type {CustomEvent} */ (event).detail));
    this.connection.addEventListener('playback', event => this.tellPlayback(/** @type {CustomEvent} */ (event).detail));
    navigator.mediaDevices?.addEventListener('devicechange', () => this.onDevicesChanged());
    window.addEventListener('online', () => !this.over && this.protocol.start());
    window.addEventListener('offline', () => this.protocol.drop());
    window.addEventListener('pagehide', () => this.state && !this.over && this.saveSwitches());
  }

  start() {
    this.protocol.start();
  }

  // What the pages read:

  get seat() {
    return this.state ? ownSeat(this.state) : undefined;
  }

  /** The server's clock, milliseconds. */
  get now() {
    return Date.now() + (this.state?.skew ?? 0);
  }

  /** Return whether the server hears this client: else nothing that a person does reaches it. */
  get connected() {
    return this.protocol.status === 'joined';
  }

  /** The server's clock for times that are counted: it stands still while the connection is lost, milliseconds. */
  get countedNow() {
    return this.lostAt ?? this.now;
  }

  /** @returns {MicState} */
  get micState() {
    const heard = performance.now() - this.heardAt < HEARD_MS || this.state?.speaking === this.state?.me;
    return micState({floor: Boolean(this.seat?.floor || this.state?.advisory), on: this.on.mic, invited: this.invited, heard});
  }

  get onAir() {
    return Boolean(this.seat?.floor) && this.on.mic;
  }

  /** Return whether this client has left the meeting for good. */
  get over() {
    return this.protocol.status === 'ended' || this.protocol.status === 'refused';
  }

  // What a person does:

  async toggleMic() {
    if (!this.state) return; // not joined yet: the floor is unknown
    if (!this.seat?.floor && this.state?.advisory) return this.unmuteUninvited();
    if (!this.seat?.floor) return this.notice(this.seat?.hand ? 'room.wait-floor' : 'room.raise-first');
    return this.on.mic ? this.mute() : this.unmute();
  }

  /** Unmute; the browser asks for the microphone the first time. */
  async unmute() {
    this.invited = false;
    this.waitForHand();
    if (!(await this.acquire('mic'))) return;
    if (!this.seat?.floor) return this.mute(); // it was taken back while the browser asked for permission
    await this.switch('mic', true);
  }

  /** Unmute without the floor: the server gives it where the profile only advises. */
  async unmuteUninvited() {
    if (!(await this.acquire('mic'))) return;
    this.uninvited = true;
    this.protocol.send({type: 'media', ...this.on, mic: true});
  }

  async mute() {
    await this.switch('mic', false);
  }

  /** Open the microphone while a key is held, for who has the floor; shut it at the end. @param {boolean} on */
  async talk(on) {
    if (on && (this.on.mic || !this.seat?.floor)) return;
    if (!on && !this.held) return;
    this.held = on;
    if (on) await this.unmute();
    if (!this.held) await this.mute(); // let go, perhaps while the browser asked for permission
  }

  /** Ask the person at this seat to unmute; who wishes that is unmuted after three seconds. */
  invite() {
    this.invited = true;
    this.invitedAt = this.now;
    if (deviceChoices().openAtOnce) this.openSoon();
  }

  openSoon() {
    this.waitForHand();
    this.opensAt = this.invitedAt + OPEN_MS;
    this.opener = window.setTimeout(() => this.opensAt && this.invited && this.unmute(), OPEN_MS);
  }

  /** Open the microphone by hand only, since the invitation is over or the connection was lost. */
  waitForHand() {
    this.opensAt = null;
    window.clearTimeout(this.opener);
  }

  declineFloor() {
    this.invited = false;
    this.waitForHand();
    this.scheduleChange();
  }

  async toggleCamera() {
    const on = !this.on.camera;
    if (!on || (await this.acquire('camera'))) await this.switch('camera', on);
  }

  toggleHand() {
    this.protocol.send({type: 'hand', raised: !this.seat?.hand});
  }

  /** @param {string} source */
  async watch(source) {
    try {
      this.onMessage(await this.protocol.request({type: 'view', source, lines: this.requestedHeight}));
    } catch (fault) {
      this.notice(`error.${/** @type {any} */ (fault).word}`);
    }
    this.scheduleChange();
  }

  /** Return whether this browser can draw the layout out of cameras, so that its person may choose. */
  get drawsTiles() {
    return this.connection.tiles && tileLines(coresOfMachine()) > 0;
  }

  /** Show the layout as one composed picture, or as cameras one by one; this browser remembers it. @param {boolean} on */
  chooseOnePicture(on) {
    saveDeviceChoices({onePicture: on});
    this.reportOnePicture();
    this.watch('composed');
  }

  /** Tell the server whether one picture is to come, by this browser's person or machine; on joining it is said before media are connected. */
  reportOnePicture() {
    const on = deviceChoices().onePicture || this.decoding.level === ONE_PICTURE;
    if (this.drawsTiles && this.protocol.status === 'joined') this.protocol.send({type: 'one-picture', on});
  }

  /** The picture height to request of the server, in lines: less than the place has while the machine does not decode all in time. */
  get requestedHeight() {
    return this.decoding.level === SMALLER ? Math.min(this.pictureHeight, SMALLER_HEIGHT) : this.pictureHeight;
  }

  /**
   * Request a picture for the height of its place on the page; 0, while it is hidden, changes nothing.
   * @param {number} lines
   */
  setPictureHeight(lines) {
    if (!lines) return;
    const was = this.pictureHeight;
    this.pictureHeight = heightToRequest(lines);
    if (this.state && (!was || needsOtherPicture(was, this.pictureHeight))) this.watch(this.state.view);
  }

  async toggleShare() {
    if (this.screen || this.state?.content === this.state?.me) return this.unshare();
    const track = await openScreen().catch(() => null);
    if (!track) return this.notice('share.denied');
    this.screen = track;
    track.addEventListener('ended', () => track === this.screen && this.unshare());
    await this.connection.send('content', track);
    try {
      this.onMessage(await this.protocol.request({type: 'share', on: true}));
    } catch (fault) {
      this.endShare();
      this.notice(`error.${/** @type {any} */ (fault).word}`);
    }
  }

  unshare() {
    this.endShare();
    this.protocol.send({type: 'share', on: false});
  }

  endShare() {
    this.screen?.stop();
    this.screen = null;
    this.connection.send('content', null);
    this.scheduleChange();
  }

  /**
   * Send a command of the controller: `floor`, `mute-all`, `lower`, `layout`, `one-picture-all`, `record`,
   * `voices`, `mark`, `step`.
   * @param {Message} message
   */
  command(message) {
    this.protocol.send(message);
  }

  /** Send a command and wait until it was carried out; return why it was refused, or ''. @param {Message} message */
  async confirm(message) {
    try {
      await this.protocol.confirm(message);
      return '';
    } catch (failure) {
      return t(`error.${/** @type {any} */ (failure).word}`);
    }
  }

  /** Write a chat message; return the word of the fault, or nothing. @param {string} text @param {string | null} to a point, null for all @returns {Promise<string>} */
  async writeChat(text, to) {
    try {
      this.onMessage(await this.protocol.request({type: 'chat', text, ...(to && {to})}));
      return '';
    } catch (failure) {
      return /** @type {any} */ (failure).word;
    }
  }

  /**
   * Send a message about a vote; return why it cannot be obeyed, as arguments of `t`, or null.
   * @param {Message} message
   * @returns {Promise<[string, ...number[]] | null>}
   */
  async requestVote(message) {
    try {
      this.onMessage(await this.protocol.request(message));
      return null;
    } catch (failure) {
      const {word} = /** @type {any} */ (failure);
      return [`error.${word}`, ...(word === 'too-few-voters' ? [MIN_SECRET] : [])];
    }
  }

  /** Send a message about a vote; tell the fault, if it cannot be obeyed, and return whether it was. @param {Message} message */
  async sendVote(message) {
    const fault = await this.requestVote(message);
    if (fault) this.notice(...fault);
    return !fault;
  }

  /** Show what is said as text, or no longer; where the server cannot, say so. */
  toggleCaptions() {
    if (!this.state) return;
    if (!this.state.captions.offered) return this.notice('captions.none');
    this.captionsOn = !this.captionsOn;
    this.requestCaptions();
    this.notice(this.captionsOn ? 'captions.now-on' : 'captions.now-off');
  }

  /** Tell the server whether this seat reads captions, and forget those before. */
  requestCaptions() {
    if (!this.state?.captions.offered) return;
    this.state = {...this.state, captions: {...NO_CAPTIONS, offered: true, on: this.captionsOn}};
    this.protocol.send({type: 'captions', on: this.captionsOn});
    this.scheduleChange();
  }

  /** Take all chat messages for read. */
  readChat() {
    const newest = this.state ? latest(this.state.chat) : 0;
    if (newest <= this.chatRead) return;
    this.chatRead = newest;
    this.scheduleChange();
  }

  /** Report an incident and return '', or the word of an error. @param {{kind: string, text: string, seat?: string}} fault */
  async report(fault) {
    try {
      this.onMessage(await this.protocol.request({type: 'report', ...fault}));
      this.notice('fault.sent');
      return '';
    } catch (failure) {
      const {word} = /** @type {{word: string}} */ (failure);
      this.notice(`error.${word}`);
      return word;
    }
  }

  /** Return what this seat sends, for a tile of its own; null if it sends nothing. @param {'camera' | 'content'} kind */
  ownVideo(kind) {
    const track = kind === 'content' ? this.screen : this.on.camera && this.tracks.camera;
    if (!track) return null;
    const known = this.ownStreams[kind];
    return known?.getVideoTracks()[0] === track ? known : (this.ownStreams[kind] = new MediaStream([track]));
  }

  leave() {
    this.protocol.leave();
  }

  // Devices:

  /**
   * Open a device unless it is open; requests made while it is being opened share the result.
   * @param {DeviceKind} kind
   * @returns {Promise<boolean>}
   */
  async acquire(kind) {
    const track = this.tracks[kind];
    if (track?.readyState === 'live' && !track.muted) return true;
    track?.stop(); // another app has taken it: it must be opened again to carry anything
    return this.open(kind);
  }

  /** Open a device; requests made meanwhile share the result. @param {DeviceKind} kind @returns {Promise<boolean>} */
  open(kind) {
    this.opening[kind] ??= this.openDevice(kind).finally(() => delete this.opening[kind]);
    return this.opening[kind];
  }

  /** Use another device from now on, and remember it. @param {import('./devices.js').DeviceUse} kind @param {string} label */
  async chooseDevice(kind, label) {
    saveDeviceChoices({[kind]: label});
    this.fallen.delete(kind);
    if (kind === 'speaker') this.dispatchEvent(new Event('speaker'));
    else await this.reopen(kind);
    this.scheduleChange();
  }

  /**
   * Open the chosen device in place of the one that is open, without a new offer; return whether it is open. A device
   * that is closed is opened when it is switched on.
   * @param {DeviceKind} kind
   */
  async reopen(kind) {
    const before = this.tracks[kind];
    if (!before || (before.readyState !== 'live' && !this.on[kind])) return false;
    if (kind === 'camera') before.stop(); // some browsers open one camera at a time
    const opened = await this.open(kind);
    before.stop();
    await this.switch(kind, opened && this.on[kind]);
    return opened;
  }

  /** @param {DeviceKind} kind @returns {Promise<boolean>} */
  async openDevice(kind) {
    try {
      const track = await openDevice(kind);
      if (this.over) {
        track.stop(); // the meeting ended while the browser asked for permission
        return false;
      }
      if (kind === 'mic') await this.cleanMicrophone(track);
      else await applyBlur(track);
      this.tracks[kind] = track;
      track.addEventListener('ended', () => this.onDeviceLost(kind, track));
      track.addEventListener('mute', () => track === this.tracks[kind] && this.on[kind] && this.notice(`device.taken-${kind}`));
      if (kind === 'mic') this.meterMicrophone(this.clean?.track ?? track);
      else new DarknessWatch(track, () => this.notice('room.dark'));
      return true;
    } catch (failure) {
      this.notice(`device.${failure instanceof DeviceError ? failure.word : 'busy'}`);
      return false;
    }
  }

  /** Take the noise out of a microphone where that was chosen; where it cannot be done the microphone is sent as it is. @param {MediaStreamTrack} track */
  async cleanMicrophone(track) {
    const before = this.clean;
    this.clean = null;
    if (deviceChoices().quiet && canSuppressNoise()) this.clean = await withoutNoise(track).catch(() => (this.notice('device.noisy'), null));
    before?.stop();
  }

  /** @param {MediaStreamTrack} track */
  meterMicrophone(track) {
    this.meter?.stop();
    this.meter = new LevelMeter(track, (level, heard) => {
      const before = this.micState;
      if (heard) this.heardAt = performance.now();
      this.watchTalk(heard);
      this.level = level;
      if (before !== this.micState || this.on.mic) this.scheduleChange();
    });
  }

  /** Tell who talks into a muted microphone what to do, once in a while. @param {boolean} heard */
  watchTalk(heard) {
    this.talkedMs = this.on.mic ? 0 : talkedMs(this.talkedMs, heard);
    const now = performance.now();
    if (this.talkedMs < TALK_MS || now - this.hintedAt < HINT_MS || !this.connected) return;
    this.hintedAt = now;
    this.notice(this.seat?.floor ? 'room.talks-muted' : this.seat?.hand ? 'room.wait-floor' : 'room.talks-closed');
  }

  /**
   * Switch a device on or off. A muted microphone stays open, so that the browser need not ask again; a camera is
   * closed, so that its light goes out.
   * @param {DeviceKind} kind
   * @param {boolean} on
   */
  async switch(kind, on) {
    const track = this.tracks[kind];
    if (track) track.enabled = on;
    this.on[kind] = on;
    await this.connection.send(kind, on ? ((kind === 'mic' && this.clean?.track) || track) : null);
    if (kind === 'camera' && !on) track?.stop();
    this.reportMedia();
    this.saveSwitches();
    this.scheduleChange();
  }

  /** Return the sessionStorage key for what is switched on in this meeting. */
  get storageKey() {
    return `switched:${this.protocol.code}`;
  }

  /** Save what is switched on, and when, for a reload of the page. */
  saveSwitches() {
    sessionStorage.setItem(this.storageKey, JSON.stringify({...this.on, at: Date.now()}));
  }

  /** @param {DeviceKind} kind @param {MediaStreamTrack} track */
  async onDeviceLost(kind, track) {
    if (track !== this.tracks[kind]) return;
    if (!deviceChoices()[kind]) saveDeviceChoices({[kind]: track.label}); // it is taken again when it is back
    this.fallen.add(kind);
    if ((await listDevices(kind)).length && (await this.reopen(kind))) return this.notice(`device.fell-${kind}`, this.tracks[kind]?.label);
    this.switch(kind, false);
    this.notice(`device.lost-${kind}`);
  }

  /** Take devices again that are back, and tell when the chosen speaker is gone or back. */
  async onDevicesChanged() {
    for (const kind of /** @type {DeviceKind[]} */ (['mic', 'camera']))
      if (this.fallen.has(kind) && (await preferred(kind))) {
        this.fallen.delete(kind);
        if (await this.reopen(kind)) this.notice(`device.back-${kind}`, this.tracks[kind]?.label);
      }
    const gone = Boolean(deviceChoices().speaker && !(await preferred('speaker')));
    if (gone === this.fallen.has('speaker')) return;
    this.fallen[gone ? 'add' : 'delete']('speaker');
    this.notice(gone ? 'device.fell-speaker' : 'device.back-speaker', deviceChoices().speaker);
  }

  /** Tell the server what is switched on; after a loss this is repeated on joining. */
  reportMedia() {
    if (this.protocol.status === 'joined') this.protocol.send({type: 'media', ...this.on});
  }

  /** Offer a connection; tiles of the one before say nothing of it. @param {string} sdp */
  async exchange(sdp) {
    this.nextTiles = null;
    return (await this.protocol.request({type: 'offer', sdp})).sdp;
  }

  /** Show the tiles that were named last, together with the connection that they came on. */
  showTiles() {
    if (this.connection.pc === this.connection.shownPc) this.tiles = this.nextTiles;
    this.scheduleChange();
  }

  /** Show the newest connection if its tiles have no video that could be waited for. */
  showWithoutVideo() {
    if (this.nextTiles?.tiles.every(tile => tile.mid === null)) this.connection.showNewest();
  }

  // Messages of the server:

  /** @param {Message} message */
  onMessage(message) {
    if (message.type === 'joined') return this.onJoined(/** @type {Joined} */ (message));
    if (message.type === 'marked') return this.notice('room.marked', message.title, span(message.seconds));
    if (message.type === 'composing' && message.percent === 100) this.notice('room.part-ready', message.part);
    if (message.type === 'renew') return message.keep ? this.connection.move() : this.connection.connect();
    if (message.type === 'moved') {
      this.connection.moved();
      return this.showWithoutVideo();
    }
    if (message.type === 'wanted') return this.connection.setWantedHeight(message.lines);
    if (message.type === 'tiles') {
      this.nextTiles = arrangement(message);
      this.showWithoutVideo();
      return this.showTiles();
    }
    if (!this.state) return;
    if (message.type === 'caption') message.at = this.now;
    const before = this.state;
    this.state = reduce(before, message);
    this.handleChanges(before);
    this.scheduleChange();
  }

  /** @param {Joined} message */
  async onJoined(message) {
    const before = this.state;
    this.state = initialState(message, Date.now());
    this.reportMedia();
    this.reportOnePicture();
    if (this.captionsOn) this.requestCaptions(); // the server forgot it with the socket
    this.connection.moved(); // a server that leads on does not say so of a room that moved before
    // Media may have continued while the socket was lost; only then the peer connection is kept.
    if (!(this.connection.healthy && this.seat?.media === 'connected')) this.connection.connect();
    else this.connection.setWantedHeight(message.wanted);
    if (this.pictureHeight) this.watch(this.state.view); // the seat may have requested another height before
    if (before) this.handleChanges({...before, incidents: []}); // the server sends those again
    else await this.restore();
    this.scheduleChange();
  }

  /** Restore devices after a reload: the camera as it was, the microphone only with the floor. */
  async restore() {
    const saved = JSON.parse(sessionStorage.getItem(this.storageKey) ?? 'null');
    const recent = saved && Date.now() - saved.at < SEAT_KEPT_MS;
    if ((saved ? recent && saved.camera : deviceChoices().cameraOn) && !this.on.camera) await this.toggleCamera();
    if (recent && saved.mic && this.seat?.floor) await this.unmute();
    if (this.seat?.floor && !this.on.mic && this.state?.role !== 'host') this.invite();
  }

  /** @param {MeetingState | null} before */
  handleChanges(before) {
    const change = this.state && floorChange(before, this.state);
    if (change === 'given' && this.uninvited) this.unmute();
    else if (change === 'given' && before && this.state?.role !== 'host') this.invite();
    if (change) this.uninvited = false;
    const silenced = !this.seat?.floor && (this.on.mic || this.invited);
    if (silenced) {
      this.invited = false;
      this.mute();
    }
    if (change && before) this.dispatchEvent(new CustomEvent('floor', {detail: change}));
    this.handleIncidentChanges(before?.incidents ?? [], this.state?.incidents ?? []);
    this.handleContentChange(before?.content ?? null, this.state?.content ?? null);
    if (wasCancelled(before?.vote, this.state?.vote)) this.notice('vote.now-cancelled', this.state?.vote?.number);
    const [was, is] = [before, this.state].map(state => state && recordState(state.recording));
    if (was && is && was !== is) this.notice(`room.rec-${is}`);
  }

  /**
   * Notify the seat that reported an incident of its progress.
   * @param {IncidentMark[]} was
   * @param {IncidentMark[]} is
   */
  handleIncidentChanges(was, is) {
    for (const before of was) {
      const now = is.find(({id}) => id === before.id);
      if (!now) this.notice('fault.now-resolved', t(`fault.${before.kind}`));
      else if (now.state !== before.state) this.notice(`fault.now-${now.state}`, t(`fault.${now.kind}`));
    }
  }

  /** @param {string | null} was @param {string | null} is */
  handleContentChange(was, is) {
    if (was === is) return;
    if (this.screen && is !== this.state?.me) this.endShare(); // ended by the host, or somebody else shares now
    const who = this.state?.seats.find(({seat}) => seat === is);
    if (is && is !== this.state?.me) this.notice('share.now', who ? properName(who) : '');
    else if (is) this.notice('share.on');
    else this.notice('share.over');
  }

  onUndelivered() {
    this.uninvited = false;
    this.notice('room.unsaid');
  }

  onStatus() {
    if (this.connected && this.lostAt && this.now - this.lostAt > SEAT_KEPT_MS && this.on.mic) this.mute(); // nobody expects to be heard after so long
    this.lostAt = this.connected ? null : (this.lostAt ?? this.now);
    if (this.protocol.status === 'lost') {
      this.uninvited = false; // the server may not have received it
      this.waitForHand();
    }
    if (this.protocol.status === 'ended') sessionStorage.removeItem(this.storageKey);
    if (this.over) this.stop();
    this.scheduleChange();
  }

  stop() {
    this.connection.close();
    this.meter?.stop();
    this.clean?.stop();
    for (const track of [...Object.values(this.tracks), this.screen]) track?.stop();
  }

  /** @param {{loss: number, rtt: number, limitedBy: '' | 'cpu' | 'bandwidth', pictures: number, decoded: number}} measured */
  onMeasurement(measured) {
    this.roundTrip = measured.rtt;
    this.limitedBy = measured.limitedBy;
    this.loss = 0.8 * this.loss + 0.2 * measured.loss; // one lost packet in half a second is no bad network
    if (this.tiles) this.connection.delayVideos(playoutDelays(this.tiles.tiles, this.connection.soundDelay));
    this.watchDecoding(measured);
    this.watchPictures(measured.pictures > 0, performance.now());
    const now = quality({loss: this.loss, rtt: measured.rtt});
    if (now === this.quality) return;
    this.quality = now;
    this.scheduleChange();
  }

  /** Request less while the machine does not decode all in time; where packets are lost or the page is hidden, that says nothing. @param {{pictures: number, decoded: number}} measured */
  watchDecoding({pictures, decoded}) {
    if (document.hidden || this.loss > LOSSY || !this.decoding.update({received: pictures, decoded}, performance.now())) return;
    this.reportOnePicture();
    if (this.state) this.watch(this.state.view);
  }

  /** Tell the server how the media were; those of a page that nobody sees say nothing. @param {Message} playback */
  tellPlayback(playback) {
    if (!document.hidden && this.protocol.status === 'joined') this.protocol.send(playback);
  }

  /** Note whether pictures come; none is due while nobody in the layout has a camera on. @param {boolean} came @param {number} now */
  watchPictures(came, now) {
    const due = !this.tiles || this.tiles.tiles.some(tile => tile.mid !== null);
    const outage = now - this.measuredAt > NO_PICTURE_MS / 2; // nothing came at all, so the time without pictures begins anew
    if (came || !due || (outage && this.pictureAt)) this.pictureAt = now;
    this.measuredAt = now;
    const soundOnly = this.pictureAt > 0 && now - this.pictureAt > NO_PICTURE_MS;
    if (soundOnly === this.soundOnly) return;
    this.soundOnly = soundOnly;
    this.scheduleChange();
  }

  /** @param {string} key @param {...any} args */
  notice(key, ...args) {
    this.dispatchEvent(new CustomEvent('notice', {detail: [key, ...args]}));
  }

  /** Fire `change` once for all changes of one turn of the event loop. */
  scheduleChange() {
    if (this.changeScheduled) return;
    this.changeScheduled = true;
    queueMicrotask(() => {
      this.changeScheduled = false;
      this.dispatchEvent(new Event('change'));
    });
  }
}
