// Element `point-displays`: the room displays of a point, in the directory and on the page of displays: paired by the
// code that a screen shows, and revoked.

import {html, nothing} from '../vendor/lit.js';
import {pairDisplay, removeDisplay, roomDisplays, stock} from '../core/api.js';
import {RequestingElement, errorMessage, icon} from '../core/base.js';
import {ask} from '../core/dialog.js';
import {checkbox, field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {loadingState} from '../core/states.js';
import {day} from '../core/time.js';
import {toast} from '../core/toast.js';

const ROOM_SYSTEMS = ['VCS', 'LINK', 'SIMULATED'];

/** Lists the room displays of a point, pairs and revokes them. Fires `changed`. */
export class PointDisplays extends RequestingElement {
  static properties = {point: {attribute: false}, code: {attribute: false}, found: {state: true}};

  constructor() {
    super();
    /** The id of the point. */
    this.point = '';
    /** The code that was scanned. */
    this.code = '';
    /** @type {RoomDisplays | null} */
    this.found = null;
    /** Devices that may be a display. @type {Device[]} */
    this.devices = [];
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has('point') && this.point) this.load();
  }

  async load() {
    const {point} = this;
    await this.refresh(async () => {
      const [found, {devices}] = await Promise.all([roomDisplays(), stock(point)]);
      if (point !== this.point) return;
      this.devices = devices.filter(({kind}) => !ROOM_SYSTEMS.includes(kind));
      this.found = found;
    });
  }

  /** @param {SubmitEvent} event */
  async pair(event) {
    const form = formOf(event);
    const {device, code, sends, accepted} = formValues(event);
    await this.attempt(async () => {
      this.found = await pairDisplay(device, {code, sends: Boolean(sends), accepted: Boolean(accepted)});
      form.reset();
      this.code = '';
      toast(t('displays.paired', this.found.displays.find(each => each.device === device)?.name));
      this.emit('changed');
    }, form);
  }

  /** @param {RoomDisplay} display */
  async revoke({device, name}) {
    if (!(await ask({title: t('displays.revoke-ask', name), text: t('displays.revoke-text'), choices: [{value: 'revoke', label: t('displays.revoke'), tone: 'danger'}]}))) return;
    await this.attempt(async () => {
      this.found = await removeDisplay(device);
      toast(t('displays.revoked', name));
      this.emit('changed');
    });
  }

  render() {
    const {found} = this;
    if (!found) return html`${errorMessage(this.error)}${loadingState()}`;
    const own = found.displays.filter(({point}) => point.id === this.point);
    return html`${errorMessage(this.error)}
      ${own.length ? html`<ul class="plain">${own.map(display => this.row(display))}</ul>` : html`<p class="empty slim">${t('displays.empty')}</p>`}
      ${this.devices.length ? this.form(found) : html`<p>${t('displays.no-device')}</p>`}`;
  }

  /** @param {RoomDisplay} display */
  row(display) {
    const {name, paired, report} = display;
    return html`<li class="row between" data-testid="point-display" data-name=${name}>
      <span><strong>${name}</strong> · ${t('displays.paired-on', day(paired))} <span class="badge ${report ? 'good' : 'bad'}">${t(report ? `displays.${report.state}` : 'displays.away')}</span></span>
      <button type="button" class="danger" data-testid="revoke-display" @click=${() => this.revoke(display)}>${t('displays.revoke')}</button>
    </li>`;
  }

  /** @param {RoomDisplays} found */
  form({notice, dedicated}) {
    const texts = [notice, dedicated].filter(Boolean);
    return html`<form @submit=${this.pair} data-testid="pair-form">${keptForm(`pair:${this.point}`)}
      <p class="soft">${t('displays.pair-hint', new URL('display', location.href).href)}</p>
      <div class="pair">
        ${field({name: 'code', label: 'displays.code', value: this.code, required: true, max: 20})}
        ${field({name: 'device', label: 'displays.device', options: this.devices.map(({id, name}) => [id, name])})}
      </div>
      ${checkbox({name: 'sends', label: 'displays.sends'})}
      ${texts.length
        ? html`<label class="option"><input type="checkbox" name="accepted" required data-testid="f-accepted"><span>${t('displays.accept')} ${texts.map(text => html`<strong>${text}</strong> `)}</span></label>`
        : nothing}
      <div class="row end"><button class="main" data-testid="pair-display">${icon('plus')}<span>${t('displays.pair')}</span></button></div>
    </form>`;
  }
}

customElements.define('point-displays', PointDisplays);
