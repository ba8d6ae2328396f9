// Element `more-menu`: a button ⋯ that opens a menu of the less frequent commands, in the console.

import {html, nothing} from '../../vendor/lit.js';
import {BaseElement, icon} from '../../core/base.js';

const EDGE_PX = 8; // between the menu and the edge of the window
let menus = 0;

/** A button that opens what `content` draws in a popover beside it; it is drawn only while it is open. */
export class MoreMenu extends BaseElement {
  static properties = {label: {}, picture: {}, content: {attribute: false}, testid: {}, open: {state: true}};

  constructor() {
    super();
    /** What a screen reader says of the button. */
    this.label = '';
    this.picture = 'more';
    /** @type {() => unknown} */
    this.content = () => nothing;
    /** The data-testid of the button. */
    this.testid = 'more';
    this.open = false;
    this.menu = `menu-${(menus += 1)}`;
  }

  render() {
    return html`<button type="button" class="more" data-testid=${this.testid} popovertarget=${this.menu} aria-label=${this.label} title=${this.label}>${icon(this.picture)}</button>
      <div class="popover" id=${this.menu} popover @toggle=${this.onToggle} @click=${this.onClick}>${this.open ? this.content() : nothing}</div>`;
  }

  /** @param {ToggleEvent} event */
  async onToggle({newState}) {
    this.open = newState === 'open';
    if (!this.open) return;
    await this.updateComplete;
    this.put();
  }

  /** Close after a command; one with `data-stays` may be given again. @param {Event} event */
  onClick({target}) {
    const command = target instanceof Element && target.closest('button');
    if (command && !command.hasAttribute('data-stays')) this.close();
  }

  close() {
    /** @type {HTMLElement | null} */ (this.querySelector('[popover]'))?.hidePopover();
  }

  /** Put the menu under its button, or over it where there is no room, inside the window. */
  put() {
    const menu = /** @type {HTMLElement} */ (this.querySelector('[popover]'));
    const button = /** @type {HTMLElement} */ (this.querySelector('button')).getBoundingClientRect();
    const {offsetWidth: width, offsetHeight: height} = menu;
    const below = button.bottom + height + EDGE_PX < window.innerHeight;
    const left = Math.min(button.right - width, window.innerWidth - width - EDGE_PX);
    menu.style.left = `${Math.max(EDGE_PX, left)}px`;
    menu.style.top = `${Math.max(EDGE_PX, below ? button.bottom + 2 : button.top - height - 2)}px`;
  }
}

customElements.define('more-menu', MoreMenu);
