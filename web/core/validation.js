// Our own messages for faulty fields of every form, in place of the browser's bubbles, and those of the server: at the
// field, and in a summary when there are several. Whatever page imports base.js has it.

import {t} from './i18n.js';
import {faultOf} from './validation-words.js';

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */
/** @typedef {[Field, string]} Fault a field and what is wrong with it */
/** @typedef {{field: string, detail: string}} FieldFault */

let count = 0;
/** The fields found faulty by the check that is running. @type {Field[]} */
let found = [];

/** @param {Field} field */
function message(field) {
  const fault = faultOf(/** @type {HTMLInputElement} */ (field));
  return fault ? t(...fault) : field.validationMessage;
}

/** Return the words of a field's label, without those of fields inside it. @param {Field} field */
function labelOf(field) {
  const group = field.type === 'radio' ? field.closest('[role=radiogroup]')?.getAttribute('aria-labelledby') : null;
  const label = group ? document.getElementById(group) : field.labels?.[0];
  const copy = /** @type {HTMLElement | undefined} */ (label?.cloneNode(true));
  for (const inner of copy?.querySelectorAll('input, select, textarea, button, small, .fault') ?? []) inner.remove();
  return copy?.textContent?.trim() || field.getAttribute('aria-label') || field.name;
}

/** Return the element under which the message of a field stands. @param {Field} field */
function place(field) {
  if (field.type === 'radio') return field.closest('[role=radiogroup] > *') ?? field.closest('.option') ?? field;
  return field.closest(field.type === 'checkbox' ? '.option' : '.date') ?? field;
}

/** Show a message under a field, and return it. @param {Field} field @param {string} text */
function mark(field, text) {
  clear(field);
  const fault = document.createElement('span');
  fault.className = 'fault';
  fault.id = `fault-${(count += 1)}`;
  fault.textContent = text;
  fault.dataset.before = field.getAttribute('aria-describedby') ?? '';
  place(field).insertAdjacentElement('afterend', fault);
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', `${fault.dataset.before} ${fault.id}`.trim());
  return fault;
}

/** Remove the message of a field. @param {Field} field */
function clear(field) {
  if (field.getAttribute('aria-invalid') !== 'true') return;
  const fault = place(field).parentElement?.querySelector(`.fault#${field.getAttribute('aria-describedby')?.split(' ').at(-1)}`);
  const before = fault instanceof HTMLElement ? fault.dataset.before : '';
  fault?.remove();
  field.removeAttribute('aria-invalid');
  if (before) field.setAttribute('aria-describedby', before);
  else field.removeAttribute('aria-describedby');
}

/** @param {HTMLFormElement} form */
const summaryOf = form => form.querySelector(':scope > .summary');

/** List the faulty fields at the top of their form, each with a link to it. @param {HTMLFormElement} form @param {Fault[]} faults */
function summarize(form, faults) {
  const box = document.createElement('div');
  box.className = 'alert block summary';
  box.tabIndex = -1;
  box.setAttribute('role', 'alert');
  box.dataset.testid = 'fault-summary';
  const title = document.createElement('strong');
  title.textContent = t('fault.several', faults.length);
  const list = document.createElement('ul');
  for (const [field, text] of faults) {
    const link = document.createElement('button');
    link.type = 'button';
    link.className = 'quiet';
    link.textContent = `${labelOf(field)}: ${text}`;
    link.addEventListener('click', () => field.focus());
    list.appendChild(document.createElement('li')).append(link);
  }
  box.append(title, list);
  form.prepend(box);
  box.focus();
  box.scrollIntoView({block: 'nearest'});
}

/** Show faults of one form at their fields; several also in a summary, which gets the focus. @param {Fault[]} faults */
function show(faults) {
  const [first] = faults[0];
  const {form} = first;
  const [message] = faults.map(([field, text]) => mark(field, text));
  for (const [field] of faults) {
    const fold = field.closest('details');
    if (fold) fold.open = true;
  }
  if (form) summaryOf(form)?.remove();
  if (form && faults.length > 1) return summarize(form, faults);
  first.focus();
  message.scrollIntoView({block: 'nearest'}); // the focus brings only the field into view
}

/** Show what the check found, when all fields of the form were checked. */
function showFound() {
  const faults = found.map(field => /** @type {Fault} */ ([field, message(field)]));
  found = [];
  show(faults);
}

/** Return the field that people see: a field of a day shows another one than the one that holds its value. @param {Field} field */
const seen = field => (field.type === 'hidden' ? /** @type {Field | null} */ (field.parentElement?.querySelector('input:not([type=hidden])')) ?? field : field);

/**
 * Show what the server, or the page, finds wrong at the fields that it names; return what names no field of the form.
 * @param {HTMLFormElement} form
 * @param {FieldFault[]} faults
 * @param {(named: string) => string} [nameOf] returns the form's name of a field of the request
 */
export function showFaults(form, faults, nameOf = named => named) {
  /** @type {Fault[]} */
  const known = [];
  const rest = [];
  for (const fault of faults) {
    const item = form.elements.namedItem(nameOf(fault.field));
    const field = /** @type {Field | null} */ (item instanceof RadioNodeList ? item[0] : item);
    if (field) known.push([seen(field), fault.detail]);
    else rest.push(fault);
  }
  if (known.length) show(known);
  return rest;
}

addEventListener(
  'invalid',
  event => {
    event.preventDefault();
    const field = /** @type {Field} */ (event.target);
    if (field.type === 'radio' && found.some(({type, name}) => type === 'radio' && name === field.name)) return;
    if (!found.length) setTimeout(showFound); // after the events of all other fields
    found.push(field);
  },
  true,
);
addEventListener(
  'input',
  event => {
    const field = /** @type {Field} */ (event.target);
    if (!('form' in field)) return;
    const group = field.type === 'radio' && field.form ? [...field.form.elements].filter(each => 'name' in each && each.name === field.name) : [field];
    for (const each of group) if (/** @type {Field} */ (each).validity?.valid) clear(seen(/** @type {Field} */ (each)));
  },
  true,
);
addEventListener(
  'submit',
  event => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    summaryOf(form)?.remove();
    for (const field of form.elements) clear(/** @type {Field} */ (field)); // what the server found before
  },
  true,
);
