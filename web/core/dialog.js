// Element `choice-dialog` and the function `ask`: one question with its choices, for all pages.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement} from './base.js';
import {t} from './i18n.js';

/** @typedef {{value: string, label: string, tone?: 'main' | 'danger'}} Choice */
/** @typedef {{title: string, text?: unknown, choices: Choice[], cancel?: string, id?: string}} Question */

/** Asks one question in a modal dialog; the focus begins at the choice that changes nothing. */
export class ChoiceDialog extends BaseElement {
  static properties = {question: {attribute: false}};

  constructor() {
    super();
    /** @type {Question} */
    this.question = {title: '', choices: []};
    /** @type {(value: string | null) => void} */
    this.answered = () => {};
  }

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector('dialog'));
  }

  firstUpdated() {
    this.dialog.showModal();
  }

  closed() {
    this.answered(this.dialog.returnValue || null);
    this.remove();
  }

  render() {
    const {title, text, choices, cancel = t('dialog.cancel'), id = 'ask'} = this.question;
    return html`<dialog aria-labelledby="ask-title" aria-describedby=${text ? 'ask-text' : nothing} data-testid=${id} @close=${this.closed}>
      <h2 id="ask-title">${title}</h2>
      ${text ? html`<div id="ask-text">${text}</div>` : nothing}
      <form method="dialog" class="choices">
        <button value="" autofocus data-testid="${id}-cancel">${cancel}</button>
        ${choices.map(({value, label, tone}) => html`<button value=${value} class=${tone === 'danger' ? 'danger solid' : (tone ?? '')} data-testid="${id}-${value}">${label}</button>`)}
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
