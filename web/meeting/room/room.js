// Page `room.html`: the meeting as a point sees it.

import {html} from '../../vendor/lit.js';
import './notice-bar.js';
import {MeetingPage} from './meeting-page.js';
import './participant-list.js';

const IDLE_MS = 5000;
const ACTIVITY_EVENTS = ['pointermove', 'pointerdown', 'keydown', 'focusin'];

/** The room: the picture on the whole page, over it a bar that disappears at rest. */
class RoomPage extends MeetingPage {
  static properties = {...MeetingPage.properties, peopleShown: {state: true}, idle: {state: true}};

  constructor() {
    super();
    this.peopleShown = false;
    this.idle = false;
    this.idleTimer = 0;
    /** The tap that only brings the bar back must not press a button in it. */
    this.swallow = false;
    for (const kind of ACTIVITY_EVENTS) document.addEventListener(kind, event => this.onActivity(event), {capture: true});
    document.addEventListener('click', event => this.swallowClick(event), {capture: true});
  }

  keys() {
    return {...super.keys(), p: () => (this.peopleShown = !this.peopleShown)};
  }

  /** @param {Event} event */
  onActivity(event) {
    if (event.type === 'pointerdown') this.swallow = this.idle && event.target instanceof Element && Boolean(event.target.closest('control-bar'));
    this.idle = false;
    window.clearTimeout(this.idleTimer);
    this.idleTimer = window.setTimeout(() => (this.idle = !this.peopleShown && !this.meeting.invited), IDLE_MS);
  }

  /** @param {Event} event */
  swallowClick(event) {
    if (!this.swallow) return;
    this.swallow = false;
    event.preventDefault();
    event.stopPropagation();
  }

  meetingView() {
    const {meeting} = this;
    const tick = Date.now();
    const {state} = meeting;
    return html`<main class="room ${this.idle ? 'idle' : ''}">
      <meeting-video .meeting=${meeting} .tick=${tick}></meeting-video>
      <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
      <notice-bar .state=${state} @report=${this.reportIncident} @command=${(/** @type {CustomEvent} */ {detail}) => meeting.command(detail)}></notice-bar>
      <participant-list class="panel" ?hidden=${!this.peopleShown} .seats=${state?.seats ?? []} .speaking=${state?.speaking ?? null}></participant-list>
      <control-bar .meeting=${meeting} .tick=${tick} .panel=${true} .console=${state?.controller ? `host.html?code=${meeting.protocol.code}` : ''}
        @people=${() => (this.peopleShown = !this.peopleShown)} @full=${this.fullScreen} @fault=${this.openIncidentDialog} @leave=${this.leave}></control-bar>
    </main>`;
  }
}

customElements.define('room-page', RoomPage);
