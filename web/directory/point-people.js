// Element `point-people`: the people who run the rooms of a point's unit, on its card.

import {html, nothing} from '../vendor/lit.js';
import {postTo, people} from '../core/api.js';
import {t} from '../core/i18n.js';
import {day} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {field, formOf, formValues} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import {loadingState} from '../core/states.js';
import './personal-data.js';

/** Lists the people who run the rooms of a point's unit, and adds or replaces them. */
export class PointPeople extends RequestingElement {
  static properties = {point: {attribute: false}, central: {attribute: false}, me: {attribute: false}, units: {attribute: false}, list: {state: true}, form: {state: true}};

  constructor() {
    super();
    /** @type {TreePoint | null} */
    this.point = null;
    this.central = false;
    /** @type {SignedInUser | null} */
    this.me = null;
    /** @type {TreeUnit[]} */
    this.units = [];
    /** @type {RoomPerson[] | null} */
    this.list = null;
    /** The id of the person that the form replaces, `new` for nobody, '' for no form. */
    this.form = '';
  }

  /** Return whether the user may edit: the operating unit, the unit itself, and the one above it (Điều 19.3). */
  get mayEdit() {
    const parent = this.units.find(({id}) => id === this.point?.unit)?.parent;
    const own = this.me?.unit?.id;
    return this.central || (Boolean(this.me?.roles.includes('registrant')) && Boolean(own) && [this.point?.unit, parent].includes(own));
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has('point') && this.point) this.load();
  }

  async load() {
    const unit = this.point?.unit ?? '';
    await this.refresh(async () => {
      const found = await people(unit);
      if (unit === this.point?.unit) this.list = found;
    });
  }

  /** @param {SubmitEvent} event */
  save(event) {
    const {trained, valid_from, ...rest} = formValues(event);
    const replaces = this.form === 'new' ? null : this.form;
    const body = {...rest, point: this.point?.id, trained: trained || null, valid_from: valid_from || null, replaces};
    this.send(`directory/units/${encodeURIComponent(this.point?.unit ?? '')}/people`, body, formOf(event));
  }

  /** @param {string} path @param {object} [body] @param {HTMLFormElement | null} [form] */
  async send(path, body = {}, form = null) {
    await this.attempt(async () => {
      await postTo(path, body);
      this.form = '';
      await this.load();
    }, form);
  }

  render() {
    if (!this.list) return html`${errorMessage(this.error)}${loadingState()}`;
    const serving = this.list.filter(person => person.serving);
    return html`${errorMessage(this.error)}
      ${serving.length ? html`<ul class="plain">${serving.map(person => this.person(person))}</ul>` : html`<p class="empty">${t('people.none')}</p>`}
      ${this.mayEdit ? this.buttons() : nothing} ${this.form ? this.personForm() : nothing}
      ${this.mayEdit && this.point ? html`<personal-data .unit=${this.point.unit} .people=${this.list}></personal-data>` : nothing}`;
  }

  buttons() {
    return html`<div class="row wrap">
      <button type="button" class="quiet" data-testid="add-person" @click=${() => (this.form = 'new')}>${icon('plus')}<span>${t('people.add')}</span></button>
      ${this.list?.length
        ? html`<button type="button" class="quiet" data-testid="confirm-people" @click=${() => this.send(`directory/units/${encodeURIComponent(this.point?.unit ?? '')}/people/confirm`)}>${icon('check')}<span>${t('people.confirm')}</span></button>`
        : nothing}
    </div>`;
  }

  /** @param {RoomPerson} person */
  person({id, name, role, phone, email, trained, untrained, valid_from, account}) {
    const facts = [t(`people.${role}`), phone, email, t('people.since', day(valid_from)), account, trained && t('people.trained-on', day(trained))];
    return html`<li data-testid="person" class="row between"><span><strong>${name}</strong> · ${facts.filter(Boolean).join(' · ')}
      ${untrained ? html`<span class="badge lobby">${t('people.untrained')}</span>` : nothing}</span>
      ${this.mayEdit ? html`<button type="button" class="quiet" data-testid="replace" @click=${() => (this.form = id)}>${t('people.replace')}</button>` : nothing}</li>`;
  }

  personForm() {
    const old = this.list?.find(({id}) => id === this.form);
    return html`<form @submit=${this.save}>${keptForm(`person:${this.form}:${this.point?.id}`)}
      ${old ? html`<p>${t('people.replaces', old.name)}</p>` : nothing}
      <div class="pair">
        ${field({name: 'name', label: 'people.name', required: true})} ${field({name: 'phone', label: 'people.phone', type: 'tel', required: true, max: 32})}
        ${field({name: 'email', label: 'people.email', type: 'email'})}
        ${field({name: 'role', label: 'people.role', options: [['technician', t('people.technician')], ['manager', t('people.manager')], ['head', t('people.head')]]})}
        ${field({name: 'valid_from', label: 'people.from', type: 'date'})} ${field({name: 'trained', label: 'people.trained', type: 'date'})}
      </div>
      <div class="row end"><button class="main" data-testid="save-person">${t('directory.save')}</button></div>
    </form>`;
  }
}

customElements.define('point-people', PointPeople);
