import {html, nothing} from '../../vendor/lit.js';
import {known, t} from '../../core/i18n.js';
import {recorded, recordState} from '../client/meeting-state.js';
import {route} from '../client/devices.js';
import {clock, day, hourMinute, span} from '../../core/time.js';
import {icon, Piece} from '../../core/base.js';

const WATERMARKS = 6;
const AGAIN_MS = 1000;

/** @param {string} word why a recording ended */
const recordingFault = word => (known(`reason.${word}`) ? `reason.${word}` : 'room.rec-error');

/** The picture everyone sees and the mix, with what must never be missed on top: on air, recording, reconnecting, time. */
export class StageView extends Piece {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, silent: {state: true}, playing: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').Meeting | null} */
    this.meeting = null;
    /** Changes whenever the page draws, so that we do too. */
    this.tick = 0;
    /** The browser wants a tap before it plays sound. */
    this.silent = false;
    this.playing = false;
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener('click', () => this.silent && this.listen(), {capture: true}); // any tap will do
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.listen());
    navigator.mediaDevices?.addEventListener('devicechange', () => this.route()); // the speaker may be back
  }

  firstUpdated() {
    const video = /** @type {HTMLVideoElement} */ (this.querySelector('video'));
    new ResizeObserver(() => this.meeting?.display(Math.round(video.clientHeight * devicePixelRatio))).observe(video);
  }

  updated() {
    const {picture, sound} = this.meeting?.link ?? {};
    this.attach('video', picture ?? null);
    if (this.attach('audio', sound ?? null)) this.listen();
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

  /** Play what has come, or ask for the tap that the browser wants first. */
  async listen() {
    this.silent = false;
    await this.route();
    for (const element of /** @type {NodeListOf<HTMLMediaElement>} */ (this.querySelectorAll('audio, video')))
      element.play().catch(failure => (this.silent ||= failure.name === 'NotAllowedError'));
  }

  async route() {
    if (this.audio) await route(this.audio);
  }

  /** Something else took the loudspeaker, a call for one: go on when it lets us. */
  paused() {
    window.setTimeout(() => this.listen(), AGAIN_MS);
  }

  render() {
    const {meeting} = this;
    if (!meeting) return nothing;
    return html`<section class="stage ${meeting.onAir ? 'air' : ''}" aria-label=${t('room.picture')}>
      <video data-testid="picture" autoplay .muted=${true} playsinline @playing=${() => (this.playing = true)} @pause=${this.paused}></video>
      <audio data-testid="audio" autoplay @pause=${this.paused}></audio>
      ${this.playing ? nothing : this.skeleton()} ${this.watermark()} ${this.marks()} ${this.givesWay()} ${this.banner()}
      ${this.silent ? html`<button type="button" class="main hear" data-testid="hear">${icon('sound')}<span>${t('room.tap-to-hear')}</span></button>` : nothing}
    </section>`;
  }

  skeleton() {
    const session = this.meeting?.state?.session;
    return html`<div class="skeleton" role="status"><p class="big">${session?.title ?? t('room.joining')}</p><p>${t('room.waiting-picture')}</p></div>`;
  }

  /** Who watches, and when, lightly over the whole picture: a photograph of it says where it was taken (R-040). */
  watermark() {
    const {meeting} = this;
    if (!meeting?.state?.watermark) return nothing;
    const text = `${meeting.seat?.name} ${day(meeting.now)} ${hourMinute(meeting.now)}`;
    return html`<div class="watermark" aria-hidden="true" data-testid="watermark">${Array.from({length: WATERMARKS}, () => html`<span>${text}</span>`)}</div>`;
  }

  marks() {
    const {meeting} = this;
    const recording = meeting?.state?.recording;
    return html`<div class="marks">
      <span class="mark air" data-testid="on-air" ?hidden=${!meeting?.onAir}>${icon('mic')}${t('room.on-air')}</span>
      ${recording ? this.recording(recording) : nothing}
      ${recording?.error ? html`<span class="mark rec" role="alert" data-testid="rec-error">${icon('warn')}${t(recordingFault(recording.error))}</span>` : nothing}
      ${meeting && meeting.quality !== 'good' && meeting.link.healthy
        ? html`<span class="mark net" data-testid="quality">${icon('network')}${t(`quality.${meeting.quality}`)}</span>`
        : nothing}
      <time class="mark" data-testid="clock">${clock(meeting?.now ?? 0)}</time>
    </div>`;
  }

  /** An emergency took the code: when the meeting ends (A25). */
  givesWay() {
    const {meeting} = this;
    const at = meeting?.state?.givesWay;
    if (!meeting || !at) return nothing;
    const minutes = Math.max(0, Math.ceil((Date.parse(at) - meeting.now) / 60_000));
    return html`<p class="gives-way" role="alert" data-testid="gives-way">${icon('warn')}<span>${t('gives-way.left', hourMinute(at), minutes)}</span></p>`;
  }

  /** @param {RecordingMark} mark */
  recording(mark) {
    const state = recordState(mark);
    const text = t(state === 'paused' ? 'room.rec-pauses' : 'room.recording', span(recorded(mark, this.meeting?.now ?? 0)));
    return html`<span class="mark rec ${state}" data-testid="rec-mark" data-state=${state} ?hidden=${!mark.on}><i></i>${text}</span>`;
  }

  /** Over the last frame, never instead of it. */
  banner() {
    const {status, attempt} = this.meeting?.protocol ?? {status: 'idle', attempt: 0};
    const away = status === 'lost' || (status === 'connecting' && attempt > 0);
    const text = away ? t('room.reconnecting', attempt) : this.meeting?.link.state === 'unstable' ? t('room.unstable') : '';
    return html`<div class="banner" role="status" data-testid="banner" ?hidden=${!text}>
      <span>${text}</span>
      ${away && attempt > 4 ? html`<button type="button" data-testid="retry" @click=${() => this.meeting?.start()}>${t('app.retry')}</button>` : nothing}
    </div>`;
  }
}

customElements.define('stage-view', StageView);
