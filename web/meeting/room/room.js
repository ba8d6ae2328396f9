// Page `room.html`: the meeting as a point sees it.

import {html} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import '../chat/chat-notice.js';
import '../chat/chat-panel.js';
import '../vote/vote-prompt.js';
import '../vote/vote-result.js';
import './device-settings.js';
import './notice-bar.js';
import {isHeard} from '../client/meeting-state.js';
import {MAX_CHOICES} from '../client/vote.js';
import {MeetingPage} from './meeting-page.js';
import {listenForTalk} from './shortcuts.js';
import './participant-list.js';
import {PictureInPicture, canOpenWindow} from './picture-in-picture.js';
import './room-head.js';
import './share-bar.js';
import './turn-line.js';

const IDLE_MS = 5000;
const ACTIVITY_EVENTS = ['pointermove', 'pointerdown', 'keydown', 'focusin'];

/** The room: the picture on the whole page, over it a bar that disappears at rest. */
class RoomPage extends MeetingPage {
  static properties = {...MeetingPage.properties, peopleShown: {state: true}, chatShown: {state: true}, idle: {state: true}};

  constructor() {
    super();
    this.peopleShown = false;
    this.chatShown = false;
    this.idle = false;
    this.idleTimer = 0;
    this.small = new PictureInPicture(this.meeting);
    /** The tap that only brings the bar back must not press a button in it. */
    this.swallow = false;
    for (const kind of ACTIVITY_EVENTS) document.addEventListener(kind, event => this.onActivity(event), {capture: true});
    document.addEventListener('click', event => this.swallowClick(event), {capture: true});
  }

  connectedCallback() {
    super.connectedCallback();
    listenForTalk(on => this.meeting.talk(on));
  }

  get spaceWords() {
    return 'keys.talk';
  }

  keys() {
    const choices = Object.fromEntries(Array.from({length: MAX_CHOICES}, (_, index) => [`${index + 1}`, () => this.votePrompt?.choose(index)]));
    const small = /** @type {Record<string, () => void>} */ (canOpenWindow() ? {w: () => this.toggleSmall()} : {});
    return {...super.keys(), ...choices, ...small, p: () => this.togglePeople(), c: () => this.toggleChat()};
  }

  get votePrompt() {
    return /** @type {import('../vote/vote-prompt.js').VotePrompt | null} */ (this.querySelector('vote-prompt'));
  }

  /** Show the list of points, or no longer; the chat gives way to it. */
  togglePeople() {
    this.peopleShown = !this.peopleShown;
    this.chatShown = false;
  }

  /** Show the chat and go into it, or hide it; the list of points gives way to it. */
  async toggleChat() {
    this.chatShown = !this.chatShown;
    this.peopleShown = false;
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector(this.chatShown ? 'chat-panel input[name=text]' : '[data-testid=chat-button]'))?.focus();
  }

  /** Open the small window, or close it. */
  async toggleSmall() {
    await this.small.toggle().catch(() => this.showNotice(t('room.no-small')));
  }

  /** @param {Event} event */
  onActivity(event) {
    if (event.type === 'pointerdown') this.swallow = this.idle && event.target instanceof Element && Boolean(event.target.closest('.bar'));
    this.idle = false;
    window.clearTimeout(this.idleTimer);
    this.idleTimer = window.setTimeout(() => (this.idle = !this.busy), IDLE_MS);
  }

  /** Return whether something is open that must not hide. */
  get busy() {
    return this.peopleShown || this.chatShown || this.meeting.invited || this.querySelector('dialog[open], :popover-open') !== null;
  }

  /** @param {Event} event */
  swallowClick(event) {
    if (!this.swallow) return;
    this.swallow = false;
    event.preventDefault();
    event.stopPropagation();
  }

  get noticeHasPlace() {
    return true;
  }

  meetingView() {
    const {meeting} = this;
    const tick = Date.now();
    const {state} = meeting;
    return html`<main class="room ${this.idle ? 'idle' : ''}">
      <room-head .meeting=${meeting} .tick=${tick}></room-head>
      <meeting-video .meeting=${meeting} .tick=${tick} .page=${'room'}></meeting-video>
      ${this.passingNotice()}
      <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
      <notice-bar .state=${state} @report=${this.reportIncident} @command=${(/** @type {CustomEvent} */ {detail}) => meeting.command(detail)}></notice-bar>
      <participant-list class="panel" ?hidden=${!this.peopleShown} .seats=${state?.seats ?? []} .heard=${(/** @type {string} */ seat) => state !== null && isHeard(state, seat)} .weak=${state?.weak ?? []}></participant-list>
      <div class="notices">
        <chat-notice .state=${this.chatShown ? null : state} .now=${meeting.now}></chat-notice>
        <vote-prompt .meeting=${meeting} .tick=${tick}></vote-prompt>
        <vote-result .vote=${state?.vote ?? null}></vote-result>
      </div>
      <chat-panel class="panel" ?hidden=${!this.chatShown} .meeting=${meeting} .tick=${tick} @close=${this.toggleChat} @command=${(/** @type {CustomEvent<Message>} */ {detail}) => meeting.command(detail)}></chat-panel>
      <share-bar .meeting=${meeting} .tick=${tick}></share-bar>
      <caption-lines .meeting=${meeting} .tick=${tick}></caption-lines>
      <turn-line .meeting=${meeting} .tick=${tick}></turn-line>
      <control-bar .meeting=${meeting} .tick=${tick} .panel=${true} .console=${state?.controller ? `host.html?code=${meeting.protocol.code}` : ''}
        @people=${this.togglePeople} @chat=${this.toggleChat} @small=${this.toggleSmall} @full=${this.fullScreen} @keys=${this.showKeys} @settings=${this.openSettings} @fault=${this.openIncidentDialog} @leave=${this.leave}></control-bar>
      <device-settings .meeting=${meeting} .tick=${tick}></device-settings>
    </main>`;
  }

  openSettings() {
    /** @type {import('./device-settings.js').DeviceSettings | null} */ (this.querySelector('device-settings'))?.open();
  }
}

customElements.define('room-page', RoomPage);
