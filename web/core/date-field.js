// Element `date-field`: a day, or a day and a time, as dd/MM/yyyy HH:mm in every browser, with a month to choose from.
// For all forms; a form holds its value as `2026-04-05` or `2026-04-05T08:30`.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, icon} from './base.js';
import {asWritten, monthAfter, parseDay, parseDayTime, separated, weeksOf} from './dates.js';
import {language, t} from './i18n.js';
import {openAt} from './popover.js';
import {toLocal} from './time.js';

const USUAL_TIME = '08:00';
const STEPS = /** @type {Record<string, number>} */ ({ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7});
const DAY_MS = 86_400_000;
let count = 0;

/** A text field for a day, with or without a time; fires `input` events like a field of its name. */
export class DateField extends BaseElement {
  static properties = {
    name: {}, label: {}, testid: {}, value: {attribute: false}, withTime: {type: Boolean, attribute: 'with-time'}, required: {type: Boolean},
    month: {state: true}, text: {state: true},
  };

  constructor() {
    super();
    this.name = '';
    this.label = '';
    /** The id of the text field, for its label. */
    this.field = `date-${(count += 1)}`;
    this.testid = '';
    this.value = '';
    this.withTime = false;
    this.required = false;
    /** What the field holds: its value, or '' while what was typed is none. */
    this.held = '';
    this.text = '';
    /** The month that is open, or ''. */
    this.month = '';
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has('value') && (this.value ?? '') !== this.held) this.show(this.value ?? '');
  }

  updated() {
    const bad = this.text.trim() && !this.held;
    this.input?.setCustomValidity(bad ? t(this.withTime ? 'date.bad-time' : 'date.bad') : '');
  }

  get input() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector('input[type=text]'));
  }

  /** @param {string} value */
  show(value) {
    this.held = value;
    this.text = asWritten(value);
  }

  /** @param {InputEvent} event */
  type(event) {
    event.stopPropagation();
    const input = /** @type {HTMLInputElement} */ (event.target);
    const growing = event.inputType?.startsWith('insert') && input.selectionStart === input.value.length;
    this.text = growing ? separated(input.value, this.withTime) : input.value;
    this.set((this.withTime ? parseDayTime : parseDay)(this.text.trim()));
  }

  /** Hold a value and tell it, as the field of this name. @param {string} value */
  set(value) {
    if (value === this.held) return;
    this.held = this.value = value;
    const hidden = /** @type {HTMLInputElement} */ (this.querySelector('input[type=hidden]'));
    hidden.value = value;
    hidden.dispatchEvent(new Event('input', {bubbles: true}));
    hidden.dispatchEvent(new Event('change', {bubbles: true}));
  }

  /** Write the value in full when the field is left. @param {Event} event */
  leave(event) {
    event.stopPropagation();
    if (this.held) this.text = asWritten(this.held);
  }

  /** Open the month of the value, or this month, below the field. */
  open() {
    this.month = (this.held || toLocal(Date.now())).slice(0, 7);
    const panel = /** @type {HTMLElement} */ (this.querySelector('.month'));
    this.updateComplete.then(() => {
      openAt(panel, /** @type {HTMLElement} */ (this.input));
      this.focusDay(this.held.slice(0, 10) || toLocal(Date.now()).slice(0, 10));
    });
  }

  /** @param {string} day */
  focusDay(day) {
    /** @type {HTMLElement | null} */ (this.querySelector(`[data-day="${day}"]`))?.focus();
  }

  /** @param {string} day */
  choose(day) {
    const value = this.withTime ? `${day}T${this.held.slice(11) || USUAL_TIME}` : day;
    this.text = asWritten(value);
    this.set(value);
    /** @type {HTMLElement} */ (this.querySelector('.month')).hidePopover();
    this.input?.focus();
  }

  /** Move by days with the arrow keys. @param {KeyboardEvent} event */
  async move(event) {
    const day = /** @type {HTMLElement} */ (event.target).dataset.day;
    if (!day || !STEPS[event.key]) return;
    event.preventDefault();
    const next = new Date(Date.parse(day) + STEPS[event.key] * DAY_MS).toISOString().slice(0, 10);
    this.month = next.slice(0, 7);
    await this.updateComplete;
    this.focusDay(next);
  }

  render() {
    return html`<label for=${this.field}>${this.label}</label>
    <span class="date">
      <input type="text" id=${this.field} data-testid=${this.testid || nothing} inputmode=${this.withTime ? 'text' : 'numeric'} autocomplete="off" maxlength="20"
        placeholder=${t(this.withTime ? 'date.shape-time' : 'date.shape')} ?required=${this.required} .value=${this.text} @input=${this.type} @change=${this.leave}>
      <input type="hidden" name=${this.name} .value=${this.held}>
      <button type="button" class="quiet icon-button" aria-label=${t('date.choose')} @click=${this.open}>${icon('calendar')}</button>
    </span>
    <div class="month" popover role="dialog" aria-label=${t('date.choose')} @keydown=${this.move}>${this.month ? this.grid(this.month) : nothing}</div>`;
  }

  /** @param {string} month */
  grid(month) {
    const name = new Intl.DateTimeFormat(language, {month: 'long', year: 'numeric', timeZone: 'UTC'}).format(Date.parse(`${month}-01`));
    const weekday = new Intl.DateTimeFormat(language, {weekday: 'narrow', timeZone: 'UTC'});
    const weeks = weeksOf(month);
    const turn = /** @param {number} by @param {string} label @param {string} picture */ (by, label, picture) =>
      html`<button type="button" class="quiet icon-button" aria-label=${t(label)} @click=${() => (this.month = monthAfter(month, by))}>${icon(picture)}</button>`;
    return html`<div class="row">${turn(-1, 'date.before', 'previous')}<strong aria-live="polite">${name}</strong>${turn(1, 'date.after', 'next')}</div>
      <table><thead><tr>${weeks[0].map(day => html`<th scope="col">${weekday.format(Date.parse(day))}</th>`)}</tr></thead>
        <tbody>${weeks.map(week => html`<tr>${week.map(day => html`<td>${this.dayButton(day, month)}</td>`)}</tr>`)}</tbody></table>`;
  }

  /** @param {string} day @param {string} month */
  dayButton(day, month) {
    const chosen = day === this.held.slice(0, 10);
    const today = day === toLocal(Date.now()).slice(0, 10);
    return html`<button type="button" class="quiet ${day.startsWith(month) ? '' : 'soft'}" data-day=${day} aria-pressed=${chosen} aria-current=${today ? 'date' : nothing}
      aria-label=${asWritten(day)} @click=${() => this.choose(day)}>${Number(day.slice(8))}</button>`;
  }
}

customElements.define('date-field', DateField);
