// Element `personal-data`: what is on record of a unit's people, on the card of a point.

import {html, nothing} from '../vendor/lit.js';
import {postTo, personalData, personalDataUrl} from '../core/api.js';
import {t} from '../core/i18n.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';

/**
 * Exports the personal data of a unit's people and erases what is no longer needed (Nghị định 13/2023, Điều 14, 16).
 */
export class PersonalDataPanel extends RequestingElement {
  static properties = {unit: {}, people: {attribute: false}, record: {state: true}, confirming: {state: true}};

  constructor() {
    super();
    this.unit = '';
    /** The unit's people; the count is fetched again when they change. @type {RoomPerson[] | null} */
    this.people = null;
    /** @type {PersonalData | null} */
    this.record = null;
    this.confirming = false;
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if ((changed.has('unit') || changed.has('people')) && this.unit) this.fetchRecord(() => personalData(this.unit));
  }

  /** @param {() => Promise<PersonalData>} run */
  fetchRecord(run) {
    this.confirming = false;
    return this.attempt(async () => void (this.record = await run()));
  }

  erase() {
    this.fetchRecord(() => postTo(`directory/units/${encodeURIComponent(this.unit)}/personal/erase`));
  }

  render() {
    if (!this.record) return errorMessage(this.error);
    const {entries, erasable} = this.record;
    return html`<h3>${t('personal.title')}</h3>
      ${errorMessage(this.error)}
      <p data-testid="personal" data-entries=${entries} data-erasable=${erasable}>${t('personal.held', entries, erasable)}</p>
      ${this.confirming ? this.confirmation(erasable) : this.buttons(erasable)}`;
  }

  /** @param {number} erasable */
  buttons(erasable) {
    return html`<div class="row wrap">
      <a class="button quiet" href=${personalDataUrl(this.unit)} download data-testid="personal-export">${icon('download')}<span>${t('personal.export')}</span></a>
      ${erasable ? html`<button type="button" class="danger" data-testid="personal-erase" @click=${() => (this.confirming = true)}>${t('personal.erase')}</button>` : nothing}
    </div>`;
  }

  /** @param {number} erasable */
  confirmation(erasable) {
    return html`<p class="alert" role="alert">${t('personal.sure', erasable)}</p>
      <div class="row wrap">
        <button type="button" class="danger" data-testid="personal-sure" @click=${this.erase}>${t('personal.yes')}</button>
        <button type="button" class="quiet" @click=${() => (this.confirming = false)}>${t('personal.no')}</button>
      </div>`;
  }
}

customElements.define('personal-data', PersonalDataPanel);
