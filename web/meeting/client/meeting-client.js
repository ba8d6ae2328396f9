// One seat in one meeting: joins protocol, link and devices, and holds what the pages show. Pages call its verbs and
// draw again on `change`; `notice` (detail: [key, ...args]) asks for a passing message; `floor` says "given" or "taken".

import {t} from '../../core/i18n.js';
import {Link} from './peer-connection.js';
import {differs, floorChange, micState, mine, quality, recordState, reduce, start, worth} from './meeting-state.js';
import {Daylight, DeviceFault, Meter, choices, open, openScreen} from './devices.js';
import {Protocol} from './protocol.js';
import {span} from '../../core/time.js';

const RETURN_MS = 60_000; // a seat, and what was switched on in it, is kept this long (docs/protocol.md)
const HEARD_MS = 300; // keep "sending sound" lit between syllables

/** @param {string} path */
const socketUrl = path => new URL(`../../${path}`, import.meta.url).href.replace(/^http/, 'ws');

export class Meeting extends EventTarget {
  /** @param {string} code its digits, or another word for where one enters with `hello` @param {Message} [hello] */
  constructor(code, hello) {
    super();
    this.protocol = new Protocol({code, hello, open: () => new WebSocket(socketUrl('ws')), store: sessionStorage});
    this.link = new Link(async sdp => (await this.protocol.ask({type: 'offer', sdp})).sdp);
    /** @type {MeetingState | null} */
    this.state = null;
    this.on = {mic: false, camera: false};
    this.invited = false;
    /** We open our microphone uninvited, where that is only noted. */
    this.uninvited = false;
    /** @type {Record<DeviceKind, MediaStreamTrack | null>} */
    this.tracks = {mic: null, camera: null};
    /** Devices that the browser is being asked for. @type {Partial<Record<DeviceKind, Promise<boolean>>>} */
    this.opening = {};
    /** The screen we share. @type {MediaStreamTrack | null} */
    this.screen = null;
    /** @type {Meter | null} */
    this.meter = null;
    this.level = 0;
    /** What the picture's place on the page is worth; 0 unknown. */
    this.lines = 0;
    this.heardAt = -HEARD_MS;
    /** @type {'good' | 'fair' | 'poor' | 'bad'} */
    this.quality = 'good';
    this.loss = 0;
    this.drawing = false;
    this.listen();
  }

  listen() {
    this.protocol.addEventListener('message', event => this.receive(/** @type {CustomEvent} */ (event).detail));
    this.protocol.addEventListener('status', () => this.statusChanged());
    this.protocol.addEventListener('fault', event => this.notice(`error.${/** @type {CustomEvent} */ (event).detail.word}`));
    this.protocol.addEventListener('unsaid', () => this.unsaid());
    this.link.addEventListener('state', () => this.changed());
    this.link.addEventListener('streams', () => this.changed());
    this.link.addEventListener('measure', event => this.measured(/** @type {CustomEvent} */ (event).detail));
    window.addEventListener('online', () => this.protocol.start());
    window.addEventListener('offline', () => this.protocol.drop());
    window.addEventListener('pagehide', () => this.state && !this.over && this.keep());
  }

  start() {
    this.protocol.start();
  }

  // What the pages read

  get seat() {
    return this.state ? mine(this.state) : undefined;
  }

  /** The server's clock, milliseconds. */
  get now() {
    return Date.now() + (this.state?.skew ?? 0);
  }

  /** @returns {MicState} */
  get micState() {
    const heard = performance.now() - this.heardAt < HEARD_MS || this.state?.speaking === this.state?.me;
    return micState({floor: Boolean(this.seat?.floor || this.state?.advisory), on: this.on.mic, invited: this.invited, heard});
  }

  get onAir() {
    return Boolean(this.seat?.floor) && this.on.mic;
  }

  /** Whether there is no way back into this meeting from here. */
  get over() {
    return this.protocol.status === 'ended' || this.protocol.status === 'refused';
  }

  // What a person does

  async toggleMic() {
    if (!this.state) return; // not joined yet: nobody knows who has the floor
    if (!this.seat?.floor && this.state?.advisory) return this.speakUp();
    if (!this.seat?.floor) return this.notice(this.seat?.hand ? 'room.wait-floor' : 'room.raise-first');
    return this.on.mic ? this.mute() : this.speak();
  }

  /** Open the microphone, asking for it the first time. */
  async speak() {
    this.invited = false;
    if (!(await this.acquire('mic'))) return;
    if (!this.seat?.floor) return this.mute(); // it was taken back while the browser asked for permission
    await this.switch('mic', true);
  }

  /** Open the microphone without the floor: the server gives it where the profile only advises. */
  async speakUp() {
    if (!(await this.acquire('mic'))) return;
    this.uninvited = true;
    this.protocol.say({type: 'media', ...this.on, mic: true});
  }

  async mute() {
    await this.switch('mic', false);
  }

  decline() {
    this.invited = false;
    this.changed();
  }

  async toggleCamera() {
    const on = !this.on.camera;
    if (!on || (await this.acquire('camera'))) await this.switch('camera', on);
  }

  toggleHand() {
    this.protocol.say({type: 'hand', raised: !this.seat?.hand});
  }

  /** What the raised hand is about. @param {string} topic */
  about(topic) {
    this.protocol.say({type: 'hand', raised: true, topic});
  }

  /** @param {string} source */
  async look(source) {
    try {
      this.receive(await this.protocol.ask({type: 'view', source, lines: this.lines}));
    } catch (fault) {
      this.notice(`error.${/** @type {any} */ (fault).word}`);
    }
    this.changed();
  }

  /** The picture's place on the page has so many lines, none while it is hidden: it gets a picture of its size. @param {number} lines */
  display(lines) {
    if (!lines) return;
    const was = this.lines;
    this.lines = worth(lines);
    if (this.state && (!was || differs(was, this.lines))) this.look(this.state.view);
  }

  async toggleShare() {
    if (this.screen || this.state?.content === this.state?.me) return this.unshare();
    const track = await openScreen().catch(() => null);
    if (!track) return this.notice('share.denied');
    this.screen = track;
    track.addEventListener('ended', () => track === this.screen && this.unshare());
    await this.link.send('content', track);
    try {
      this.receive(await this.protocol.ask({type: 'share', on: true}));
    } catch (fault) {
      this.endShare();
      this.notice(`error.${/** @type {any} */ (fault).word}`);
    }
  }

  unshare() {
    this.endShare();
    this.protocol.say({type: 'share', on: false});
  }

  endShare() {
    this.screen?.stop();
    this.screen = null;
    this.link.send('content', null);
    this.changed();
  }

  /** A command of the controller: `floor`, `mute-all`, `lower`, `layout`, `record`, `voices`, `mark`, `step`. @param {Message} message */
  command(message) {
    this.protocol.say(message);
  }

  /** Report a fault; the answer is the incident. @param {{kind: string, text: string, seat?: string}} fault */
  async report(fault) {
    try {
      this.receive(await this.protocol.ask({type: 'report', ...fault}));
      this.notice('fault.sent');
    } catch (failure) {
      this.notice(`error.${/** @type {any} */ (failure).word}`);
    }
  }

  leave() {
    this.protocol.leave();
  }

  // Devices

  /** Open a device unless it is open; who asks while it is being opened gets the same one. @param {DeviceKind} kind @returns {Promise<boolean>} */
  async acquire(kind) {
    const track = this.tracks[kind];
    if (track?.readyState === 'live' && !track.muted) return true;
    track?.stop(); // another app has taken it: only one that is opened anew carries anything again
    this.opening[kind] ??= this.openDevice(kind).finally(() => delete this.opening[kind]);
    return this.opening[kind];
  }

  /** @param {DeviceKind} kind @returns {Promise<boolean>} */
  async openDevice(kind) {
    try {
      const track = await open(kind);
      if (this.over) {
        track.stop(); // the meeting ended while the browser asked for permission
        return false;
      }
      this.tracks[kind] = track;
      track.addEventListener('ended', () => this.lostDevice(kind, track));
      track.addEventListener('mute', () => track === this.tracks[kind] && this.on[kind] && this.notice(`device.taken-${kind}`));
      if (kind === 'mic') this.listenTo(track);
      else new Daylight(track, () => this.notice('room.dark'));
      return true;
    } catch (failure) {
      this.notice(`device.${failure instanceof DeviceFault ? failure.word : 'busy'}`);
      return false;
    }
  }

  /** @param {MediaStreamTrack} track */
  listenTo(track) {
    this.meter?.stop();
    this.meter = new Meter(track, (level, heard) => {
      const before = this.micState;
      if (heard) this.heardAt = performance.now();
      this.level = level;
      if (before !== this.micState || this.on.mic) this.changed();
    });
  }

  /** A microphone stays open but silent when muted, so that the next turn needs no new question; a camera's light must go out. @param {DeviceKind} kind @param {boolean} on */
  async switch(kind, on) {
    const track = this.tracks[kind];
    if (track) track.enabled = on;
    this.on[kind] = on;
    await this.link.send(kind, on ? track : null);
    if (kind === 'camera' && !on) track?.stop();
    this.tell();
    this.keep();
    this.changed();
  }

  /** Where it is kept what is switched on in this meeting. */
  get key() {
    return `switched:${this.protocol.code}`;
  }

  /** Keep what is switched on, and that we are here now, for a page that is loaded again. */
  keep() {
    sessionStorage.setItem(this.key, JSON.stringify({...this.on, at: Date.now()}));
  }

  /** @param {DeviceKind} kind @param {MediaStreamTrack} track */
  lostDevice(kind, track) {
    if (track !== this.tracks[kind]) return;
    this.switch(kind, false);
    this.notice(`device.lost-${kind}`);
  }

  /** What is switched on; joining tells it again. */
  tell() {
    if (this.protocol.status === 'joined') this.protocol.say({type: 'media', ...this.on});
  }

  // What the server says

  /** @param {Message} message */
  receive(message) {
    if (message.type === 'joined') return this.joined(/** @type {Joined} */ (message));
    if (message.type === 'marked') return this.notice('room.marked', message.title, span(message.seconds));
    if (message.type === 'renew') return this.link.connect();
    if (message.type === 'wanted') return this.link.want(message.lines);
    if (!this.state) return;
    const before = this.state;
    this.state = reduce(before, message);
    this.compare(before);
    this.changed();
  }

  /** @param {Joined} message */
  async joined(message) {
    const before = this.state;
    this.state = start(message, Date.now());
    this.tell();
    // After a lost socket the media may have gone on flowing; only then the transport is kept.
    if (!(this.link.healthy && this.seat?.media === 'connected')) this.link.connect();
    else this.link.want(message.wanted);
    if (this.lines) this.look(this.state.view); // the seat may know of a place of another size
    if (before) this.compare({...before, incidents: []}); // those are told anew
    else await this.restore();
    this.changed();
  }

  /** After a reload: the camera as it was; the microphone only for who still has the floor. */
  async restore() {
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? 'null');
    const recent = kept && Date.now() - kept.at < RETURN_MS;
    if ((kept ? recent && kept.camera : choices().cameraOn) && !this.on.camera) await this.toggleCamera();
    if (recent && kept.mic && this.seat?.floor) await this.speak();
    if (this.seat?.floor && !this.on.mic && this.state?.role !== 'host') this.invited = true;
  }

  /** @param {MeetingState | null} before */
  compare(before) {
    const change = this.state && floorChange(before, this.state);
    if (change === 'given' && this.uninvited) this.speak();
    else if (change === 'given' && before && this.state?.role !== 'host') this.invited = true;
    if (change) this.uninvited = false;
    const silenced = !this.seat?.floor && (this.on.mic || this.invited);
    if (silenced) {
      this.invited = false;
      this.mute();
    }
    if (change && before) this.dispatchEvent(new CustomEvent('floor', {detail: change}));
    this.compareIncidents(before?.incidents ?? [], this.state?.incidents ?? []);
    this.compareContent(before?.content ?? null, this.state?.content ?? null);
    const [was, is] = [before, this.state].map(state => state && recordState(state.recording));
    if (was && is && was !== is) this.notice(`room.rec-${is}`);
  }

  /** Who reported a fault hears what becomes of it. @param {IncidentMark[]} was @param {IncidentMark[]} is */
  compareIncidents(was, is) {
    for (const before of was) {
      const now = is.find(({id}) => id === before.id);
      if (!now) this.notice('fault.now-resolved', t(`fault.${before.kind}`));
      else if (now.state !== before.state) this.notice(`fault.now-${now.state}`, t(`fault.${now.kind}`));
    }
  }

  /** @param {string | null} was @param {string | null} is */
  compareContent(was, is) {
    if (was === is) return;
    if (this.screen && is !== this.state?.me) this.endShare(); // ended by the host, or somebody else shares now
    const name = this.state?.seats.find(({seat}) => seat === is)?.name;
    if (is) this.notice('share.now', name ?? '');
    else this.notice('share.over');
  }

  unsaid() {
    this.uninvited = false;
    this.notice('room.unsaid');
  }

  statusChanged() {
    if (this.protocol.status === 'lost') this.uninvited = false; // nobody may have heard of it
    if (this.protocol.status === 'ended') sessionStorage.removeItem(this.key);
    if (this.over) this.stop();
    this.changed();
  }

  stop() {
    this.link.close();
    this.meter?.stop();
    for (const track of [...Object.values(this.tracks), this.screen]) track?.stop();
  }

  /** @param {{loss: number, rtt: number}} measured */
  measured(measured) {
    this.loss = 0.8 * this.loss + 0.2 * measured.loss; // one lost packet in half a second is no bad network
    const now = quality({loss: this.loss, rtt: measured.rtt});
    if (now === this.quality) return;
    this.quality = now;
    this.changed();
  }

  /** @param {string} key @param {...any} args */
  notice(key, ...args) {
    this.dispatchEvent(new CustomEvent('notice', {detail: [key, ...args]}));
  }

  /** Draw once for all changes of one turn. */
  changed() {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      this.dispatchEvent(new Event('change'));
    });
  }
}
