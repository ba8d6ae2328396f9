// Element `action-menu`: rarer actions of a row behind one button. For all pages.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, icon} from './base.js';
import {openAt} from './popover.js';

/** @typedef {{label: string, picture: string, testid: string, run: () => unknown, danger?: boolean}} MenuAction */

/** A button with a menu; `label` says whose actions they are, or `words` stand on the button itself. */
export class ActionMenu extends BaseElement {
  static properties = {label: {}, words: {}, actions: {attribute: false}};

  constructor() {
    super();
    this.label = '';
    this.words = '';
    /** @type {MenuAction[]} */
    this.actions = [];
  }

  get panel() {
    return /** @type {HTMLElement} */ (this.querySelector('.menu'));
  }

  /** @param {Event} event */
  toggle(event) {
    if (this.panel.matches(':popover-open')) return this.panel.hidePopover();
    openAt(this.panel, /** @type {HTMLElement} */ (event.currentTarget), 'end');
    this.panel.querySelector('button')?.focus();
  }

  /** @param {MenuAction} action */
  run(action) {
    this.panel.hidePopover();
    action.run();
  }

  /** Move between the actions with the arrow keys. @param {KeyboardEvent} event */
  move(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.panel.querySelectorAll('button')];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    buttons.at((at + step) % buttons.length)?.focus();
  }

  render() {
    const {words} = this;
    return html`<button type="button" class=${words ? 'tool' : 'quiet icon-button'} aria-label=${words ? nothing : this.label} aria-haspopup="true" data-testid="more" @click=${this.toggle}>${icon('more')}${words ? html`<span>${words}</span>` : nothing}</button>
      <div class="menu" popover @keydown=${this.move}>${this.actions.map(
        action => html`<button type="button" class="quiet ${action.danger ? 'danger' : ''}" data-testid=${action.testid} @click=${() => this.run(action)}>${icon(action.picture)}<span>${action.label}</span></button>`,
      )}</div>`;
  }
}

customElements.define('action-menu', ActionMenu);
