import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {FAULTS} from '../client/meeting-state.js';
import {guide, icon, Piece} from '../../core/base.js';

/** "Báo sự cố": one tap on what is wrong sends it (Điều 13.2.c); who controls may call the centre. Acts `report` with kind and text. */
export class FaultDialog extends Piece {
  static properties = {leads: {type: Boolean}};

  constructor() {
    super();
    this.leads = false;
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
    this.act('report', {kind, text: field.value.trim()});
  }

  render() {
    return html`<dialog class="faults" aria-labelledby="faults">
      <h2 id="faults">${t('fault.title')}</h2>
      <p>${t('fault.hint')}</p>
      <label class="field"><span>${t('fault.text')}</span><input maxlength="500" data-testid="fault-text"></label>
      <div class="kinds">${FAULTS.map(kind => this.kind(kind, 'warn', ''))} ${this.leads ? this.kind('help', 'phone', 'danger solid') : nothing}</div>
      <form method="dialog" class="row end">${guide('trouble')}<button data-testid="fault-cancel">${t('app.close')}</button></form>
    </dialog>`;
  }

  /** @param {string} kind @param {string} picture @param {string} style */
  kind(kind, picture, style) {
    return html`<button type="button" class=${style} data-testid="fault-${kind}" @click=${() => this.send(kind)}>${icon(picture)}<span>${t(`fault.${kind}`)}</span></button>`;
  }
}

customElements.define('fault-dialog', FaultDialog);
