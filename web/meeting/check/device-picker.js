// The choice of a camera, microphone or speaker: in the device check and in the settings of the room.

import {html} from '../../vendor/lit.js';
import {icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';

const ICONS = {camera: 'camera', mic: 'mic', speaker: 'sound'};

/**
 * Draw the choice of a device.
 * @param {import('../client/devices.js').DeviceUse} kind
 * @param {MediaDeviceInfo[]} devices those that are plugged in
 * @param {string | undefined} used the label of the one in use
 * @param {(label: string) => void} choose
 */
export const devicePicker = (kind, devices, used, choose) => html`<div class="field">
  <label for=${kind}>${icon(ICONS[kind])} ${t(`check.${kind}`)}</label>
  <select id=${kind} data-testid="${kind}-picker" @change=${(/** @type {any} */ event) => choose(event.target.value)}>
    ${devices.length ? '' : html`<option value="">${t('check.default')}</option>`}
    ${devices.map(({label}, i) => html`<option value=${label} ?selected=${label === used}>${label || t('check.nth', i + 1)}</option>`)}
  </select>
</div>`;
