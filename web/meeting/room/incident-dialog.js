// Element `incident-dialog`: reports an incident, in the room and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {FAULTS} from '../client/meeting-state.js';
import {errorMessage, guideLink, icon, BaseElement} from '../../core/base.js';

/**
 * Reports an incident by one tap on its kind (Điều 13.2.c); controllers may call the centre. `report` sends it and
 * returns the word of an error, or ''; until then the dialog stays open.
 */
export class IncidentDialog extends BaseElement {
  static properties = {mayCallCentre: {type: Boolean}, report: {attribute: false}, error: {state: true}, busy: {state: true}};

  constructor() {
    super();
    this.mayCallCentre = false;
    /** @type {(fault: {kind: string, text: string}) => Promise<string>} */
    this.report = async () => '';
    this.error = '';
    this.busy = false;
  }

  get dialog() {
    return /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog'));
  }

  open() {
    import('../../core/kept-form.js'); // few meetings need it
    this.error = '';
    this.dialog?.showModal();
  }

  /** @param {string} kind */
  async send(kind) {
    const form = /** @type {HTMLFormElement} */ (this.querySelector('form'));
    [this.busy, this.error] = [true, ''];
    const word = await this.report({kind, text: String(new FormData(form).get('text')).trim()});
    this.busy = false;
    if (word) this.error = t(`error.${word}`);
    else {
      form.reset();
      this.dialog?.close();
    }
  }

  render() {
    return html`<dialog class="faults" aria-labelledby="faults">
      <h2 id="faults">${t('fault.title')}</h2>
      <p>${t('fault.hint')}</p>
      ${errorMessage(this.error, 'fault-error')}
      <form @submit=${(/** @type {SubmitEvent} */ event) => event.preventDefault()}><kept-form name="incident"></kept-form>
        <label class="field"><span>${t('fault.text')}</span><input name="text" maxlength="500" data-testid="fault-text"></label>
      </form>
      <div class="kinds">${FAULTS.map(kind => this.kind(kind, 'warn', ''))} ${this.mayCallCentre ? this.kind('help', 'phone', 'danger solid') : nothing}</div>
      <form method="dialog" class="row end">${guideLink('trouble')}<button data-testid="fault-cancel">${t('app.close')}</button></form>
    </dialog>`;
  }

  /** @param {string} kind @param {string} picture @param {string} style */
  kind(kind, picture, style) {
    return html`<button type="button" class=${style} data-testid="fault-${kind}" ?disabled=${this.busy} @click=${() => this.send(kind)}>${icon(picture)}<span>${t(`fault.${kind}`)}</span></button>`;
  }
}

customElements.define('incident-dialog', IncidentDialog);
