// Form fields and the values of a submitted form, for all pages.

import {html, nothing} from '../vendor/lit.js';
import './date-field.js';
import {t} from './i18n.js';

/**
 * @typedef {{name: string, label: string, value?: string | number | null, type?: string, required?: boolean, max?: number, hint?: string, options?: [string, string][]}} FieldOf
 */

/**
 * Draw a labelled field; `label` is an i18n key. The label holds its input, so that forms of one page may use the
 * same names. `hint` is read in it while it is empty; no browser fills in a password of its own.
 * @param {FieldOf} field
 */
export function field({name, label, value = '', type = 'text', required = false, max = 200, hint = '', options}) {
  if (type === 'date') return dateField({name, label: t(label), value: String(value ?? ''), testid: `f-${name}`, required});
  const input = options
    ? html`<select name=${name} data-testid="f-${name}">${options.map(([key, text]) => html`<option value=${key} ?selected=${key === (value ?? '')}>${text}</option>`)}</select>`
    : html`<input name=${name} type=${type} data-testid="f-${name}" maxlength=${max} placeholder=${hint || nothing}
      autocomplete=${type === 'password' ? 'new-password' : nothing} ?required=${required} .value=${String(value ?? '')}>`;
  return html`<label class="field">${t(label)} ${input}</label>`;
}

/**
 * Draw a labelled field for a day, or for a day and a time; `label` is what is read.
 * @param {{name: string, label: string, value?: string, testid?: string, required?: boolean, withTime?: boolean}} options
 */
export const dateField = ({name, label, value = '', testid = name, required = false, withTime = false}) =>
  html`<date-field class="field" name=${name} label=${label} testid=${testid} .value=${value} ?required=${required} ?with-time=${withTime}></date-field>`;

/** Draw a labelled checkbox. @param {{name: string, label: string, checked?: boolean}} options */
export const checkbox = ({name, label, checked = false}) =>
  html`<label class="option"><input type="checkbox" name=${name} data-testid="f-${name}" .checked=${checked}><span>${t(label)}</span></label>`;

/** Search again, for everything, once a search field is emptied: by its button or by keys. @param {Event} event */
export function searchWhenEmptied({target}) {
  const {value, form} = /** @type {HTMLInputElement} */ (target);
  if (!value) form?.requestSubmit();
}

/** Return the form that is submitted. @param {SubmitEvent} event */
export const formOf = event => /** @type {HTMLFormElement} */ (event.currentTarget);

/**
 * Prevent the submission of a form and return its values, trimmed.
 * @param {SubmitEvent} event
 * @returns {Record<string, string>}
 */
export function formValues(event) {
  event.preventDefault();
  return Object.fromEntries([...new FormData(formOf(event))].map(([name, value]) => [name, String(value).trim()]));
}
