// Element `device-settings`: camera, microphone, speaker and language, changed while the meeting goes on.

import {html, live, nothing} from '../../vendor/lit.js';
import {BaseElement} from '../../core/base.js';
import {LANGUAGES, language, languageName, t, useLanguage} from '../../core/i18n.js';
import {devicePicker} from '../check/device-picker.js';
import {applyBlur, canBlur, deviceChoices, listDevices, saveDeviceChoices} from '../client/devices.js';
import {canSuppressNoise} from '../client/noise-suppression.js';

/** @typedef {import('../client/devices.js').DeviceUse} DeviceUse */

/** @type {DeviceUse[]} */
const USES = ['camera', 'mic', 'speaker'];

/** A dialog with what a person chooses for this device; all of it is remembered and takes effect at once. */
export class DeviceSettings extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, devices: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
    /** @type {Record<DeviceUse, MediaDeviceInfo[]>} */
    this.devices = {camera: [], mic: [], speaker: []};
    navigator.mediaDevices?.addEventListener('devicechange', () => this.dialog?.open && this.enumerate());
  }

  get dialog() {
    return /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog'));
  }

  open() {
    this.dialog?.showModal();
    this.enumerate();
  }

  async enumerate() {
    const [camera, mic, speaker] = await Promise.all(USES.map(listDevices));
    this.devices = {camera, mic, speaker};
  }

  /** @param {DeviceUse} kind */
  picker(kind) {
    const track = kind === 'speaker' ? null : this.meeting?.tracks[kind];
    const used = track?.readyState === 'live' ? track.label : deviceChoices()[kind];
    return devicePicker(kind, this.devices[kind], used, async label => {
      await this.meeting?.chooseDevice(kind, label);
      this.enumerate(); // labels are told once a device is open
    });
  }

  /**
   * Draw a choice of yes or no.
   * @param {'processed' | 'openAtOnce' | 'quiet' | 'blur'} name
   * @param {string} word the key of its text under `settings.`
   * @param {(on: boolean) => unknown} [then]
   */
  option(name, word, then) {
    const set = (/** @type {any} */ {target}) => {
      saveDeviceChoices({[name]: target.checked});
      then?.(target.checked);
      this.requestUpdate();
    };
    return html`<label class="option"><input type="checkbox" data-testid=${word} .checked=${live(deviceChoices()[name])} @change=${set}>
      <span>${t(`settings.${word}`)}<small>${t(`settings.${word}-hint`)}</small></span></label>`;
  }

  /** Draw the choice of a blurred background where the camera has that, else why there is none; nothing without a camera. @param {MediaStreamTrack | null} camera */
  blurChoice(camera) {
    if (!camera) return nothing;
    if (canBlur(camera)) return this.option('blur', 'blur', () => applyBlur(camera));
    return html`<p class="soft" data-testid="no-blur">${t('settings.no-blur')}</p>`;
  }

  render() {
    if (!this.meeting) return nothing;
    return html`<dialog class="settings" aria-labelledby="settings" data-testid="settings">
      <h2 id="settings">${t('settings.title')}</h2>
      <div class="stack">${USES.map(kind => this.picker(kind))}
        ${this.option('processed', 'processed', () => this.meeting?.reopen('mic'))}
        ${canSuppressNoise() ? this.option('quiet', 'quiet', () => this.meeting?.reopen('mic')) : nothing}
        ${this.blurChoice(this.meeting.tracks.camera)}
        ${this.option('openAtOnce', 'open-at-once')}
        <label class="field"><span>${t('settings.language')}</span>
          <select data-testid="language-picker" @change=${(/** @type {any} */ {target}) => useLanguage(target.value)}>
            ${LANGUAGES.map(one => html`<option value=${one} lang=${one} .selected=${live(one === language)}>${languageName(one)}</option>`)}
          </select></label>
        ${this.meeting.state?.captions.offered === false ? html`<p class="soft" data-testid="no-captions">${t('captions.none')}</p>` : nothing}</div>
      <form method="dialog" class="row end"><button class="main" data-testid="settings-close">${t('app.close')}</button></form>
    </dialog>`;
  }
}

customElements.define('device-settings', DeviceSettings);
