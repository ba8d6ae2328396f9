// Element `meeting-video`: picture and sound of the meeting, on all its pages.

import {html, nothing} from '../../vendor/lit.js';
import {hasText, t} from '../../core/i18n.js';
import {recordedSeconds, recordState} from '../client/meeting-state.js';
import {routeToSpeaker} from '../client/devices.js';
import {clock, day, hourMinute, span} from '../../core/time.js';
import {icon, BaseElement} from '../../core/base.js';
import './tile-view.js';

const RESUME_MS = 1000;

/** Return the text key for a recording that failed. @param {string} word why it ended */
const recordingFault = word => (hasText(`reason.${word}`) ? `reason.${word}` : 'room.rec-error');

/**
 * Draw that the meeting is recorded, and for how long, and why it no longer is.
 * @param {RecordingMark} mark
 * @param {number} now server time, milliseconds
 */
export function recordingMark(mark, now) {
  const state = recordState(mark);
  const text = t(state === 'paused' ? 'room.rec-pauses' : 'room.recording', span(recordedSeconds(mark, now)));
  return html`<span class="mark rec ${state}" data-testid="rec-mark" data-state=${state} ?hidden=${!mark.on}><i></i>${text}</span>
    ${mark.error ? html`<span class="mark rec" role="alert" data-testid="rec-error">${icon('warn')}${t(recordingFault(mark.error))}</span>` : nothing}`;
}

/**
 * Plays picture and sound of the meeting, with the marks that must always be visible: on air, recording,
 * reconnecting, clock.
 */
export class MeetingVideo extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, bare: {type: Boolean}, playbackBlocked: {state: true}, playing: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    /** Changes whenever the page draws, so that this element draws, too. */
    this.tick = 0;
    /** Whether clock, recording and watermark stand elsewhere, or nowhere. */
    this.bare = false;
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
      ${this.playing || meeting.tiles ? nothing : this.skeleton()} ${this.bare ? nothing : this.watermark()} ${this.marks()} ${this.givesWay()} ${this.banner()}
      ${this.playbackBlocked ? html`<button type="button" class="main hear" data-testid="hear">${icon('sound')}<span>${t('room.tap-to-hear')}</span></button>` : nothing}
    </section>`;
  }

  skeleton() {
    const session = this.meeting?.state?.session;
    return html`<div class="skeleton" role="status"><p class="big">${session?.title ?? t('room.joining')}</p><p>${t('room.waiting-picture')}</p></div>`;
  }

  /** Draw the viewer's name and the time lightly in a corner: a photograph says where it was taken (R-040). */
  watermark() {
    const {meeting} = this;
    if (!meeting?.state?.watermark) return nothing;
    const text = `${meeting.seat?.name} ${day(meeting.now)} ${hourMinute(meeting.now)}`;
    return html`<p class="watermark" aria-hidden="true" data-testid="watermark">${text}</p>`;
  }

  marks() {
    const {meeting} = this;
    return html`<div class="marks">
      <span class="mark air" data-testid="on-air" ?hidden=${!meeting?.onAir}>${icon('mic')}${t('room.on-air')}</span>
      ${this.bare || !meeting?.state ? nothing : recordingMark(meeting.state.recording, meeting.countedNow)}
      ${meeting && meeting.quality !== 'good' && meeting.connection.healthy
        ? html`<span class="mark net" data-testid="quality">${icon('network')}${t(`quality.${meeting.quality}`)}</span>`
        : nothing}
      <time class="mark" data-testid="clock" ?hidden=${this.bare || Boolean(meeting?.tiles ? meeting.tiles.clock : meeting?.state?.view === 'composed' && meeting.state.layout.clock)}>${clock(meeting?.now ?? 0)}</time>
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

  /** Draw the reconnecting banner over the last frame, never instead of it. */
  banner() {
    const {status, attempt} = this.meeting?.protocol ?? {status: 'idle', attempt: 0};
    const away = status === 'lost' || (status === 'connecting' && attempt > 0);
    const state = this.meeting?.soundOnly ? t('room.sound-only') : '';
    const text = away ? t('room.reconnecting', attempt) : this.meeting?.connection.state === 'unstable' ? t('room.unstable') : state;
    return html`<div class="banner" role="status" data-testid="banner" ?hidden=${!text}>
      <span>${text}</span>
      ${away && attempt > 4 ? html`<button type="button" data-testid="retry" @click=${() => this.meeting?.start()}>${t('app.retry')}</button>` : nothing}
    </div>`;
  }
}

customElements.define('meeting-video', MeetingVideo);
