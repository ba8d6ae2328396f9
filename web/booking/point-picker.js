// Element `point-picker`: the choice of component points, in the register form and in the details of a session.

import {html, nothing, repeat} from '../vendor/lit.js';
import {busyByPoint, pointGroups} from './point-choice.js';
import {collator, t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {hourMinute} from '../core/time.js';
import {BaseElement, icon} from '../core/base.js';
import {clearButton, emptyState} from '../core/states.js';

/** Picks component points by search and by group. Fires `pick` with the new set of point ids. */
export class PointPicker extends BaseElement {
  static properties = {points: {attribute: false}, units: {attribute: false}, chosen: {attribute: false}, busy: {attribute: false}, host: {}, text: {state: true}};

  constructor() {
    super();
    /** @type {Point[]} */
    this.points = [];
    /** @type {Unit[]} */
    this.units = [];
    /** @type {Set<string>} */
    this.chosen = new Set();
    /** Other sessions that points have at the chosen time (I-04). @type {BusyPoint[]} */
    this.busy = [];
    /** The host point, which takes part anyway and cannot be picked. */
    this.host = '';
    this.text = '';
  }

  /** @param {string[]} ids @param {boolean} add */
  pick(ids, add) {
    const next = new Set(this.chosen);
    for (const id of ids) {
      if (add && id !== this.host) next.add(id);
      else next.delete(id);
    }
    this.emit('pick', next);
  }

  get matchingPoints() {
    const wanted = foldText(this.text.trim());
    const matches = this.points.filter(({id, name, label}) => id !== this.host && (foldText(name).includes(wanted) || foldText(label).includes(wanted)));
    return matches.sort((a, b) => collator.compare(a.label, b.label));
  }

  render() {
    const found = this.matchingPoints;
    const taken = busyByPoint(this.busy);
    const both = [...this.chosen, this.host].filter(id => taken.has(id)).length;
    return html`<fieldset class="picker">
      <legend>${t('register.points')} <span class="badge">${t('register.chosen', this.chosen.size)}</span></legend>
      ${this.groupRow()}
      <p class="mark amber" role="status" data-testid="taken">${both ? html`${icon('warn')}<span>${t('register.taken', both)}</span>` : nothing}</p>
      <div class="field search">
        <label for="points-search">${t('register.search')}</label>
        <input id="points-search" type="search" data-testid="points-search" autocomplete="off" .value=${this.text}
          @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
      </div>
      <ul class="options" tabindex="0" aria-label=${t('register.points')}>
        ${repeat(found, ({id}) => id, point => this.option(point, taken.get(point.id) ?? []))}
      </ul>
      ${found.length ? nothing : emptyState({title: t('register.no-point'), action: clearButton(() => (this.text = '')), testid: 'points-none', slim: true})}
    </fieldset>`;
  }

  groupRow() {
    const all = pointGroups(this.points, this.units);
    return html`<div class="row wrap groups">
      <span>${t('register.whole')}</span>
      ${all.filter(({unit}) => !unit).map(({id, level, points}) => this.groupButton(id, t(`level.${level}`), points))}
      <select data-testid="points-group" aria-label=${t('register.group-unit')} @change=${this.pickUnit}>
        <option value="">${t('register.group-unit')}</option>
        ${all.filter(({unit}) => unit).map(({id, unit, points}) => html`<option value=${id}>${unit?.name} (${points.length})</option>`)}
      </select>
      ${this.chosen.size
        ? html`<button type="button" class="quiet" data-testid="points-clear" @click=${() => this.emit('pick', new Set())}>${icon('cross')}<span>${t('register.clear')}</span></button>`
        : nothing}
    </div>`;
  }

  /**
   * Draw a group as a toggle, pressed when all its points are chosen.
   * @param {string} id
   * @param {string} name
   * @param {string[]} points
   */
  groupButton(id, name, points) {
    const full = points.every(point => point === this.host || this.chosen.has(point));
    return html`<button type="button" class="chip" data-testid="points-level" data-group=${id} aria-pressed=${full} @click=${() => this.pick(points, !full)}>
      ${icon(full ? 'check' : 'plus')}<span>${name} (${points.length})</span>
    </button>`;
  }

  /** @param {Event} event */
  pickUnit(event) {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    const group = pointGroups(this.points, this.units).find(({id}) => id === select.value);
    if (group) this.pick(group.points, true);
    select.value = '';
  }

  /** @param {Point} point @param {BusyPoint[]} taken */
  option(point, taken) {
    return html`<li>
      <label class="option" data-testid="point-option" data-point=${point.id}>
        <input type="checkbox" .checked=${this.chosen.has(point.id)} @change=${(/** @type {any} */ event) => this.pick([point.id], event.target.checked)}>
        <span>${point.label}<small>${point.name} · ${t('register.devices', point.devices)}</small>
          ${taken.map(
            ({start, end, title}) => html`<small class="mark amber" data-testid="busy">${icon('warn')}${hourMinute(start)}–${hourMinute(end)} · ${title ?? t('register.busy')}</small>`,
          )}</span>
      </label>
    </li>`;
  }
}

customElements.define('point-picker', PointPicker);
