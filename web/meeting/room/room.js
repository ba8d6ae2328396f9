import {html} from '../../vendor/lit.js';
import './notice-bar.js';
import {MeetingPage} from './meeting-page.js';
import './participant-list.js';

const IDLE_MS = 5000;
const WAKING = ['pointermove', 'pointerdown', 'keydown', 'focusin'];

class RoomPage extends MeetingPage {
  static properties = {...MeetingPage.properties, people: {state: true}, idle: {state: true}};

  constructor() {
    super();
    this.people = false;
    this.idle = false;
    this.idleTimer = 0;
    /** The tap that only brings the bar back must not press what lies hidden in it. */
    this.swallow = false;
    for (const kind of WAKING) document.addEventListener(kind, event => this.wake(event), {capture: true});
    document.addEventListener('click', event => this.guard(event), {capture: true});
  }

  keys() {
    return {...super.keys(), p: () => (this.people = !this.people)};
  }

  /** @param {Event} event */
  wake(event) {
    if (event.type === 'pointerdown') this.swallow = this.idle && event.target instanceof Element && Boolean(event.target.closest('control-bar'));
    this.idle = false;
    window.clearTimeout(this.idleTimer);
    this.idleTimer = window.setTimeout(() => (this.idle = !this.people && !this.meeting.invited), IDLE_MS);
  }

  /** @param {Event} event */
  guard(event) {
    if (!this.swallow) return;
    this.swallow = false;
    event.preventDefault();
    event.stopPropagation();
  }

  room() {
    const {meeting} = this;
    const tick = Date.now();
    const {state} = meeting;
    return html`<main class="room ${this.idle ? 'idle' : ''}">
      <stage-view .meeting=${meeting} .tick=${tick}></stage-view>
      <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
      <aid-bar .state=${state} @report=${this.report} @command=${(/** @type {CustomEvent} */ {detail}) => meeting.command(detail)}></aid-bar>
      <seat-list class="panel" ?hidden=${!this.people} .seats=${state?.seats ?? []} .speaking=${state?.speaking ?? null}></seat-list>
      <control-bar .meeting=${meeting} .tick=${tick} .panel=${true} .console=${state?.controller ? `host.html?code=${meeting.protocol.code}` : ''}
        @people=${() => (this.people = !this.people)} @full=${this.fullScreen} @fault=${this.openFaults} @leave=${this.leave}></control-bar>
    </main>`;
  }
}

customElements.define('room-page', RoomPage);
