// Element `choice-dialog` and the functions `ask` and `askText`: one question with its choices, or for a line of text, for
// all pages.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, errorMessage} from './base.js';
import {t} from './i18n.js';

/** @typedef {{value: string, label: string, tone?: 'main' | 'danger'}} Choice */
/** @typedef {{title: string, text?: unknown, choices: Choice[], cancel?: string, id?: string, field?: {label: string, value?: string, max: number, send: (text: string) => Promise<string>}}} Question */

/**
 * Asks one question in a modal dialog; the focus begins at the choice that changes nothing, or in its field. With a field
 * it stays open until `send`, which returns what went wrong or '', has sent the text, and what is typed is kept as long.
 */
export class ChoiceDialog extends BaseElement {
  static properties = {question: {attribute: false}, fault: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** @type {Question} */
    this.question = {title: '', choices: []};
    /** What went wrong when the text was sent. */
    this.fault = '';
    this.busy = false;
    /** @type {(value: string | null) => void} */
    this.answered = () => {};
  }

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector('dialog'));
  }

  firstUpdated() {
    if (this.question.field) import('./kept-form.js'); // few questions need it
    this.dialog.showModal();
  }

  get input() {
    return /** @type {HTMLInputElement} */ (this.querySelector('input'));
  }

  closed() {
    this.answered(this.dialog.returnValue || null);
    this.remove();
  }

  /** Keep a text of blanks from being the answer, and close only when what is to be sent was. @param {SubmitEvent} event */
  async submitted(event) {
    const {field} = this.question;
    if (!field) return;
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) {
      this.input.value = '';
      this.input.reportValidity();
    } else if (!this.busy) {
      [this.busy, this.fault] = [true, ''];
      this.fault = await field.send(text);
      this.busy = false;
      if (this.fault) return;
      /** @type {import('./kept-form.js').KeptForm | null} */ (this.querySelector('kept-form'))?.drop();
      this.dialog.close('send');
    }
  }

  render() {
    const {title, text, choices, cancel = t('dialog.cancel'), id = 'ask', field} = this.question;
    return html`<dialog aria-labelledby="ask-title" aria-describedby=${text ? 'ask-text' : nothing} data-testid=${id} @close=${this.closed}>
      <h2 id="ask-title">${title}</h2>
      ${text ? html`<div id="ask-text">${text}</div>` : nothing}
      <form method="dialog" class="choices" @submit=${this.submitted}>
        ${field ? html`<kept-form name="${id}:${title}"></kept-form>
          <label class="field">${field.label} <input name="text" required autofocus maxlength=${field.max} aria-describedby="ask-fault" data-testid="${id}-text" .value=${field.value ?? ''}></label>
          <div id="ask-fault" class="field">${errorMessage(this.fault, 'dialog-error')}</div>` : nothing}
        <button type="button" ?autofocus=${!field} data-testid="${id}-cancel" @click=${() => this.dialog.close('')}>${cancel}</button>
        ${choices.map(({value, label, tone}) => html`<button value=${value} class=${tone === 'danger' ? 'danger solid' : (tone ?? '')} data-testid="${id}-${value}" ?disabled=${this.busy}>${label}</button>`)}
      </form>
    </dialog>`;
  }
}

customElements.define('choice-dialog', ChoiceDialog);

/**
 * Ask a question and return the chosen value; null when the user changed nothing. The focus returns to what had it.
 * @param {Question} question
 * @returns {Promise<string | null>}
 */
export function ask(question) {
  const element = /** @type {ChoiceDialog} */ (document.createElement('choice-dialog'));
  element.question = question;
  document.body.append(element);
  return new Promise(resolve => (element.answered = resolve));
}

/**
 * Ask for a line of text and send it; `send` returns what went wrong, or ''.
 * @param {{title: string, text?: string, label: string, value?: string, max: number, submit: string, danger?: boolean, id: string, send: (text: string) => Promise<string>}} question
 */
export const askText = ({title, text, label, value, max, submit, danger = false, id, send}) =>
  ask({id, title, text, field: {label, value, max, send}, choices: [{value: 'send', label: submit, tone: danger ? 'danger' : 'main'}]});
