// Element `incident-dialog`: reports an incident, in the room and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {FAULTS} from '../client/meeting-state.js';
import {guideLink, icon, BaseElement} from '../../core/base.js';

/**
 * Reports an incident by one tap on its kind (Điều 13.2.c); controllers may call the centre. Fires `report` with kind
 * and text.
 */
export class IncidentDialog extends BaseElement {
  static properties = {mayCallCentre: {type: Boolean}};

  constructor() {
    super();
    this.mayCallCentre = false;
  }

  get dialog() {
    return /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog'));
  }

  open() {
    const field = /** @type {HTMLInputElement | null} */ (this.querySelector('input'));
    if (field) field.value = '';
    this.dialog?.showModal();
  }

  /** @param {string} kind */
  send(kind) {
    const field = /** @type {HTMLInputElement} */ (this.querySelector('input'));
    this.dialog?.close();
    this.emit('report', {kind, text: field.value.trim()});
  }

  render() {
    return html`<dialog class="faults" aria-labelledby="faults">
      <h2 id="faults">${t('fault.title')}</h2>
      <p>${t('fault.hint')}</p>
      <label class="field"><span>${t('fault.text')}</span><input maxlength="500" data-testid="fault-text"></label>
      <div class="kinds">${FAULTS.map(kind => this.kind(kind, 'warn', ''))} ${this.mayCallCentre ? this.kind('help', 'phone', 'danger solid') : nothing}</div>
      <form method="dialog" class="row end">${guideLink('trouble')}<button data-testid="fault-cancel">${t('app.close')}</button></form>
    </dialog>`;
  }

  /** @param {string} kind @param {string} picture @param {string} style */
  kind(kind, picture, style) {
    return html`<button type="button" class=${style} data-testid="fault-${kind}" @click=${() => this.send(kind)}>${icon(picture)}<span>${t(`fault.${kind}`)}</span></button>`;
  }
}

customElements.define('incident-dialog', IncidentDialog);
