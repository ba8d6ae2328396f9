// What a room display does, without DOM, for room-display.js: it is paired, fetches its day and its commands, joins
// what is open and leaves what is over, and comes back after every loss.

import {ProblemError, displayCode, syncDisplay} from '../core/api.js';
import {MeetingClient} from '../meeting/client/meeting-client.js';
import {properName} from '../meeting/client/meeting-state.js';
import {askedOf} from '../meeting/client/vote.js';
import {backoff, mayReload, toJoin, visitOf} from './day.js';

const SOCKET = 'api/v1/display/socket';
const PAIRING_MS = 2000; // how often a display that is not paired asks whether it is
const CODE_MS = 9.5 * 60_000; // a code is shown for less time than the server takes it
const PATIENCE_MS = 25_000; // the server holds a request for 15 s
const RETRY_MS = 10_000; // after a session refused the display, as while somebody else sits at its device
const MOST_POINTS = 500; // that the server takes of a report
const UNAUTHORIZED = 401;

/** @param {number} ms */
const sleep = ms => new Promise(resolve => window.setTimeout(resolve, ms));

/** The client of a room display. Fires `change` whenever something that is shown is another; `reload` when the page is to be loaded anew. */
export class DisplayClient extends EventTarget {
  constructor() {
    super();
    /** The code to be typed in the directory, while this browser is paired with no point. */
    this.code = '';
    this.codeEnds = 0;
    /** The point that this browser was paired with before, which is said while it is paired with none. */
    this.before = '';
    /** What the server said last. @type {DisplayTurn | null} */
    this.turn = null;
    /** Whether the server was reached last time. */
    this.online = true;
    this.attempts = 0;
    /** By how much the server's clock is ahead, milliseconds. */
    this.skew = 0;
    this.version = '';
    this.startedAt = performance.now();
    /** @type {MeetingClient | null} */
    this.meeting = null;
    /** The session of the meeting. @type {DaySession | null} */
    this.session = null;
    /** Visits that this display does not make until somebody says otherwise. */
    this.left = new Set(/** @type {string[]} */ (JSON.parse(sessionStorage.getItem('left') ?? '[]')));
    /** Why a session did not let the display in, and until when it does not try again. @type {{session: string, word: string, until: number} | null} */
    this.refusal = null;
    this.volume = Number(localStorage.getItem('volume') ?? 100);
    /** Whether the browser plays no sound before somebody taps. */
    this.silent = false;
    /** The report that the server knows. */
    this.known = '';
    /** The last turn that came: the server sends its commands again until it is told. */
    this.seen = '';
    /** The request that is under way. @type {AbortController | null} */
    this.asking = null;
    window.addEventListener('online', () => this.asking?.abort());
  }

  /** The server's clock, milliseconds. */
  get now() {
    return Date.now() + this.skew;
  }

  /** @returns {DisplayReport} */
  get report() {
    const {meeting} = this;
    const status = meeting?.protocol.status;
    const state = !meeting ? 'idle' : status === 'joined' ? 'joined' : status === 'lost' ? 'lost' : 'joining';
    return {
      session: this.session?.id ?? null,
      state,
      mic: Boolean(meeting?.on.mic),
      camera: Boolean(meeting?.on.camera),
      floor: Boolean(meeting?.seat?.floor),
      view: meeting?.state?.view ?? 'composed',
      volume: this.volume,
      silent: this.silent,
      fault: this.refusal?.word ?? '',
      vote: askedOf(meeting?.state?.vote),
      points: (meeting?.state?.seats ?? []).filter(({here, camera}) => here && camera).slice(0, MOST_POINTS).map(each => ({seat: each.seat, name: properName(each)})),
    };
  }

  /** Run for as long as the page is open. */
  async run() {
    for (;;) await sleep(await this.takeTurn());
  }

  /** Report and fetch once; return how long to wait before the next time, in milliseconds. */
  async takeTurn() {
    const report = this.report;
    const asking = new AbortController();
    this.asking = asking;
    const timer = window.setTimeout(() => asking.abort(), PATIENCE_MS);
    const text = JSON.stringify(report);
    try {
      const turn = await syncDisplay({report, hold: this.online && text === this.known, seen: this.seen}, asking.signal);
      [this.known, this.seen] = [text, turn.turn];
      this.onTurn(turn);
      return 0;
    } catch (failure) {
      this.known = '';
      if (failure instanceof ProblemError && failure.status === UNAUTHORIZED) return this.pair();
      if (asking.signal.aborted && JSON.stringify(this.report) !== text) return 0; // there is something to report
      this.online = false;
      this.changed();
      return backoff(this.attempts++, Math.random());
    } finally {
      window.clearTimeout(timer);
    }
  }

  /** Show a code by which this browser is paired; what it was before is over, also what it stayed out of. */
  async pair() {
    this.end();
    this.left.clear();
    sessionStorage.removeItem('left');
    [this.turn, this.online, this.before] = [null, true, localStorage.getItem('paired') ?? ''];
    if (performance.now() < this.codeEnds) return PAIRING_MS;
    try {
      this.code = (await displayCode()).code;
      this.codeEnds = performance.now() + CODE_MS;
      this.attempts = 0;
      return PAIRING_MS;
    } catch {
      [this.code, this.online] = ['', false];
      return backoff(this.attempts++, Math.random());
    } finally {
      this.changed();
    }
  }

  /** @param {DisplayTurn} turn */
  onTurn(turn) {
    [this.turn, this.code, this.codeEnds, this.online, this.attempts] = [turn, '', 0, true, 0];
    this.skew = Date.parse(turn.now) - Date.now();
    localStorage.setItem('paired', turn.point.label);
    this.version ||= turn.version;
    this.forgetOver(turn.sessions);
    for (const command of turn.commands) this.obey(command);
    this.follow();
    this.changed();
    const age = performance.now() - this.startedAt;
    if (!this.meeting && mayReload({sessions: turn.sessions, newVersion: turn.version !== this.version, age, now: this.now})) this.dispatchEvent(new Event('reload'));
  }

  /** Forget visits that are over. @param {DaySession[]} sessions */
  forgetOver(sessions) {
    this.left = new Set([...this.left].filter(visit => sessions.some(session => visitOf(session) === visit)));
    sessionStorage.setItem('left', JSON.stringify([...this.left]));
  }

  /** Join what is open, unless a meeting goes on. */
  follow() {
    if (this.meeting || !this.turn) return;
    const session = toJoin(this.turn.sessions, this.left, this.now);
    if (session && !(this.refusal?.session === session.id && performance.now() < this.refusal.until)) this.join(session, false);
  }

  /** @param {DaySession} session @param {boolean} take whether somebody else at this device has to leave */
  join(session, take) {
    this.end();
    const meeting = new MeetingClient(`display:${session.id}`, {hello: {type: 'display', session: session.id, take}, socket: SOCKET});
    [this.meeting, this.session, this.refusal] = [meeting, session, null];
    meeting.addEventListener('change', () => meeting === this.meeting && this.changed());
    meeting.protocol.addEventListener('status', () => meeting === this.meeting && this.onStatus(meeting));
    meeting.start();
  }

  /** @param {MeetingClient} meeting */
  onStatus(meeting) {
    const {status, reason} = meeting.protocol;
    if (status === 'joined') {
      meeting.protocol.hello = {...meeting.protocol.hello, take: false}; // coming back pushes nobody away
      const first = !meeting.state && sessionStorage.getItem(meeting.storageKey) === null;
      if (first && this.turn?.sends) meeting.toggleCamera();
    }
    if (status === 'refused') this.refusal = {session: this.session?.id ?? '', word: reason, until: performance.now() + RETRY_MS};
    if (status === 'ended' && this.session && reason !== 'removed') this.stayOut(this.session);
    if (status === 'refused' || status === 'ended') this.end();
    this.changed();
  }

  /** Stay out of a session, which one has left or which was ended, until somebody says otherwise. @param {DaySession} session */
  stayOut(session) {
    this.left.add(visitOf(session));
    sessionStorage.setItem('left', JSON.stringify([...this.left]));
  }

  /** Go back to the day. */
  end() {
    const {meeting} = this;
    [this.meeting, this.session] = [null, null];
    if (meeting && !meeting.over) meeting.leave();
  }

  /** @param {DisplayCommand} command */
  obey(command) {
    const {meeting} = this;
    if (command.action === 'join') return this.joinNow(command.session);
    if (command.action === 'volume') return this.setVolume(command.volume);
    if (!meeting) return;
    if (command.action === 'leave') meeting.leave();
    if (command.action === 'mic' && command.on !== meeting.on.mic) meeting.toggleMic();
    if (command.action === 'camera' && command.on !== meeting.on.camera) meeting.toggleCamera();
    if (command.action === 'view') meeting.watch(command.view);
    if (command.action === 'vote') meeting.sendVote({type: 'vote', vote: command.vote, choice: command.choice});
  }

  /** @param {string} id */
  joinNow(id) {
    const session = this.turn?.sessions.find(each => each.id === id);
    if (!session || this.session?.id === id) return;
    this.left.delete(visitOf(session));
    this.join(session, true);
  }

  /** @param {number} volume percent */
  setVolume(volume) {
    this.volume = volume;
    localStorage.setItem('volume', String(volume));
  }

  /** Tell the page, and the server at once if it knows something else. */
  changed() {
    this.dispatchEvent(new Event('change'));
    if (this.turn && this.known && JSON.stringify(this.report) !== this.known) this.asking?.abort();
  }
}
