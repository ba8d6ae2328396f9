import {html, nothing} from '../vendor/lit.js';
import {act, personalData, personalFile} from '../core/api.js';
import {t} from '../core/i18n.js';
import {alertLine, Caller, icon} from '../core/base.js';

/** What is on record of a unit's people: fetched, and what is not needed any more erased (Nghị định 13/2023, Điều 14, 16). */
export class UnitPersonal extends Caller {
  static properties = {unit: {}, people: {attribute: false}, held: {state: true}, asking: {state: true}};

  constructor() {
    super();
    this.unit = '';
    /** Counted anew when these change. @type {RoomPerson[] | null} */
    this.people = null;
    /** @type {PersonalData | null} */
    this.held = null;
    this.asking = false;
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if ((changed.has('unit') || changed.has('people')) && this.unit) this.run(() => personalData(this.unit));
  }

  /** @param {() => Promise<PersonalData>} call */
  run(call) {
    this.asking = false;
    return this.attempt(async () => void (this.held = await call()));
  }

  erase() {
    this.run(() => act(`directory/units/${encodeURIComponent(this.unit)}/personal/erase`));
  }

  render() {
    if (!this.held) return alertLine(this.error);
    const {entries, erasable} = this.held;
    return html`<h3>${t('personal.title')}</h3>
      ${alertLine(this.error)}
      <p data-testid="personal" data-entries=${entries} data-erasable=${erasable}>${t('personal.held', entries, erasable)}</p>
      ${this.asking ? this.question(erasable) : this.buttons(erasable)}`;
  }

  /** @param {number} erasable */
  buttons(erasable) {
    return html`<div class="row wrap">
      <a class="button quiet" href=${personalFile(this.unit)} download data-testid="personal-export">${icon('download')}<span>${t('personal.export')}</span></a>
      ${erasable ? html`<button type="button" class="danger" data-testid="personal-erase" @click=${() => (this.asking = true)}>${t('personal.erase')}</button>` : nothing}
    </div>`;
  }

  /** @param {number} erasable */
  question(erasable) {
    return html`<p class="alert" role="alert">${t('personal.sure', erasable)}</p>
      <div class="row wrap">
        <button type="button" class="danger" data-testid="personal-sure" @click=${this.erase}>${t('personal.yes')}</button>
        <button type="button" class="quiet" @click=${() => (this.asking = false)}>${t('personal.no')}</button>
      </div>`;
  }
}

customElements.define('unit-personal', UnitPersonal);
