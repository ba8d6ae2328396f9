// Base class of the pages of a meeting (room, console, test room): the meeting client, notices, the live region,
// shortcuts, the wake lock, and the cards for entering, waiting and the end.

import {html, nothing} from '../../vendor/lit.js';
import {me} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {digitsOf, formatCode} from '../../core/meeting-code.js';
import {mayReturn} from '../client/meeting-state.js';
import {chime} from '../client/devices.js';
import {MeetingClient} from '../client/meeting-client.js';
import {hourMinute} from '../../core/time.js';
import {errorMessage, icon, BaseElement, goToSignIn, setTitle} from '../../core/base.js';
import {codeField} from '../../core/code-field.js';
import './caption-lines.js';
import './control-bar.js';
import './incident-dialog.js';
import './floor-prompt.js';
import './meeting-video.js';
import {shortcutHelp, listenForShortcuts} from './shortcuts.js';

const NOTICE_MS = 6000;
const TICK_MS = 1000;

/** A page of a meeting; subclasses draw the meeting itself. */
export class MeetingPage extends BaseElement {
  /** @type {Record<string, object>} */
  static properties = {notice: {state: true}, confirmingLeave: {state: true}};

  constructor() {
    super();
    setTitle(this.heading);
    this.meeting = this.createMeeting(new URLSearchParams(location.search));
    this.notice = '';
    this.noticeTimer = 0;
    this.confirmingLeave = false;
    this.addListeners();
  }

  /** Make the client of the meeting that the page's address names. @param {URLSearchParams} query */
  createMeeting(query) {
    return new MeetingClient(digitsOf(query.get('code') ?? ''));
  }

  addListeners() {
    const {meeting} = this;
    meeting.addEventListener('change', () => this.requestUpdate());
    meeting.addEventListener('notice', event => this.showNotice(t(.../** @type {[string]} */ (/** @type {CustomEvent} */ (event).detail))));
    meeting.addEventListener('floor', event => this.onFloorChange(/** @type {CustomEvent} */ (event).detail));
    meeting.protocol.addEventListener('status', () => this.onStatus());
    window.addEventListener('beforeunload', event => this.mustConfirmLeaving && event.preventDefault());
    document.addEventListener('language', () => this.drawAll());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.stayAwake());
    window.setInterval(() => this.requestUpdate(), TICK_MS);
  }

  /** The key of the page's title. */
  get heading() {
    return 'room.title';
  }

  /** Draw everything in another language; the meeting goes on. */
  drawAll() {
    setTitle(this.heading);
    for (const element of [this, .../** @type {NodeListOf<BaseElement>} */ (this.querySelectorAll('*'))]) element.requestUpdate?.();
  }

  connectedCallback() {
    super.connectedCallback();
    listenForShortcuts(this.keys());
    if (this.meeting.protocol.code) this.meeting.start();
    this.stayAwake();
  }

  /** The key of the words for what the space bar does; empty where it does nothing. */
  get spaceWords() {
    return '';
  }

  /** Return the keyboard shortcuts, single letters with their functions. @returns {Record<string, () => void>} */
  keys() {
    return {
      m: () => this.meeting.toggleMic(),
      v: () => this.meeting.toggleCamera(),
      h: () => this.meeting.toggleHand(),
      s: () => this.press('share'),
      l: () => this.goToLayouts(),
      t: () => this.meeting.toggleCaptions(),
      f: () => this.fullScreen(),
      '?': () => this.showKeys(),
    };
  }

  /** Press a button, if there is one. @param {string} id its data-testid */
  press(id) {
    /** @type {HTMLElement | null} */ (this.querySelector(`[data-testid=${id}]`))?.click();
  }

  /** Go to where the picture is chosen. */
  goToLayouts() {
    /** @type {HTMLElement | null} */ (this.querySelector('[data-testid=source]'))?.focus();
  }

  /** List the keyboard shortcuts. */
  showKeys() {
    /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog.keys'))?.showModal();
  }

  async stayAwake() {
    await navigator.wakeLock?.request('screen').catch(() => undefined);
  }

  async fullScreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen(); // which browsers of phones may lack
    } catch {
      this.showNotice(t('room.no-full'));
    }
  }

  /** Show a notice for six seconds and announce it to screen readers. @param {string} text */
  showNotice(text) {
    this.notice = text;
    window.clearTimeout(this.noticeTimer);
    this.noticeTimer = window.setTimeout(() => (this.notice = ''), NOTICE_MS);
  }

  /** @param {'given' | 'taken'} change */
  onFloorChange(change) {
    if (change === 'taken') return this.showNotice(t('room.floor-taken'));
    if (!this.meeting.invited) return;
    this.notice = '';
    chime();
    navigator.vibrate?.([200, 100, 200]);
  }

  /** Go to the sign-in page when the sign-in has expired: the socket cannot tell that from any other loss, REST can. */
  async onStatus() {
    const {status} = this.meeting.protocol;
    if (status !== 'lost') return;
    const answer = await me().catch(failure => failure);
    if (answer?.status === 401 || answer?.must_change || answer?.must_enrol) goToSignIn();
  }

  openIncidentDialog() {
    /** @type {import('./incident-dialog.js').IncidentDialog | null} */ (this.querySelector('incident-dialog'))?.open();
  }

  /** @param {CustomEvent<{kind: string, text: string, seat?: string}>} event */
  reportIncident({detail}) {
    this.meeting.report(detail);
  }

  /** Report an incident and return the word of an error, or ''. @param {{kind: string, text: string}} fault */
  sendIncident = fault => this.meeting.report(fault);

  /** Return whether leaving must be confirmed, because others hear this seat now. */
  get mustConfirmLeaving() {
    return this.meeting.onAir;
  }

  leave() {
    if (this.mustConfirmLeaving) this.confirmingLeave = true;
    else this.meeting.leave();
  }

  updated() {
    const dialog = /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog.leaving'));
    if (this.confirmingLeave && !dialog?.open) dialog?.showModal();
  }

  render() {
    const {status} = this.meeting.protocol;
    if (status === 'refused' && this.meeting.protocol.reason === 'notice') return this.noticeCard();
    if (status === 'refused' && this.meeting.protocol.reason === 'dedicated') return this.dedicatedLineCard();
    if (!this.meeting.protocol.code || status === 'refused') return this.refused();
    if (status === 'ended') return this.ended();
    if (status === 'waiting') return this.waiting();
    return html`${this.meetingView()} ${this.leaveDialog()} ${shortcutHelp(Object.keys(this.keys()), this.spaceWords)}
      <incident-dialog .mayCallCentre=${Boolean(this.meeting.state?.controller) || this.meeting.state?.role === 'host'} .report=${this.sendIncident}></incident-dialog>
      ${this.noticeHasPlace ? nothing : this.passingNotice()}`;
  }

  /** Return whether the page draws passing notices where they cover nothing, instead of over everything. */
  get noticeHasPlace() {
    return false;
  }

  passingNotice() {
    return html`<div class="passing" role="status">${this.notice ? html`<p class="notice" data-testid="notice">${this.notice}</p>` : nothing}</div>`;
  }

  /** Draw the meeting; each page overrides it. @returns {unknown} */
  meetingView() {
    return nothing;
  }

  leaveDialog() {
    if (!this.confirmingLeave) return nothing;
    return html`<dialog class="leaving" aria-labelledby="leaving" @close=${() => (this.confirmingLeave = false)}>
      <h2 id="leaving">${t('room.leave-air')}</h2>
      <form method="dialog" class="row end">
        <button data-testid="stay">${t('room.stay')}</button>
        <button type="button" class="danger solid" data-testid="leave-confirm" @click=${() => this.meeting.leave()}>${t('room.leave')}</button>
      </form>
    </dialog>`;
  }

  /** Draw the notice that a component point accepts before it may join (Điều 7.4). */
  noticeCard() {
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

  /** Draw the declaration that a point on the Internet makes before it may join (Điều 6.3.b). */
  dedicatedLineCard() {
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

  /** Draw the waiting room, with a button to leave it (R-011). */
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
    const text = refusal?.word === 'removed' ? refusal.message : refusal ? t(opens ? 'refused.too-early' : `error.${refusal.word}`, formatCode(code), opens && hourMinute(opens)) : '';
    return html`<main class="verdict">
      <form class="card" @submit=${this.enterOtherCode}>
        <h1>${t('refused.title')}</h1>
        ${errorMessage(text)} ${codeField(code, true)}
        <div class="row end">
          <a class="button" href="sessions.html">${t('sessions.title')}</a>
          <button class="main" data-testid="sign-in">${t('check.enter')}</button>
        </div>
      </form>
    </main>`;
  }

  /** @param {SubmitEvent} event */
  enterOtherCode(event) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (this.querySelector('#code'));
    location.assign(`${location.pathname}?code=${digitsOf(field.value)}`);
  }

  ended() {
    const {reason, farewell} = this.meeting.protocol;
    return html`<main class="verdict">
      <section class="card" role="status" data-testid="ended" data-reason=${reason}>
        <h1>${t(`bye.${reason}`)}</h1>
        ${farewell ? html`<p data-testid="farewell">${farewell}</p>` : nothing}
        <div class="row end">
          <a class="button ${mayReturn(reason) ? '' : 'main'}" href="sessions.html" data-testid="to-sessions">${t('sessions.title')}</a>
          ${mayReturn(reason) ? html`<button type="button" class="main" data-testid="return" @click=${() => location.reload()}>${icon('leave')}<span>${t('room.return')}</span></button>` : nothing}
        </div>
      </section>
    </main>`;
  }
}
