// What room and console share: the meeting itself, passing messages, the live region, keys, wake lock, and how it ends.

import {html, nothing} from '../../vendor/lit.js';
import {me} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {digits, grouped} from '../client/meeting-state.js';
import {chime} from '../client/devices.js';
import {Meeting} from '../client/meeting-client.js';
import {hourMinute} from '../../core/time.js';
import {alertLine, icon, Piece, signIn, title} from '../../core/base.js';
import {codeField} from '../../core/code-field.js';
import './control-bar.js';
import './incident-dialog.js';
import './floor-prompt.js';
import './video-stage.js';
import {keyHelp, listenToKeys} from './shortcuts.js';

const NOTICE_MS = 6000;
const TICK_MS = 1000;

export class MeetingPage extends Piece {
  /** @type {Record<string, object>} */
  static properties = {notice: {state: true}, spoken: {state: true}, asking: {state: true}};

  constructor() {
    super();
    title('room.title');
    this.meeting = this.enter(new URLSearchParams(location.search));
    this.notice = '';
    this.noticeTimer = 0;
    /** What a screen reader hears next. */
    this.spoken = '';
    this.asking = false;
    this.listen();
  }

  /** Where the page's address leads. @param {URLSearchParams} query */
  enter(query) {
    return new Meeting(digits(query.get('code') ?? ''));
  }

  listen() {
    const {meeting} = this;
    meeting.addEventListener('change', () => this.requestUpdate());
    meeting.addEventListener('notice', event => this.say(t(.../** @type {[string]} */ (/** @type {CustomEvent} */ (event).detail))));
    meeting.addEventListener('floor', event => this.floorMoved(/** @type {CustomEvent} */ (event).detail));
    meeting.protocol.addEventListener('status', () => this.statusChanged());
    window.addEventListener('beforeunload', event => this.bound && event.preventDefault());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.stayAwake());
    window.setInterval(() => this.requestUpdate(), TICK_MS);
  }

  connectedCallback() {
    super.connectedCallback();
    listenToKeys(this.keys());
    if (this.meeting.protocol.code) this.meeting.start();
    this.stayAwake();
  }

  /** Single letters and what they do. @returns {Record<string, () => void>} */
  keys() {
    return {
      m: () => this.meeting.toggleMic(),
      v: () => this.meeting.toggleCamera(),
      h: () => this.meeting.toggleHand(),
      f: () => this.fullScreen(),
      '?': () => /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog.keys'))?.showModal(),
    };
  }

  async stayAwake() {
    await navigator.wakeLock?.request('screen').catch(() => undefined);
  }

  async fullScreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen(); // which a telephone's browser may not even have
    } catch {
      this.say(t('room.no-full'));
    }
  }

  /** Show a line for a while and read it out. @param {string} text */
  say(text) {
    this.notice = this.spoken = text;
    window.clearTimeout(this.noticeTimer);
    this.noticeTimer = window.setTimeout(() => (this.notice = ''), NOTICE_MS);
  }

  /** @param {'given' | 'taken'} change */
  floorMoved(change) {
    if (change === 'taken') return this.say(t('room.floor-taken'));
    if (!this.meeting.invited) return;
    this.notice = '';
    chime();
    navigator.vibrate?.([200, 100, 200]);
  }

  /** A socket refused before it opened looks like any other loss; only REST can tell that the sign-in has expired. */
  async statusChanged() {
    const {status} = this.meeting.protocol;
    if (status !== 'lost') return;
    const answer = await me().catch(failure => failure);
    if (answer?.status === 401 || answer?.must_change) signIn();
  }

  openFaults() {
    /** @type {import('./incident-dialog.js').FaultDialog | null} */ (this.querySelector('fault-dialog'))?.open();
  }

  /** @param {CustomEvent<{kind: string, text: string, seat?: string}>} event */
  report({detail}) {
    this.meeting.report(detail);
  }

  /** Whether others hear us, so that nobody goes by a slip. */
  get bound() {
    return this.meeting.onAir;
  }

  leave() {
    if (this.bound) this.asking = true;
    else this.meeting.leave();
  }

  updated() {
    const dialog = /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog.leaving'));
    if (this.asking && !dialog?.open) dialog?.showModal();
  }

  render() {
    const {status} = this.meeting.protocol;
    if (status === 'refused' && this.meeting.protocol.reason === 'notice') return this.acceptance();
    if (status === 'refused' && this.meeting.protocol.reason === 'dedicated') return this.declaration();
    if (!this.meeting.protocol.code || status === 'refused') return this.refused();
    if (status === 'ended') return this.ended();
    if (status === 'waiting') return this.waiting();
    return html`${this.room()} ${this.leaving()} ${keyHelp()}
      <fault-dialog .leads=${Boolean(this.meeting.state?.controller) || this.meeting.state?.role === 'host'} @report=${this.report}></fault-dialog>
      ${this.notice ? html`<p class="notice" data-testid="notice">${this.notice}</p>` : nothing}
      <p class="hidden" aria-live="polite">${this.spoken}</p>`;
  }

  /** The meeting as this page shows it; its own. @returns {unknown} */
  room() {
    return nothing;
  }

  leaving() {
    if (!this.asking) return nothing;
    return html`<dialog class="leaving" aria-labelledby="leaving" @close=${() => (this.asking = false)}>
      <h2 id="leaving">${t('room.leave-air')}</h2>
      <form method="dialog" class="row end">
        <button data-testid="stay">${t('room.stay')}</button>
        <button type="button" class="danger solid" data-testid="leave-confirm" @click=${() => this.meeting.leave()}>${t('room.leave')}</button>
      </form>
    </dialog>`;
  }

  /** What a component point accepts before it is let in (Điều 7.4). */
  acceptance() {
    const {protocol} = this.meeting;
    return html`<main class="verdict">
      <section class="card" data-testid="notice-card">
        <h1>${t('accept.title')}</h1>
        <p><strong>${protocol.refusal?.message}</strong></p>
        <p class="soft">${t('accept.kept')}</p>
        <div class="row end">
          <a class="button" href="sessions.html">${t('accept.no')}</a>
          <button type="button" class="main" data-testid="accept" @click=${() => protocol.accept()}>${t('accept.yes')}</button>
        </div>
      </section>
    </main>`;
  }

  /** What a point on the Internet declares before it is let in (Điều 6.3.b). */
  declaration() {
    const {protocol} = this.meeting;
    return html`<main class="verdict">
      <form class="card" data-testid="dedicated-card" @submit=${(/** @type {SubmitEvent} */ event) => (event.preventDefault(), protocol.accept())}>
        <h1>${t('accept.title')}</h1>
        <label class="option"><input type="checkbox" required data-testid="dedicated"><strong>${protocol.refusal?.message}</strong></label>
        <p class="soft">${t('declare.kept')}</p>
        <div class="row end">
          <a class="button" href="sessions.html">${t('accept.no')}</a>
          <button class="main" data-testid="declare">${t('declare.yes')}</button>
        </div>
      </form>
    </main>`;
  }

  /** At the door: what happens, and how to go away (R-011). */
  waiting() {
    const {protocol} = this.meeting;
    return html`<main class="verdict">
      <section class="card" role="status" data-testid="waiting">
        <h1>${t('door.title')}</h1>
        <p>${t('door.text', protocol.host)}</p>
        <p class="soft">${t('door.stay')}</p>
        <div class="row end"><button type="button" data-testid="wait-no" @click=${() => this.meeting.leave()}>${t('door.no')}</button></div>
      </section>
    </main>`;
  }

  refused() {
    const {code, refusal} = this.meeting.protocol;
    const opens = refusal?.facts.opens;
    const text = refusal ? t(opens ? 'refused.too-early' : `error.${refusal.word}`, grouped(code), opens && hourMinute(opens)) : '';
    return html`<main class="verdict">
      <form class="card" @submit=${this.again}>
        <h1>${t('refused.title')}</h1>
        ${alertLine(text)} ${codeField(code, true)}
        <div class="row end">
          <a class="button" href="sessions.html">${t('sessions.title')}</a>
          <button class="main" data-testid="sign-in">${t('check.enter')}</button>
        </div>
      </form>
    </main>`;
  }

  /** @param {SubmitEvent} event */
  again(event) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (this.querySelector('#code'));
    location.assign(`${location.pathname}?code=${digits(field.value)}`);
  }

  ended() {
    const {reason} = this.meeting.protocol;
    return html`<main class="verdict">
      <section class="card" role="status" data-testid="ended" data-reason=${reason}>
        <h1>${t(`bye.${reason}`)}</h1>
        <div class="row end">
          <a class="button" href="sessions.html">${t('sessions.title')}</a>
          <button type="button" class="main" data-testid="return" @click=${() => location.reload()}>${icon('leave')}<span>${t('room.return')}</span></button>
        </div>
      </section>
    </main>`;
  }
}
