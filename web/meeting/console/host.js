// Page `host.html`: the console, from which a controller runs the meeting.

import {html, nothing} from '../../vendor/lit.js';
import {icon} from '../../core/base.js';
import {copyable} from '../../core/copy.js';
import {ask} from '../../core/dialog.js';
import {t} from '../../core/i18n.js';
import {joinUrl} from '../../core/join-url.js';
import {clock, hourMinute} from '../../core/time.js';
import {toast, undoLast} from '../../core/toast.js';
import {DEFAULT_LAYOUT} from '../client/layouts.js';
import {formatCode} from '../../core/meeting-code.js';
import {controlledBy, raisedHands} from '../client/meeting-state.js';
import {EMPTY_SCRIPT} from '../client/script.js';
import {MeetingPage} from '../room/meeting-page.js';
import '../chat/chat-notice.js';
import '../vote/vote-result.js';
import './control-state.js';
import './layout-picker.js';
import './recorder-controls.js';
import './script-bar.js';
import './side-panel.js';
import {told, undoOf} from './undo.js';

/** As long as its undo is offered: core/toasts.js. */
const STOP_MS = 10_000;

/** Commands that need no control. */
const ALWAYS = new Set(['assist', 'admit', 'chat-open']);

/** The console: the picture with layouts and script, beside it who speaks, the queue and the points. */
class HostPage extends MeetingPage {
  constructor() {
    super();
    this.stopTimer = 0;
    window.addEventListener('pagehide', () => this.stopNow());
    // A button that was clicked leaves the keys to the console: the space bar would press it again.
    document.addEventListener('click', ({detail}) => detail > 0 && document.activeElement instanceof HTMLButtonElement && document.activeElement.blur());
  }

  get heading() {
    return 'host.title';
  }

  keys() {
    const presets = Object.fromEntries(Array.from({length: 6}, (_, index) => [`${index + 1}`, () => this.layoutPicker?.usePreset(index)]));
    const {h: _, ...keys} = super.keys();
    return {...keys, ' ': () => this.callFirst(), '/': () => this.panel?.search(), n: () => this.script?.step(), b: () => this.panel?.askVote(), u: () => undoLast(), k: () => this.lock('room'), q: () => this.lock('hands'), o: () => this.muteOthers(), ...presets};
  }

  get spaceWords() {
    return 'keys.first';
  }

  /** Go to the layouts of everyone. */
  goToLayouts() {
    /** @type {HTMLElement | null} */ (this.querySelector('.layouts button'))?.focus();
  }

  get panel() {
    return /** @type {import('./side-panel.js').SidePanel | null} */ (this.querySelector('side-panel'));
  }

  get layoutPicker() {
    return /** @type {import('./layout-picker.js').LayoutPicker | null} */ (this.querySelector('layout-picker'));
  }

  get script() {
    return /** @type {import('./script-bar.js').ScriptBar | null} */ (this.querySelector('script-bar'));
  }

  /** Give the floor to the first in the queue. */
  callFirst() {
    const first = raisedHands(this.meeting.state?.seats ?? [])[0];
    if (first) this.command({type: 'floor', seat: first.seat, open: true});
  }

  /** Lock the room, or the queue, or open it again. @param {keyof Locks} what */
  lock(what) {
    const locks = this.meeting.state?.locks;
    if (locks) this.command({type: 'lock', ...locks, [what]: !locks[what]});
  }

  /** Mute all but who speaks now. */
  muteOthers() {
    const {speaking} = this.meeting.state ?? {};
    if (speaking) this.command({type: 'mute-all', but: speaking});
    else toast(t('host.nobody-speaks'), {tone: 'info', key: 'mute-all'});
  }

  /** Send a command, and tell what it did with the way back. @param {Message} message */
  command(message) {
    const {state} = this.meeting;
    if (!state) return;
    const other = controlledBy(state);
    if (other && !ALWAYS.has(message.type)) return toast(t('control.alone', other), {tone: 'info', key: 'alone'});
    if (message.type === 'record') return this.record(message, state);
    this.obey(message, state);
  }

  /** Send a command that may be given, and tell what it did. @param {Message} message @param {MeetingState} state */
  obey(message, state) {
    this.meeting.command(message);
    this.words(message, state)();
  }

  /** Send a command with words that somebody typed; return why it was refused, or ''. @param {Message} message */
  async confirm(message) {
    const state = /** @type {MeetingState} */ (this.meeting.state);
    const other = controlledBy(state);
    const tell = this.words(message, state);
    const fault = other ? t('control.alone', other) : await this.meeting.confirm(message);
    if (!fault) tell();
    return fault;
  }

  /** Return what tells what a command did, with the way back. @param {Message} message @param {MeetingState} state before it, which changes with it */
  words(message, state) {
    const [sentence, back] = [told(message, state), undoOf(message, state)];
    return () => sentence && toast(t(...sentence), {key: message.type, ...(back && {undo: () => this.send(back)})});
  }

  /** @param {Message[]} messages */
  send(messages) {
    for (const message of messages) this.meeting.command(message);
  }

  /** Put an item of the script to the vote, and show how it goes. @param {CustomEvent<Message>} event */
  async onItemVote({detail}) {
    if (await this.meeting.sendVote(detail)) this.panel?.askVote();
  }

  /** Start, pause or stop the recording: it pauses before it stops, so that stopping can be undone. @param {Message} message @param {MeetingState} state */
  record(message, state) {
    const stopping = this.stopTimer > 0;
    this.keepRecording();
    if (message.on) return this.obey(message, state);
    if (stopping) return this.meeting.command(message);
    const back = undoOf(message, state) ?? [];
    this.meeting.command({type: 'record', on: true, pause: true});
    this.stopTimer = window.setTimeout(() => this.stopNow(), STOP_MS);
    toast(t('did.record-stop'), {key: 'record', undo: () => this.keepRecording(back)});
  }

  /** Stop no recording that was about to be stopped, and send what it goes on with. @param {Message[]} [messages] */
  keepRecording(messages = []) {
    window.clearTimeout(this.stopTimer);
    this.stopTimer = 0;
    this.send(messages);
  }

  /** Stop a recording that was about to be stopped. */
  stopNow() {
    if (this.stopTimer) this.keepRecording([{type: 'record', on: false}]);
  }

  /** Ask before leaving: the recording goes on, and others may think that the meeting is over. */
  async leave() {
    const recorded = this.meeting.state?.recording.on && !this.stopTimer;
    const answer = await ask({
      id: 'leaving', title: t('host.leaving'), text: t(recorded ? 'host.leaving-recorded' : 'host.leaving-text'), cancel: t('room.stay'),
      choices: [{value: 'leave', label: t('room.leave'), tone: 'main'}, {value: 'end', label: t('host.end-all'), tone: 'danger'}],
    });
    if (answer) this.stopNow();
    if (answer === 'leave') this.meeting.leave();
    if (answer === 'end') this.command({type: 'end'});
  }

  meetingView() {
    const {meeting} = this;
    const {state} = meeting;
    if (state && !state.controller) {
      location.replace(`room.html?code=${meeting.protocol.code}`);
      return nothing;
    }
    const tick = Date.now();
    return html`<main class="console ${state && controlledBy(state) ? 'controlled' : ''}" @command=${(/** @type {CustomEvent<Message>} */ {detail}) => this.command(detail)} @confirm=${(/** @type {CustomEvent<{message: Message, done: (fault: string) => void}>} */ {detail}) => this.confirm(detail.message).then(detail.done)} @report=${this.reportIncident} @watch=${(/** @type {CustomEvent<string>} */ {detail}) => meeting.watch(detail)}>
      ${this.bar()}
      <section class="programme" aria-label=${t('host.programme')}>
        <meeting-video .meeting=${meeting} .tick=${tick} .page=${'console'}></meeting-video>
        <caption-lines .meeting=${meeting} .tick=${tick}></caption-lines>
        <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
        <div class="notices">
          <chat-notice .state=${state} .now=${meeting.now}></chat-notice>
          <vote-result .vote=${state?.vote ?? null}></vote-result>
        </div>
        <layout-picker .shown=${state?.layout ?? DEFAULT_LAYOUT} .own=${state?.own ?? {}} .saved=${state?.presets ?? []} .seats=${state?.seats ?? []} .onePicture=${Boolean(state?.onePicture)}></layout-picker>
        <script-bar .vote=${state?.vote ?? null} @vote=${this.onItemVote} .script=${state?.script ?? EMPTY_SCRIPT} .seats=${state?.seats ?? []} .now=${meeting.countedNow} .session=${state?.session.id ?? ''}></script-bar>
        <control-bar .meeting=${meeting} .tick=${tick} .chair=${true} @full=${this.fullScreen} @fault=${this.openIncidentDialog} @keys=${this.showKeys}></control-bar>
      </section>
      <side-panel .meeting=${meeting} .state=${state} .now=${meeting.countedNow}></side-panel>
    </main>`;
  }

  /** Draw what lets others join: the code and the link, each copied by a tap. */
  invitation() {
    const {code} = this.meeting.protocol;
    const link = joinUrl(code, location.href);
    return html`<p>${copyable(code, {shown: formatCode(code), testid: 'console-code', kind: 'code'})}</p><p>${copyable(link, {testid: 'console-link'})}</p>`;
  }

  bar() {
    const {state, now, countedNow} = this.meeting;
    const session = state?.session;
    return html`<header>
      <h1 title=${session ? `${session.title} · ${t('sessions.host', session.host)}` : ''}>${session?.title ?? t('room.joining')}</h1>
      <time class="now" data-testid="clock">${clock(now)}${session ? html` <small>${hourMinute(session.official.start)}–${hourMinute(session.official.end)}</small>` : nothing}</time>
      <more-menu class="invite" testid="invite-menu" .label=${t('host.invite')} picture="copy" .content=${() => this.invitation()}></more-menu>
      <more-menu testid="extend-menu" .label=${t('extend.title')} picture="clock" .content=${() => html`<extend-bar .asked=${true} .session=${session ?? null} .now=${countedNow}></extend-bar>`}></more-menu>
      <recorder-controls .state=${state} .now=${countedNow}></recorder-controls>
      <div class="who-controls"><control-state .state=${state}></control-state></div>
      <button type="button" class="danger" data-testid="leave" @click=${this.leave}>${icon('leave')}<span>${t('host.end')}</span></button>
    </header>`;
  }
}

customElements.define('host-page', HostPage);
