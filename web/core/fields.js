// Fields of forms: a label over its input, and what a sent form holds.

import {html} from '../vendor/lit.js';
import {t} from './i18n.js';

/**
 * @typedef {{name: string, label: string, value?: string | number | null, type?: string, required?: boolean, max?: number, options?: [string, string][]}} FieldOf
 */

/** One field; `label` is a key. It holds its input, so that forms of one page may have the same names. @param {FieldOf} field */
export function field({name, label, value = '', type = 'text', required = false, max = 200, options}) {
  const input = options
    ? html`<select name=${name} data-testid="f-${name}">${options.map(([key, text]) => html`<option value=${key} ?selected=${key === (value ?? '')}>${text}</option>`)}</select>`
    : html`<input name=${name} type=${type} data-testid="f-${name}" maxlength=${max} ?required=${required} .value=${String(value ?? '')}>`;
  return html`<label class="field">${t(label)} ${input}</label>`;
}

/** A box to tick. @param {{name: string, label: string, checked?: boolean}} box */
export const box = ({name, label, checked = false}) =>
  html`<label class="option"><input type="checkbox" name=${name} data-testid="f-${name}" .checked=${checked}><span>${t(label)}</span></label>`;

/** What a form holds, trimmed. @param {SubmitEvent} event @returns {Record<string, string>} */
export function sent(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
}
