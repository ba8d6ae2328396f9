// Element `people-per-point`: how many people each point expects, in the register form.

import {html} from '../vendor/lit.js';
import {t} from '../core/i18n.js';
import {PEOPLE_PREFIX, countPeople} from './registration.js';
import {BaseElement} from '../core/base.js';

/**
 * Asks how many people are expected at each point of a registration (Điều 13.1). Its fields belong to the form around
 * it.
 */
export class PeoplePerPoint extends BaseElement {
  static properties = {points: {attribute: false}, fields: {attribute: false}};

  constructor() {
    super();
    /** The host point and those chosen. @type {Point[]} */
    this.points = [];
    /** @type {Record<string, string>} */
    this.fields = {};
  }

  render() {
    const [points, people] = countPeople(this.fields, this.points.map(({id}) => id));
    return html`<details class="counts">
      <summary data-testid="people-fold">${t('register.people-at', points, this.points.length, people)}</summary>
      <ul class="options">${this.points.map(
        ({id, label, name}) => html`<li class="row between">
          <label for="people-${id}">${label}<small class="soft"> ${name}</small></label>
          <input id="people-${id}" name=${PEOPLE_PREFIX + id} type="number" min="1" inputmode="numeric" data-testid="people-at" data-point=${id} .value=${this.fields[PEOPLE_PREFIX + id] ?? ''}>
        </li>`,
      )}</ul>
    </details>`;
  }
}

customElements.define('people-per-point', PeoplePerPoint);
