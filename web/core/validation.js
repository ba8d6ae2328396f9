// Our own messages for faulty fields of every form, in place of the browser's bubbles: at the field, and in a summary
// when there are several. Whatever page imports base.js has it.

import {t} from './i18n.js';
import {faultOf} from './validation-words.js';

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

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

/** @param {Field} field @param {string} text */
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

/** List the faulty fields at the top of their form, each with a link to it. @param {HTMLFormElement} form @param {Field[]} fields */
function summarize(form, fields) {
  const box = document.createElement('div');
  box.className = 'alert block summary';
  box.tabIndex = -1;
  box.setAttribute('role', 'alert');
  box.dataset.testid = 'fault-summary';
  const title = document.createElement('strong');
  title.textContent = t('fault.several', fields.length);
  const list = document.createElement('ul');
  for (const field of fields) {
    const link = document.createElement('button');
    link.type = 'button';
    link.className = 'quiet';
    link.textContent = `${labelOf(field)}: ${message(field)}`;
    link.addEventListener('click', () => field.focus());
    list.appendChild(document.createElement('li')).append(link);
  }
  box.append(title, list);
  form.prepend(box);
  box.focus();
  box.scrollIntoView({block: 'nearest'});
}

/** Show what the check found, when all fields of the form were checked. */
function show() {
  const fields = found;
  found = [];
  const form = fields[0].form;
  for (const field of fields) {
    mark(field, message(field));
    const fold = field.closest('details');
    if (fold) fold.open = true;
  }
  if (form) summaryOf(form)?.remove();
  if (form && fields.length > 1) summarize(form, fields);
  else fields[0].focus();
}

addEventListener(
  'invalid',
  event => {
    event.preventDefault();
    const field = /** @type {Field} */ (event.target);
    if (field.type === 'radio' && found.some(({type, name}) => type === 'radio' && name === field.name)) return;
    if (!found.length) setTimeout(show); // after the events of all other fields
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
    for (const each of group) if (/** @type {Field} */ (each).validity?.valid) clear(/** @type {Field} */ (each));
  },
  true,
);
addEventListener('submit', event => summaryOf(/** @type {HTMLFormElement} */ (event.target))?.remove(), true);
