// Element `duty-list`: the people on duty for a session, on its readiness board.

import {html, nothing, repeat} from '../vendor/lit.js';
import {markArrived, assignDuty, recordLinkTest, relieveDuty} from '../core/api.js';
import {t} from '../core/i18n.js';
import {hourMinute} from '../core/time.js';
import {BaseElement, icon} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';

const ROLES = /** @type {const} */ (['main', 'backup', 'on_site', 'provider', 'point']);

/**
 * Lists who is on duty for a session and what is missing, and assigns people. Fires `change-board` with the request
 * to make, and the form that it is from.
 */
export class DutyList extends BaseElement {
  static properties = {board: {attribute: false}, role: {state: true}};

  constructor() {
    super();
    /** @type {ReadyBoard | null} */
    this.board = null;
    this.role = '';
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const form = formOf(event);
    const {role, unit, point, name, phone} = /** @type {any} */ (Object.fromEntries(new FormData(form)));
    const run = async () => {
      const changed = await assignDuty(this.board?.session.id ?? '', {role, unit: unit || null, point: point || null, name, phone});
      form.reset();
      return changed;
    };
    this.emit('change-board', {run, form});
  }

  render() {
    const {board} = this;
    if (!board) return nothing;
    const own = board.points.filter(row => row.own);
    const roles = ROLES.filter(role => board.may_assign || (role === 'point' && own.length));
    return html`<section class="card">
      <h2>${t('duty.title')}</h2>
      <ul class="marks">${board.marks.filter(({colour}) => colour !== 'green').map(mark => this.missing(board, mark))}</ul>
      ${board.duties.length ? nothing : html`<p class="soft">${t('duty.none')}</p>`}
      <ul class="duties">${repeat(board.duties, ({id}) => id, duty => this.row(board, duty))}</ul>
      ${roles.length ? this.form(board, roles) : nothing}
    </section>`;
  }

  /** @param {ReadyBoard} board @param {ReadyMark} mark */
  missing(board, {item, colour, word, value}) {
    const unit = board.units.find(({id}) => id === value)?.name ?? value;
    const test = item === 'link' && board.may_assign;
    return html`<li class="mark ${colour}" data-testid="duty-mark" data-item=${item}>${icon('warn')}<span>${t(`duty.${word}-${item}`, unit)}</span>
      ${test ? html`<button type="button" data-testid="link-ok" @click=${() => this.recordLinkTest(board)}>${t('duty.link-ok')}</button>` : nothing}</li>`;
  }

  /** Record that the link to the Government's system works. @param {ReadyBoard} board */
  recordLinkTest({session}) {
    this.emit('change-board', {run: () => recordLinkTest(session.id, {kind: session.kind, good: true, words: ''})});
  }

  /** @param {ReadyBoard} board @param {ReadyDuty} duty */
  row(board, duty) {
    const where = board.units.find(({id}) => id === duty.unit)?.name ?? board.points.find(({point}) => point === duty.point)?.label;
    return html`<li data-testid="duty-row" data-role=${duty.role}>
      <span><strong>${duty.name}</strong> · ${t(`duty.role-${duty.role}`)}${where ? ` · ${where}` : ''}<small><a class="button quiet icon-button" href="tel:${duty.phone}" aria-label=${t('duty.call', duty.name)}>${icon('phone')}</a> ${copyable(duty.phone)}</small></span>
      <span class="row wrap">
        ${duty.arrived
          ? html`<span class="light green" data-testid="duty-arrived">${t('duty.arrived', hourMinute(duty.arrived))}</span>`
          : duty.may_change
            ? html`<button type="button" data-testid="duty-arrive" @click=${() => this.emit('change-board', {run: () => markArrived(duty.id)})}>${icon('check')}<span>${t('duty.arrive')}</span></button>`
            : nothing}
        ${duty.may_change
          ? html`<button type="button" class="quiet" data-testid="duty-relieve" aria-label=${t('duty.relieve', duty.name)} @click=${() => this.emit('change-board', {run: () => relieveDuty(duty.id)})}>${icon('cross')}</button>`
          : nothing}
      </span>
    </li>`;
  }

  /** @param {ReadyBoard} board @param {readonly string[]} roles */
  form(board, roles) {
    const role = roles.includes(this.role) ? this.role : roles[0];
    const own = board.points.filter(row => row.own);
    return html`<details class="assign">
      <summary data-testid="duty-fold">${icon('plus')}<span>${t('duty.add')}</span></summary>
      <form class="row wrap" @submit=${this.submit}>${keptForm(`duty:${board.session.id}`)}
        <div class="field"><label for="duty-role">${t('duty.role')}</label>
          <select id="duty-role" name="role" data-testid="duty-role" @change=${(/** @type {any} */ event) => (this.role = event.target.value)}>
            ${roles.map(one => html`<option value=${one} ?selected=${one === role}>${t(`duty.role-${one}`)}</option>`)}
          </select></div>
        ${role === 'on_site' ? this.choice('unit', board.units.map(({id, name}) => ({id, name}))) : nothing}
        ${role === 'point' ? this.choice('point', own.map(({point, label}) => ({id: point, name: label}))) : nothing}
        <div class="field grow"><label for="duty-name">${t('duty.name')}</label>
          <input id="duty-name" name="name" data-testid="duty-name" maxlength="100" autocomplete="off" required></div>
        <div class="field"><label for="duty-phone">${t('duty.phone')}</label>
          <input id="duty-phone" name="phone" type="tel" data-testid="duty-phone" autocomplete="off" required></div>
        <button class="main" data-testid="duty-save">${t('duty.save')}</button>
      </form>
    </details>`;
  }

  /** @param {string} name @param {Named[]} options */
  choice(name, options) {
    return html`<div class="field"><label for="duty-${name}">${t(`duty.${name}`)}</label>
      <select id="duty-${name}" name=${name} data-testid="duty-${name}">${options.map(one => html`<option value=${one.id}>${one.name}</option>`)}</select></div>`;
  }
}

customElements.define('duty-list', DutyList);
