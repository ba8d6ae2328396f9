// Element `class-field`: the class of a meeting in the register form.

import {html, nothing} from '../vendor/lit.js';
import {t} from '../core/i18n.js';
import {sortedChoices} from './registration.js';
import {day, fromLocal, hourMinute, isPast} from '../core/time.js';
import {BaseElement, icon} from '../core/base.js';
import {EMERGENCY, ORDINARY, SUDDEN} from '../core/values.js';

/** Classes from the most frequent to the rarest. */
const CLASSES = [ORDINARY, SUDDEN, EMERGENCY];

/** @param {string} at */
const moment = at => `${hourMinute(at)} ${day(at)}`;

/**
 * Asks for the class of a meeting and its ground, and shows the deadlines that follow. Its inputs belong to the form
 * around it.
 */
export class ClassField extends BaseElement {
  static properties = {fields: {attribute: false}, rules: {attribute: false}, deadlines: {attribute: false}};

  constructor() {
    super();
    /** @type {Record<string, string>} */
    this.fields = {};
    /** @type {Rules | null} */
    this.rules = null;
    /** @type {Deadlines | null} */
    this.deadlines = null;
  }

  /** Return whether the rehearsal comes less than a working day after receipt (reading A12). */
  get rehearsalTooSoon() {
    const rehearsal = fromLocal(this.fields['rehearsal-start'] ?? '');
    return Boolean(this.deadlines && rehearsal && rehearsal < this.deadlines.rehearsal);
  }

  render() {
    if (!this.rules) return nothing;
    const chosen = this.rules.classes[this.fields.class];
    return html`<fieldset>
      <legend>${t('register.class')}</legend>
      <div class="row wrap classes">${CLASSES.map(id => this.choice(id, this.rules?.classes[id].name ?? id))}</div>
      ${Object.keys(chosen.grounds).length ? this.grounds(chosen.grounds) : nothing} ${chosen.needs_reason ? this.reason(chosen) : nothing}
      <p class="mark amber" role="status" data-testid="rehearsal-soon">${this.rehearsalTooSoon ? html`${icon('warn')}<span>${t('register.rehearsal-soon')}</span>` : nothing}</p>
      <p class="soft deadlines" role="status" data-testid="deadlines">${this.deadlines ? this.deadlineText(this.deadlines) : nothing}</p>
    </fieldset>`;
  }

  /** @param {string} id @param {string} name */
  choice(id, name) {
    return html`<label class="option"><input type="radio" name="class" value=${id} data-testid="class-${id}" .checked=${this.fields.class === id}><span>${name}</span></label>`;
  }

  /** @param {Record<string, string>} grounds */
  grounds(grounds) {
    return html`<div class="field">
      <label for="ground">${t('register.ground')}</label>
      <select id="ground" name="ground" data-testid="ground" required .value=${this.fields.ground}>
        <option value="">${t('register.choose')}</option>
        ${sortedChoices(grounds).map(([id, name]) => html`<option value=${id} ?selected=${id === this.fields.ground}>${name}</option>`)}
      </select>
    </div>`;
  }

  /** @param {ClassRules} chosen */
  reason({grounds}) {
    return html`<div class="field">
      <label for="reason">${t(Object.keys(grounds).length ? 'register.directive' : 'register.reason')}</label>
      <input id="reason" name="reason" data-testid="reason" maxlength="200" required .value=${this.fields.reason}>
    </div>`;
  }

  /** @param {Deadlines} due */
  deadlineText({late, latest, effective, reply, check, provisional}) {
    if (late && latest) return html`<strong class="bad">${icon('warn')} ${t('register.late', moment(latest), moment(effective))}</strong>`;
    return html`${icon('clock')} ${latest ? t('register.latest', moment(latest), moment(effective)) : t('register.any-time')}
      ${isPast(check, Math.max(Date.parse(effective), Date.now())) ? t('register.due-now', moment(reply)) : t('register.due', moment(reply), moment(check))} ${provisional ? t('register.provisional') : nothing}`;
  }
}

customElements.define('class-field', ClassField);
