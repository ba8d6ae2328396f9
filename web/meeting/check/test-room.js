// Page `test-room.html`: a point alone in a meeting with itself.

import {html} from '../../vendor/lit.js';
import {errorMessage, guideLink, icon} from '../../core/base.js';
import {MeetingPage} from '../room/meeting-page.js';
import './self-test.js';
import {languageButton} from '../../core/top-bar.js';
import {t} from '../../core/i18n.js';
import {MeetingClient} from '../client/meeting-client.js';
import {measureLatency} from './line-speed.js';
import {span} from '../../core/time.js';

const CHECKS = ['picture', 'name', 'sound', 'line'];

/** Lets a point meet itself: it sees itself in the composed picture and hears itself a little later (Điều 17.2.a). */
class TestRoomPage extends MeetingPage {
  static properties = {...MeetingPage.properties, latency: {state: true}};

  constructor() {
    super();
    /** @type {number | null | undefined} */
    this.latency = undefined;
    this.devicesSwitchedOn = false;
  }

  get heading() {
    return 'test-room.title';
  }

  /** @param {URLSearchParams} query */
  createMeeting(query) {
    const point = query.get('point');
    // People come here to see what the server makes of their camera: the composed picture.
    return new MeetingClient('test-room', {hello: {type: 'test-room', ...(point && {point})}, tiles: false});
  }

  get mustConfirmLeaving() {
    return false;
  }

  firstUpdated() {
    measureLatency().then(found => (this.latency = found));
  }

  updated() {
    super.updated();
    if (this.meeting.state && !this.devicesSwitchedOn) this.switchDevicesOn();
  }

  /** Switch camera and microphone on: nobody else is in the test room. */
  async switchDevicesOn() {
    this.devicesSwitchedOn = true;
    if (!this.meeting.on.camera) await this.meeting.toggleCamera();
    await this.meeting.unmute();
  }

  meetingView() {
    const {meeting} = this;
    const end = meeting.state && Date.parse(meeting.state.session.official.end);
    return html`<main class="check test-room">
      <div class="row between wrap"><h1>${t('test-room.title')}</h1>
        <p class="net" data-testid="left">${icon('clock')}<span>${end ? t('test-room.left', span(Math.max(0, end - meeting.now) / 1000)) : t('room.joining')}</span></p>
        <span class="row">${guideLink('microphone')} ${languageButton()}</span></div>
      <div class="columns">
        <section class="card self">
          <meeting-video .meeting=${meeting} .tick=${Date.now()}></meeting-video>
          <div class="row wrap">${this.switch('mic', 'mic', () => (meeting.on.mic ? meeting.mute() : meeting.unmute()))}
            ${this.switch('camera', 'camera', () => meeting.toggleCamera())}
            <meter aria-label=${t('check.level')} data-testid="mic-meter" min="0" max="1" .value=${meeting.on.mic ? meeting.level : 0}></meter></div>
        </section>
        <section class="card">
          <h2>${t('test-room.look')}</h2>
          <ol class="steps">${CHECKS.map(name => html`<li>${t(`test-room.${name}`)}</li>`)}</ol>
          <p class="soft">${t('test-room.private')}</p>
        </section>
      </div>
      <self-test .camera=${meeting.on.camera} .level=${meeting.on.mic ? meeting.level : 0} .latency=${this.latency} .video=${this.querySelector('video')}></self-test>
      <div class="row end submit">
        <a class="button" href="check.html">${icon('camera')}<span>${t('check.title')}</span></a>
        <button type="button" class="main" data-testid="leave" @click=${this.leave}>${icon('leave')}<span>${t('test-room.leave')}</span></button>
      </div>
    </main>`;
  }

  /** @param {'mic' | 'camera'} kind @param {string} picture @param {() => unknown} run */
  switch(kind, picture, run) {
    const on = this.meeting.on[kind];
    return html`<button type="button" data-testid=${kind} data-state=${on ? 'on' : 'off'} aria-pressed=${on} @click=${run}>
      ${icon(on ? picture : `${picture}-off`)}<span>${t(`test-room.${kind}-${on ? 'on' : 'off'}`)}</span></button>`;
  }

  refused() {
    const {refusal} = this.meeting.protocol;
    return this.messageCard(t('test-room.refused'), refusal ? t(`error.${refusal.word}`) : '');
  }

  ended() {
    const {reason} = this.meeting.protocol;
    return this.messageCard(t(reason === 'ended' ? 'test-room.over' : 'test-room.gone'), '');
  }

  /** @param {string} heading @param {string} fault */
  messageCard(heading, fault) {
    return html`<main class="verdict">
      <section class="card" role="status" data-testid="ended">
        <h1>${heading}</h1>
        ${errorMessage(fault)}
        <div class="row end">
          <a class="button" href="check.html">${t('check.title')}</a>
          <button type="button" class="main" data-testid="return" @click=${() => location.reload()}>${t('test-room.again')}</button>
        </div>
      </section>
    </main>`;
  }
}

customElements.define('test-room-page', TestRoomPage);
