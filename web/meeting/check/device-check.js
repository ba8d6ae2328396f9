// Page `check.html`: tests camera, microphone, speaker and network.

import {html, nothing} from '../../vendor/lit.js';
import {errorMessage, guideLink, icon, BaseElement, setTitle} from '../../core/base.js';
import {devicePicker} from './device-picker.js';
import './self-test.js';
import {languageButton} from '../../core/top-bar.js';
import {t} from '../../core/i18n.js';
import {digitsOf} from '../../core/meeting-code.js';
import {DeviceError, LevelMeter, chime, deviceChoices, listDevices, openDevice, saveDeviceChoices} from '../client/devices.js';
import {measureLatency} from './line-speed.js';
import {probeMedia} from './media-probe.js';
import {permissionPicture} from './permission-picture.js';

/** @type {Record<import('./media-probe.js').Way, string>} */
const WAY_WORDS = {udp: 'check.udp-good', tcp: 'check.udp-tcp', turn: 'check.udp-tcp', none: 'check.udp-blocked'};

/**
 * Lets a person test camera, microphone, speaker and network before a meeting; a signed-in point may save the result.
 */
class CheckPage extends BaseElement {
  static properties = {faults: {state: true}, devices: {state: true}, level: {state: true}, network: {state: true}, udp: {state: true}, chosen: {state: true}};

  constructor() {
    super();
    setTitle('check.title');
    this.code = digitsOf(new URLSearchParams(location.search).get('code') ?? '');
    /** @type {Record<DeviceKind, string>} */
    this.faults = {mic: '', camera: ''};
    /** @type {Record<'mic' | 'camera' | 'speaker', MediaDeviceInfo[]>} */
    this.devices = {mic: [], camera: [], speaker: []};
    /** @type {Record<DeviceKind, MediaStreamTrack | null>} */
    this.tracks = {mic: null, camera: null};
    /** How often each device was opened: only the latest opening counts. @type {Record<DeviceKind, number>} */
    this.openings = {mic: 0, camera: 0};
    /** @type {LevelMeter | null} */
    this.meter = null;
    this.level = 0;
    /** @type {number | null | undefined} */
    this.network = undefined;
    /** The way that passes to the server's media; undefined while that is being found out. @type {Awaited<ReturnType<typeof probeMedia>> | undefined} */
    this.udp = undefined;
    this.chosen = deviceChoices();
  }

  async firstUpdated() {
    this.checkNetwork();
    await this.reopen('camera');
    await this.reopen('mic');
    navigator.mediaDevices?.addEventListener('devicechange', () => this.enumerate());
  }

  checkNetwork() {
    this.network = this.udp = undefined;
    measureLatency().then(found => (this.network = found));
    probeMedia().then(found => (this.udp = found));
  }

  /** @param {DeviceKind} kind */
  async reopen(kind) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = null;
    const turn = ++this.openings[kind];
    try {
      const track = await openDevice(kind);
      if (turn !== this.openings[kind]) return track.stop(); // another one was chosen meanwhile
      track.addEventListener('ended', () => track === this.tracks[kind] && this.setTrack(kind, null, 'none'));
      this.setTrack(kind, track, '');
    } catch (failure) {
      if (turn === this.openings[kind]) this.setTrack(kind, null, failure instanceof DeviceError ? failure.word : 'busy');
    }
    await this.enumerate();
  }

  /**
   * Show the track of a device, or why it has none.
   * @param {DeviceKind} kind
   * @param {MediaStreamTrack | null} track
   * @param {string} fault
   */
  setTrack(kind, track, fault) {
    this.tracks[kind] = track;
    this.faults = {...this.faults, [kind]: fault};
    if (kind === 'mic') this.meterMicrophone();
    else this.showCamera();
  }

  showCamera() {
    const video = /** @type {HTMLVideoElement} */ (this.querySelector('video'));
    video.srcObject = this.tracks.camera ? new MediaStream([this.tracks.camera]) : null;
  }

  meterMicrophone() {
    this.meter?.stop();
    this.meter = this.tracks.mic ? new LevelMeter(this.tracks.mic, level => (this.level = level)) : null;
  }

  async enumerate() {
    const [mic, camera, speaker] = await Promise.all([listDevices('mic'), listDevices('camera'), listDevices('speaker')]);
    this.devices = {mic, camera, speaker};
  }

  /** @param {Partial<import('../client/devices.js').Choices>} changed */
  saveChoice(changed) {
    saveDeviceChoices(changed);
    this.chosen = deviceChoices();
  }

  testSpeaker() {
    chime(this.devices.speaker.find(({label}) => label === this.chosen.speaker)?.deviceId);
  }

  enter() {
    if (this.tracks.camera) saveDeviceChoices({cameraOn: true});
    for (const track of Object.values(this.tracks)) track?.stop();
    if (this.code && localStorage.getItem('account')) location.assign(`room.html?code=${this.code}`);
    else location.assign(this.code ? `index.html?code=${this.code}` : 'index.html');
  }

  render() {
    const blocked = this.udp && this.udp.way !== 'udp';
    return html`<main class="check">
      <div class="row between"><h1>${t('check.title')}</h1><span class="row">${guideLink('camera')} ${languageButton()}</span></div>
      <div class="columns">
        <section class="card self">
          <div class="mirror"><video data-testid="self-view" autoplay muted playsinline aria-label=${t('check.self')}></video>
            ${this.tracks.camera || this.faults.camera ? nothing : html`<p class="over">${t('check.opening')}</p>`}</div>
          ${this.faultMessage('camera')}
        </section>
        <section class="card">
          ${this.picker('camera')} ${this.picker('mic')}
          <div class="field">
            <label for="meter">${t('check.level')}</label>
            <meter id="meter" data-testid="mic-meter" min="0" max="1" low="0.2" optimum="0.6" .value=${this.level}></meter>
            <small>${t('check.say')}</small>
          </div>
          ${this.faultMessage('mic')} ${this.picker('speaker')}
          <div class="row">
            <button type="button" data-testid="speaker-test" @click=${this.testSpeaker}>${icon('sound')}<span>${t('check.tone')}</span></button>
          </div>
          <label class="option"><input type="checkbox" data-testid="processed" .checked=${this.chosen.processed}
            @change=${(/** @type {any} */ event) => (this.saveChoice({processed: event.target.checked}), this.reopen('mic'))}>
            <span>${t('check.processed')}<small>${t('check.processed-hint')}</small></span></label>
          <div role="status">
            <p class="net" data-testid="network">${icon('network')}<span>${this.networkWords()}</span></p>
            ${this.network === null ? nothing : html`<p class="net" data-testid="udp">${icon(blocked ? 'warn' : 'network')}<span>${this.udpWords()}</span></p>`}
          </div>
          ${this.network === null || blocked ? html`<button type="button" data-testid="network-retry" @click=${this.checkNetwork}>${t('app.retry')}</button>` : nothing}
        </section>
      </div>
      <self-test .camera=${Boolean(this.tracks.camera)} .level=${this.level} .latency=${this.network} .video=${this.querySelector('video')}></self-test>
      <div class="row end submit">
        <p>${t('check.muted')}</p>
        ${localStorage.getItem('account') ? html`<a class="button" href="test-room.html" data-testid="test-room">${icon('sound')}<span>${t('test-room.enter')}</span></a>` : nothing}
        <button type="button" class="main" data-testid="enter" @click=${this.enter}>${t('check.enter')}</button>
      </div>
    </main>`;
  }

  networkWords() {
    if (this.network === undefined) return t('check.net-wait');
    if (this.network === null) return t('check.net-none');
    return t(this.network < 100 ? 'check.net-good' : 'check.net-slow', this.network);
  }

  udpWords() {
    if (this.udp === undefined) return t('check.udp-wait');
    if (this.udp === null) return t('check.udp-unknown');
    return t(WAY_WORDS[this.udp.way], this.udp.address, this.udp.way.toUpperCase());
  }

  /** @param {DeviceKind} kind */
  faultMessage(kind) {
    const word = this.faults[kind];
    return html`${errorMessage(word && t(`device.${word}`), `${kind}-fault`)}
    ${word === 'denied' ? permissionPicture(navigator.userAgent) : nothing}
    ${word ? html`<button type="button" data-testid="${kind}-retry" @click=${() => this.reopen(kind)}>${t('app.retry')}</button>` : nothing}`;
  }

  /** @param {import('../client/devices.js').DeviceUse} kind */
  picker(kind) {
    const used = kind === 'speaker' ? this.chosen.speaker : this.tracks[kind]?.label;
    return devicePicker(kind, this.devices[kind], used, label => this.choose(kind, label));
  }

  /** @param {'mic' | 'camera' | 'speaker'} kind @param {string} label */
  choose(kind, label) {
    this.saveChoice({[kind]: label});
    if (kind !== 'speaker') this.reopen(kind);
  }
}

customElements.define('check-page', CheckPage);
