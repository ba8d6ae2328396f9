// Form fields and the values of a submitted form, for the pages of the directory and of access lines.

import {html} from '../vendor/lit.js';
import {t} from './i18n.js';

/**
 * @typedef {{name: string, label: string, value?: string | number | null, type?: string, required?: boolean, max?: number, options?: [string, string][]}} FieldOf
 */

/**
 * Draw a labelled field; `label` is an i18n key. The label holds its input, so that forms of one page may use the
 * same names.
 * @param {FieldOf} field
 */
export function field({name, label, value = '', type = 'text', required = false, max = 200, options}) {
  const input = options
    ? html`<select name=${name} data-testid="f-${name}">${options.map(([key, text]) => html`<option value=${key} ?selected=${key === (value ?? '')}>${text}</option>`)}</select>`
    : html`<input name=${name} type=${type} data-testid="f-${name}" maxlength=${max} ?required=${required} .value=${String(value ?? '')}>`;
  return html`<label class="field">${t(label)} ${input}</label>`;
}

/** Draw a labelled checkbox. @param {{name: string, label: string, checked?: boolean}} options */
export const checkbox = ({name, label, checked = false}) =>
  html`<label class="option"><input type="checkbox" name=${name} data-testid="f-${name}" .checked=${checked}><span>${t(label)}</span></label>`;

/**
 * Prevent the submission of a form and return its values, trimmed.
 * @param {SubmitEvent} event
 * @returns {Record<string, string>}
 */
export function formValues(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
}
