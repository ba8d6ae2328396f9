// Element `point-equipment`: devices and access lines of a point, on its card.

import {html, nothing} from '../vendor/lit.js';
import {postTo, providers, stock} from '../core/api.js';
import {toKbps} from './unit-tree.js';
import {number, t} from '../core/i18n.js';
import {clock, day} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {checkbox, field, formOf, formValues} from '../core/fields.js';
import {copyable} from '../core/copy.js';
import './call-test.js';
import {keptForm} from '../core/kept-form.js';
import {loadingState} from '../core/states.js';
import './sip-trace.js';

const KINDS = ['VCS', 'PC', 'TABLET', 'PHONE', 'CAMERA', 'LINK', 'SIMULATED'];
const PROTOCOLS = ['', 'WEBRTC', 'SIP', 'H323', 'WHIP', 'WHEP', 'RTSP'];
const CALLED = ['SIP', 'H323'];
const TRANSPORTS = ['', 'UDP', 'TCP', 'TLS'];
const ENCRYPTION = ['off', 'wished', 'exposed', 'demanded'];
const LINE_TYPES = ['TSLCD', 'WAN', 'INTERNET'];
/** @param {number | null} rate kbit/s */
const mbps = rate => (rate === null ? '–' : number(rate / 1000, {maximumFractionDigits: 2}));

/** Lists devices and access lines of a point, and differences from what was observed. Fires `changed`. */
export class PointEquipment extends RequestingElement {
  static properties = {point: {attribute: false}, edit: {attribute: false}, equipment: {state: true}, form: {state: true}, tested: {state: true}, traced: {state: true}, called: {state: true}};

  constructor() {
    super();
    /** @type {TreePoint | null} */
    this.point = null;
    this.edit = false;
    /** @type {PointEquipmentList | null} */
    this.equipment = null;
    /** @type {Provider[]} */
    this.providers = [];
    /** The device whose form is open, `new`, `line`, or none. */
    this.form = '';
    /** Whether devices responded to a test, by their id. @type {Record<string, boolean>} */
    this.tested = {};
    /** The device whose SIP messages are shown, or none. */
    this.traced = '';
    /** The device that is called to try it, or none. */
    this.called = '';
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has('point') && this.point) this.load();
  }

  async load() {
    const id = this.point?.id ?? '';
    await this.refresh(async () => {
      const [found, known] = await Promise.all([stock(id), this.edit ? providers() : []]);
      if (id === this.point?.id) [this.equipment, this.providers] = [found, known];
    });
  }

  /** @param {string} path @param {object} [body] @param {HTMLFormElement | null} [form] */
  async send(path, body = {}, form = null) {
    await this.attempt(async () => {
      await postTo(`directory/${path}`, body);
      this.form = '';
      await this.load();
      this.emit('changed');
    }, form, named => ({line: 'type', subscribed_kbps: 'subscribed', up_kbps: 'up', down_kbps: 'down'})[named] ?? named);
  }

  /** @param {string} id a device */
  test(id) {
    return this.attempt(async () => {
      const {answers} = await postTo(`directory/devices/${id}/test`);
      this.tested = {...this.tested, [id]: answers};
    });
  }

  render() {
    if (!this.equipment) return html`${errorMessage(this.error)}${loadingState()}`;
    const {devices, lines, changes} = this.equipment;
    const open = changes.filter(({state}) => state === 'open');
    return html`${errorMessage(this.error)}
      <h3>${t('equipment.devices')}</h3>
      <ul class="plain">${devices.map(device => this.device(device))}</ul>
      ${this.edit ? this.addButton('new', 'equipment.add-device', this.form === 'new' ? this.deviceForm(null) : nothing) : nothing}
      <h3>${t('equipment.lines')}</h3>
      ${lines.length ? html`<ul class="plain">${lines.map(line => this.line(line))}</ul>` : html`<p class="empty">${t('equipment.no-line')}</p>`}
      ${this.edit ? this.addButton('line', 'equipment.add-line', this.form === 'line' ? this.lineForm() : nothing) : nothing}
      ${open.length ? html`<h3>${t('equipment.changes')}</h3><ul class="plain">${open.map(change => this.change(change))}</ul>` : nothing}`;
  }

  /** @param {string} name @param {string} label @param {unknown} form */
  addButton(name, label, form) {
    if (form !== nothing) return form;
    return html`<button type="button" class="quiet" data-testid="add-${name}" @click=${() => (this.form = name)}>${icon('plus')}<span>${t(label)}</span></button>`;
  }

  /** @param {Device} device */
  device(device) {
    const facts = [device.kind ? t(`device.${device.kind}`) : t('device.unknown'), device.model, device.address, device.port && t('device.at-port', device.port), device.protocol, device.transport, device.sip_user && t('device.dials', device.sip_user), device.stream_path, device.firmware, device.patched && t('device.patched-on', day(device.patched))];
    return html`<li data-testid="device" data-name=${device.name}>
      <div class="row between wrap"><span><strong>${device.name}</strong> · ${facts.filter(Boolean).join(' · ')}
        ${device.overdue ? html`<span class="badge lobby">${t('device.overdue')}</span>` : nothing}
        ${device.registered ? html`<span class="badge" data-testid="registered">${t('device.registered', clock(device.registered))}</span>` : nothing}
        ${device.reachable === null || device.id in this.tested ? nothing : this.answer(device.reachable)}
        ${device.id in this.tested ? this.answer(this.tested[device.id]) : nothing}</span>
        ${this.edit && CALLED.includes(device.protocol) && (device.address || device.registered || (device.protocol === 'H323' && device.sip_user))
          ? html`<button type="button" class="quiet" data-testid="test-device" @click=${() => this.test(device.id)}>${icon('network')}<span>${t('device.test')}</span></button>
            <button type="button" class="quiet" data-testid="call-device" aria-expanded=${this.called === device.id} @click=${() => (this.called = this.called === device.id ? '' : device.id)}>${icon('phone')}<span>${t('call-test.title')}</span></button>
            <button type="button" class="quiet" data-testid="trace-device" aria-expanded=${this.traced === device.id} @click=${() => (this.traced = this.traced === device.id ? '' : device.id)}>${t('device.trace')}</button>
            <a class="button quiet" data-testid="calls-of-device" href="calls.html?device=${device.id}">${t('nav.calls')}</a>` : nothing}
        ${this.edit
          ? html`<button type="button" class="quiet" data-testid="edit-device" @click=${() => (this.form = this.form === device.id ? '' : device.id)}>${t('directory.edit')}</button>`
          : nothing}</div>
      ${this.edit && ['WHIP', 'WHEP'].includes(device.protocol) ? html`<p><small>${t(`device.${device.protocol}-help`)}</small> ${copyable(new URL(`${device.protocol.toLowerCase()}/${device.id}`, document.baseURI).href, {testid: 'http-address'})}</p>` : nothing}
      ${this.called === device.id ? html`<call-test .device=${device}></call-test>` : nothing}
      ${this.edit && device.protocol === 'RTSP' ? html`<p><small>${t('device.RTSP-help')}</small></p>` : nothing}
      ${this.traced === device.id ? html`<sip-trace .device=${device}></sip-trace>` : nothing}
      ${this.form === device.id ? this.deviceForm(device) : nothing}
    </li>`;
  }

  /** Draw whether a device answered: asked just now, or within the last minute. @param {boolean} answers */
  answer(answers) {
    return html`<span role="status" data-testid="tested">${icon(answers ? 'check' : 'warn')} ${t(answers ? 'device.answers' : 'device.silent')}</span>`;
  }

  /** @param {Device | null} device */
  deviceForm(device) {
    const values = /** @type {Partial<Device>} */ (device ?? {});
    return html`<form @submit=${(/** @type {SubmitEvent} */ event) => this.saveDevice(event, device)}>${keptForm(`device:${device?.id ?? `new:${this.point?.id}`}`)}
      <div class="pair">
        ${field({name: 'kind', label: 'device.kind', value: values.kind, options: KINDS.map(kind => [kind, t(`device.${kind}`)])})}
        ${field({name: 'protocol', label: 'device.protocol', value: values.protocol, options: PROTOCOLS.map(one => [one, one || '–'])})}
        ${field({name: 'model', label: 'device.model', value: values.model})} ${field({name: 'serial', label: 'device.serial', value: values.serial, max: 100})}
        ${field({name: 'address', label: 'device.address', value: values.address, max: 45})} ${field({name: 'firmware', label: 'device.firmware', value: values.firmware, max: 100})}
        ${field({name: 'patched', label: 'device.patched', value: values.patched, type: 'date'})} ${field({name: 'security_owner', label: 'room.owner', value: values.security_owner})}
        ${field({name: 'asset_number', label: 'device.asset-number', value: values.asset_number, max: 100})} ${field({name: 'asset_year', label: 'device.asset-year', value: values.asset_year, type: 'number'})}
        ${field({name: 'asset_source', label: 'device.asset-source', value: values.asset_source})} ${field({name: 'user_agent', label: 'device.agent', value: values.user_agent, max: 500})}
      </div>
      ${this.sipFields(values)}
      <div class="row end">
        ${device && (this.equipment?.devices.length ?? 0) > 1
          ? html`<button type="button" class="danger" data-testid="remove-device" @click=${() => this.send(`devices/${device.id}/remove`)}>${t('directory.remove')}</button>`
          : nothing}
        <button class="main" data-testid="save-device">${t('directory.save')}</button>
      </div>
    </form>`;
  }

  /** Say what devices of a make are offered. @param {SipProfile} profile */
  profile({id, name, transport, sounds, modes, level, kbps, simple, keys, bfcp, bfcp_version, high}) {
    const make = id === 'generic' ? t('device.profile-generic') : name;
    const slides = bfcp === 'off' ? t('device.profile-no-slides') : `BFCP ${bfcp}${bfcp === 'UDP' ? ` v${bfcp_version}` : ''}`;
    const facts = [transport, sounds.join(', '), `H.264${high ? ' High' : ''} pm ${modes.join(', ')}`, t('device.profile-level', level / 10), `${kbps} kbit/s`, `SRTP ${keys}`, simple ? t('device.profile-simple') : slides];
    return `${make}: ${facts.filter(Boolean).join(' · ')}`;
  }

  /** How a device is called. Secrets are never read back: an empty field leaves what is stored. @param {Partial<Device>} values */
  sipFields(values) {
    const secret = (/** @type {'pin' | 'password'} */ name, /** @type {boolean | undefined} */ has, /** @type {number} */ max) =>
      html`<div>${field({name, label: `device.${name}`, type: 'password', max, hint: has ? t('device.secret-kept') : ''})}
        ${has ? checkbox({name: `drop_${name}`, label: `device.drop-${name}`}) : nothing}</div>`;
    const profiles = this.equipment?.profiles ?? [];
    return html`<fieldset class="sip-call" data-testid="sip-call"><legend>${t('device.sip-call')}</legend>
      <p><small>${t('device.sip-call-help')}</small></p>
      ${field({name: 'sip_profile', label: 'device.sip-profile', value: values.sip_profile || 'generic', options: profiles.map(profile => [profile.id, this.profile(profile)])})}
      <div class="pair">
        ${field({name: 'sip_user', label: 'device.sip-user', value: values.sip_user, max: 64})} ${secret('pin', values.has_pin, 32)}
        ${field({name: 'auth_user', label: 'device.auth-user', value: values.auth_user, max: 64})} ${secret('password', values.has_password, 128)}
        ${field({name: 'port', label: 'device.port', value: values.port, type: 'number'})}
        ${field({name: 'transport', label: 'device.transport', value: values.transport, options: TRANSPORTS.map(one => [one, one || t('device.transport-auto')])})}
        ${field({name: 'picture_kbps', label: 'device.picture-kbps', value: values.picture_kbps, type: 'number', hint: t('device.picture-kbps-hint')})}
        ${field({name: 'encryption', label: 'device.encryption', value: values.encryption ?? 'off', options: ENCRYPTION.map(one => [one, t(`device.encryption-${one}`)])})}
      </div>
      ${field({name: 'stream_path', label: 'device.stream-path', value: values.stream_path, hint: t('device.stream-path-hint')})}
      ${field({name: 'media_addresses', label: 'device.media-addresses', value: values.media_addresses, hint: t('device.media-addresses-hint')})}
      ${field({name: 'codecs', label: 'device.codecs', value: values.codecs, max: 500})}
      ${checkbox({name: 'dial_out', label: 'device.dial-out', checked: values.dial_out})}
      ${checkbox({name: 'camera_control', label: 'device.camera-control', checked: values.camera_control})}
    </fieldset>`;
  }

  /** @param {SubmitEvent} event @param {Device | null} device */
  saveDevice(event, device) {
    const {address, port, picture_kbps, patched, asset_year, dial_out, camera_control, pin, password, drop_pin, drop_password, ...rest} = formValues(event);
    const secrets = {pin: pin || (drop_pin ? '' : null), password: password || (drop_password ? '' : null)};
    const body = {...rest, ...secrets, address: address || null, port: port ? Number(port) : null, picture_kbps: picture_kbps ? Number(picture_kbps) : null, patched: patched || null, asset_year: asset_year ? Number(asset_year) : null, dial_out: Boolean(dial_out), camera_control: Boolean(camera_control)};
    this.send(device ? `devices/${device.id}` : `points/${encodeURIComponent(this.point?.id ?? '')}/devices`, body, formOf(event));
  }

  /** @param {Line} line */
  line(line) {
    const provider = this.providers.find(({id}) => id === line.provider)?.name;
    return html`<li data-testid="line" class="row between"><span><strong>${line.type}</strong> · ${t('line.rates', mbps(line.subscribed_kbps), mbps(line.up_kbps), mbps(line.down_kbps))}
      ${[provider, line.ranges.join(', ')].filter(Boolean).map(text => html` · ${text}`)} ${line.slow ? html`<span class="badge cancelled">${t('line.slow')}</span>` : nothing}</span>
      ${this.edit
        ? html`<button type="button" class="quiet" data-testid="remove-line" @click=${() => this.send(`lines/${line.id}/remove`)}>${t('directory.remove')}</button>`
        : nothing}</li>`;
  }

  lineForm() {
    /** @type {[string, string][]} */
    const known = [['', '–'], ...this.providers.map(({id, name}) => /** @type {[string, string]} */ ([id ?? '', name]))];
    return html`<form @submit=${this.saveLine}>${keptForm(`line:${this.point?.id}`)}
      <div class="pair">
        ${field({name: 'type', label: 'line.type', options: LINE_TYPES.map(type => [type, type])})} ${field({name: 'provider', label: 'line.provider', options: known})}
        ${field({name: 'subscribed', label: 'line.subscribed', required: true, max: 9})} ${field({name: 'ranges', label: 'line.ranges', max: 500})}
        ${field({name: 'up', label: 'line.up', max: 9})} ${field({name: 'down', label: 'line.down', max: 9})}
      </div>
      ${checkbox({name: 'dedicated', label: 'line.dedicated'})}
      <div class="row end"><button class="main" data-testid="save-line">${t('directory.save')}</button></div>
    </form>`;
  }

  /** @param {SubmitEvent} event */
  saveLine(event) {
    const {type, provider, subscribed, ranges, up, down, dedicated} = formValues(event);
    const rates = {subscribed_kbps: toKbps(subscribed), up_kbps: toKbps(up), down_kbps: toKbps(down)};
    this.send(`points/${encodeURIComponent(this.point?.id ?? '')}/lines`, {type, provider: provider || null, ranges, dedicated: Boolean(dedicated), ...rates}, formOf(event));
  }

  /** @param {DirectoryChange} change */
  change({id, kind, field: what, old, new: fresh, by}) {
    return html`<li data-testid="change"><p><strong>${t(`change.${kind}`)}</strong> · ${t(`change.${what}`)}: ${old || '–'} → ${fresh} ${by ? `· ${by}` : ''}</p>
      ${this.edit
        ? html`<div class="row"><button type="button" data-testid="accept" @click=${() => this.send(`changes/${id}/decide`, {accept: true})}>${t('change.accept')}</button>
            <button type="button" class="danger" data-testid="reject" @click=${() => this.send(`changes/${id}/decide`, {accept: false})}>${t('change.reject')}</button></div>`
        : nothing}</li>`;
  }
}

customElements.define('point-equipment', PointEquipment);
