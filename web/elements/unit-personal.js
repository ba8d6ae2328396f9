import {html, nothing} from '../vendor/lit.js';
import {act, personalData, personalFile, told} from '../api.js';
import {t} from '../i18n.js';
import {alertLine, icon, Piece} from './base.js';

/** What is on record of a unit's people: fetched, and what is not needed any more erased (Nghị định 13/2023, Điều 14, 16). */
export class UnitPersonal extends Piece {
  static properties = {unit: {}, people: {attribute: false}, held: {state: true}, asking: {state: true}, error: {state: true}};

  constructor() {
    super();
    this.unit = '';
    /** Counted anew when these change. @type {RoomPerson[] | null} */
    this.people = null;
    /** @type {PersonalData | null} */
    this.held = null;
    this.asking = false;
    this.error = '';
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if ((changed.has('unit') || changed.has('people')) && this.unit) this.run(() => personalData(this.unit));
  }

  /** @param {() => Promise<PersonalData>} call */
  async run(call) {
    [this.error, this.asking] = ['', false];
    try {
      this.held = await call();
    } catch (failure) {
      this.error = told(failure);
    }
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
      <div class="row wrap">
        <a class="button quiet" href=${personalFile(this.unit)} download data-testid="personal-export">${icon('download')}<span>${t('personal.export')}</span></a>
        ${erasable
          ? html`<button type="button" class="danger" data-testid="personal-erase" @click=${() => (this.asking = true)}>${t('personal.erase')}</button>`
          : nothing}
      </div>
      ${this.asking
        ? html`<p class="alert" role="alert">${t('personal.sure', erasable)}</p>
            <div class="row wrap"><button type="button" class="danger" data-testid="personal-sure" @click=${this.erase}>${t('personal.yes')}</button>
              <button type="button" class="quiet" @click=${() => (this.asking = false)}>${t('personal.no')}</button></div>`
        : nothing}`;
  }
}

customElements.define('unit-personal', UnitPersonal);
