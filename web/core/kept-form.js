// Element `kept-form`: stands in a form, keeps in the tab what is typed there until it is sent, and fills it in again
// after a reload or a lost session. For all pages.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, icon} from './base.js';
import {t} from './i18n.js';
import {KeptForms, keptName, keptPage} from './kept-forms.js';

/** A field may appear only when another one is filled in: so often is looked for those that are left. */
const MAX_ROUNDS = 5;

/** The forms of this page, of the account that opened it. */
export const keptForms = new KeptForms(sessionStorage, localStorage.getItem('account') ?? '', keptPage(location));

const nextTask = () => new Promise(resolve => setTimeout(resolve));

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

/** @param {Field} field */
const valueOf = field => (field.type === 'checkbox' ? /** @type {HTMLInputElement} */ (field).checked : field.value);

/** Fill in a field as its user would. @param {Field} field @param {string | boolean} value */
function fill(field, value) {
  const date = /** @type {import('./date-field.js').DateField | null} */ (field.closest('date-field'));
  if (date) {
    date.set(String(value));
    date.show(String(value));
    return;
  }
  if (field.type === 'radio') /** @type {HTMLInputElement} */ (field).checked = field.value === value;
  else if (field.type === 'checkbox') /** @type {HTMLInputElement} */ (field).checked = Boolean(value);
  else field.value = String(value);
  for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true}));
}

/** Keeps the fields of the form around it that were changed, under a name that is unique on the page. */
export class KeptForm extends BaseElement {
  static properties = {name: {}, restored: {state: true}};

  constructor() {
    super();
    this.name = '';
    /** Whether something was filled in again, which the user may undo. */
    this.restored = false;
    /** What was changed, by the names of the fields. @type {Record<string, string | boolean>} */
    this.typed = {};
    /** What the fields held before they were filled in again. @type {Record<string, string | boolean>} */
    this.original = {};
    /** @type {HTMLFormElement | null} */
    this.form = null;
    this.note = this.note.bind(this);
    this.drop = this.drop.bind(this);
  }

  connectedCallback() {
    super.connectedCallback();
    this.form = this.closest('form');
    for (const kind of ['input', 'change']) this.form?.addEventListener(kind, this.note);
    this.form?.addEventListener('reset', this.drop);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const kind of ['input', 'change']) this.form?.removeEventListener(kind, this.note);
    this.form?.removeEventListener('reset', this.drop);
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (!changed.has('name')) return;
    [this.typed, this.original, this.restored] = [{}, {}, false];
    this.restore();
  }

  /** The fields of the form that may be kept, by name; of radio buttons the chosen one or the first. @returns {Map<string, Field[]>} */
  get fields() {
    /** @type {Map<string, Field[]>} */
    const found = new Map();
    for (const each of this.form?.elements ?? []) {
      const field = /** @type {Field} */ (each);
      const name = keptName(field);
      if (name) found.set(name, [...(found.get(name) ?? []), field]);
    }
    return found;
  }

  /** Keep a field that was changed. @param {Event} event */
  note({target}) {
    const field = /** @type {Field} */ (target);
    const name = keptName(field);
    if (!name || field.form !== this.form) return;
    this.typed = {...this.typed, [name]: valueOf(field)};
    keptForms.keep(this.name, this.typed);
  }

  /** Fill in what is kept, once the form is drawn. */
  async restore() {
    const {name} = this;
    const left = {...keptForms.kept(name)};
    for (let round = 0; Object.keys(left).length && round < MAX_ROUNDS; round += 1) {
      await nextTask();
      if (name !== this.name || !this.isConnected) return;
      for (const [each, fields] of this.fields) {
        if (!(each in left)) continue;
        const value = left[each];
        delete left[each];
        const [field] = fields[0].type === 'radio' ? fields.filter(one => one.value === value) : fields;
        if (!field || (field.type === 'radio' ? /** @type {HTMLInputElement} */ (field).checked : valueOf(field) === value)) continue;
        if (field.type !== 'radio') this.original[each] = valueOf(field);
        fill(field, value);
        this.restored = true;
      }
    }
    if (!this.restored) return;
    for (let fold = this.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null) fold.open = true;
  }

  /** Put back what the fields held, and drop what was kept. */
  undo() {
    for (const [name, [field]] of this.fields) if (name in this.original) fill(field, this.original[name]);
    this.drop();
  }

  /** Drop what is kept: the form was sent. */
  drop() {
    [this.typed, this.original, this.restored] = [{}, {}, false];
    keptForms.drop(this.name);
  }

  render() {
    return this.restored
      ? html`<span class="soft" role="status" data-testid="kept-form">${icon('undo')} ${t('kept.restored')}</span>
        <button type="button" class="quiet" data-testid="kept-undo" @click=${this.undo}>${t('kept.undo')}</button>`
      : nothing;
  }
}

customElements.define('kept-form', KeptForm);

/** Keep what is typed into the form around this, under a name that no other form of the page has. @param {string} name */
export const keptForm = name => html`<kept-form name=${name}></kept-form>`;
