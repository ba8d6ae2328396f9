// Element `meeting-video`: picture and sound of the meeting, on all its pages.

import {html, nothing} from '../../vendor/lit.js';
import {number, t} from '../../core/i18n.js';
import {routeToSpeaker} from '../client/devices.js';
import {clock, day, hourMinute} from '../../core/time.js';
import {icon, BaseElement} from '../../core/base.js';
import {dueWarnings} from '../client/meeting-state.js';
import {recordingMark} from './recording-mark.js';
import './tile-view.js';

const RESUME_MS = 1000;
const HELP_S = 30; // without a connection: then it is tried by hand, or somebody is called

/**
 * Plays picture and sound of the meeting, with the marks that must always be visible: on air, recording,
 * reconnecting, clock.
 */
export class MeetingVideo extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, page: {}, playbackBlocked: {state: true}, playing: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    /** Changes whenever the page draws, so that this element draws, too. */
    this.tick = 0;
    /**
     * The page it is in: in the room and in the console clock and recording stand elsewhere, in the room also the line.
     * @type {'test-room' | 'room' | 'console'}
     */
    this.page = 'test-room';
    /** Whether the browser wants a tap before it plays sound. */
    this.playbackBlocked = false;
    this.playing = false;
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener('click', () => this.playbackBlocked && this.play(), {capture: true}); // any tap will do
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.play());
    navigator.mediaDevices?.addEventListener('devicechange', () => this.useChosenSpeaker()); // the speaker may be back
  }

  firstUpdated() {
    const video = /** @type {HTMLVideoElement} */ (this.querySelector('video'));
    this.meeting?.addEventListener('speaker', () => this.useChosenSpeaker());
    new ResizeObserver(() => this.onResized()).observe(video);
  }

  /** Tell the server how high the picture is here: that of the tiles where they are drawn. */
  onResized() {
    const box = this.querySelector('.tiles') ?? this.querySelector('video');
    this.meeting?.setPictureHeight(Math.round((box?.clientHeight ?? 0) * devicePixelRatio));
  }

  updated() {
    const {picture, sound} = this.meeting?.connection ?? {};
    this.attach('video', picture ?? null);
    if (this.attach('audio', sound ?? null)) this.play();
  }

  /** @param {'video' | 'audio'} tag @param {MediaStream | null} stream */
  attach(tag, stream) {
    const element = /** @type {HTMLMediaElement | null} */ (this.querySelector(tag));
    if (!element || element.srcObject === stream) return false;
    element.srcObject = stream;
    return Boolean(stream);
  }

  get audio() {
    return /** @type {HTMLAudioElement | null} */ (this.querySelector('audio'));
  }

  /** Start playback, or show the button for the tap that the browser wants first. */
  async play() {
    this.playbackBlocked = false;
    await this.useChosenSpeaker();
    for (const element of /** @type {NodeListOf<HTMLMediaElement>} */ (this.querySelectorAll('audio, video')))
      element.play().catch(failure => (this.playbackBlocked ||= failure.name === 'NotAllowedError'));
  }

  async useChosenSpeaker() {
    if (this.audio) await routeToSpeaker(this.audio);
  }

  /** Play again after something else, such as a phone call, took the loudspeaker. */
  resumeLater() {
    window.setTimeout(() => this.play(), RESUME_MS);
  }

  render() {
    const {meeting} = this;
    if (!meeting) return nothing;
    return html`<section class="meeting-frame ${meeting.onAir ? 'air' : ''}" aria-label=${t('room.picture')}>
      <video data-testid="picture" autoplay .muted=${true} playsinline @playing=${() => (this.playing = true)} @pause=${this.resumeLater}></video>
      <tile-view .meeting=${meeting} .tick=${this.tick} @resized=${this.onResized}></tile-view>
      <audio data-testid="audio" autoplay @pause=${this.resumeLater}></audio>
      ${this.playing || meeting.tiles ? nothing : this.skeleton()} ${this.page === 'room' ? this.watermark() : nothing} ${this.marks()} <div class="warnings">${this.givesWay()} ${this.wrongClock()} ${this.warningsAbove()}</div> ${this.banner()}
      ${this.playbackBlocked ? html`<button type="button" class="main hear" data-testid="hear">${icon('sound')}<span>${t('room.tap-to-hear')}</span></button>` : nothing}
    </section>`;
  }

  skeleton() {
    const session = this.meeting?.state?.session;
    return html`<div class="skeleton" role="status"><p class="big">${session?.title ?? t('room.joining')}</p><p>${t('room.waiting-picture')}</p></div>`;
  }

  /** Draw the viewer's name and the time lightly in the corner where no names stand, under the heading: a photograph says where it was taken (R-040). */
  watermark() {
    const {meeting} = this;
    if (!meeting?.state?.watermark) return nothing;
    const text = `${meeting.seat?.name} ${day(meeting.now)} ${hourMinute(meeting.now)}`;
    const {title, clock: timed} = meeting.state.layout;
    return html`<p class="watermark ${title || timed ? 'lower' : ''}" aria-hidden="true" data-testid="watermark">${text}</p>`;
  }

  marks() {
    const {meeting, page} = this;
    const alone = page === 'test-room';
    if (alone && !this.playing) return nothing; // a small picture has no room for them beside its own words
    return html`<div class="marks">
      ${page === 'room' ? nothing : html`<span class="mark air" data-testid="on-air" ?hidden=${!meeting?.onAir}>${icon('mic')}${t('room.on-air')}</span>`}
      ${alone && meeting?.state ? recordingMark(meeting.state.recording, meeting.countedNow) : nothing}
      ${meeting && page !== 'room' && meeting.quality !== 'good' && meeting.connection.healthy
        ? html`<span class="mark net" data-testid="quality">${icon('network')}${t(`quality.${meeting.quality}`)}</span>`
        : nothing}
      ${alone ? html`<time class="mark" data-testid="clock">${clock(meeting?.now ?? 0)}</time>` : nothing}
    </div>`;
  }

  /** Draw when the meeting ends because an emergency took its code (A25). */
  givesWay() {
    const {meeting} = this;
    const at = meeting?.state?.givesWay;
    if (!meeting || !at) return nothing;
    const minutes = Math.max(0, Math.ceil((Date.parse(at) - meeting.now) / 60_000));
    return html`<p class="gives-way" role="alert" data-testid="gives-way">${icon('warn')}<span>${t('gives-way.left', hourMinute(at), minutes)}</span></p>`;
  }

  /** Draw that the clock of the machine that has the media is wrong, for host and controllers. */
  wrongClock() {
    const ahead = this.meeting?.state?.clockAhead ?? 0;
    if (ahead === 0) return nothing;
    const kind = ahead > 0 ? 'ahead' : 'behind';
    return html`<p class="gives-way clock" role="status" data-testid="wrong-clock" data-kind=${kind}>${icon('clock')}<span>${t(`wrong-clock.${kind}`, number(Math.abs(ahead)))}</span></p>`;
  }

  /** Draw that the meeting of a system above ends soon, which this one is held with. */
  warningsAbove() {
    const {meeting} = this;
    if (!meeting?.state) return nothing;
    return dueWarnings(meeting.state, meeting.now).map(({kind, at, name}) => {
      const minutes = Math.ceil((Date.parse(at) - meeting.now) / 60_000);
      return html`<p class="gives-way ${kind}" role="status" data-testid="warning-above" data-kind=${kind}>${icon('warn')}<span>${t(`warning-above.${kind}`, name, hourMinute(at), minutes)}</span></p>`;
    });
  }

  /** Seconds since the connection was lost. */
  get lostFor() {
    const {meeting} = this;
    return meeting?.lostAt ? (meeting.now - meeting.lostAt) / 1000 : 0;
  }

  /** Draw whom to call. */
  operator() {
    const duty = this.meeting?.state?.duty;
    return html`<span class="operator" data-testid="operator">${duty ? html`${t('room.call-duty', duty.name)} <a href="tel:${duty.phone}">${duty.phone}</a>` : t('room.call-operator')}</span>`;
  }

  /** Draw the reconnecting banner over the last frame, never instead of it. */
  banner() {
    const {status, attempt} = this.meeting?.protocol ?? {status: 'idle', attempt: 0};
    const away = status === 'lost' || (status === 'connecting' && attempt > 0);
    const state = this.meeting?.soundOnly ? t('room.sound-only') : '';
    const {connection} = this.meeting ?? {};
    const text = away ? t('room.reconnecting', attempt) : connection?.blocked ? t('room.udp-blocked', connection.mediaAddress) : connection?.state === 'unstable' ? t('room.unstable') : state;
    return html`<div class="banner" role="status" data-testid="banner" ?hidden=${!text}>
      <span>${text}</span>
      ${away && this.lostFor >= HELP_S ? this.operator() : nothing}
      ${away && (attempt > 4 || this.lostFor >= HELP_S) ? html`<button type="button" data-testid="retry" @click=${() => this.meeting?.start()}>${t('app.retry')}</button>` : nothing}
    </div>`;
  }
}

customElements.define('meeting-video', MeetingVideo);
