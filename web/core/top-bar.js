// Element `top-bar`: navigation, user and language, on every page outside a meeting.

import {html, nothing} from '../vendor/lit.js';
import {logout} from './api.js';
import {LANGUAGES, language, switchLanguage, t} from './i18n.js';
import {isCentral, homePage, navigationFor} from './nav.js';
import {BaseElement, icon} from './base.js';
import './emergency-bell.js';

/** Draw the button for the other language, written in that language for those who cannot read this one. */
export function languageButton() {
  const other = LANGUAGES.find(one => one !== language) ?? language;
  const name = new Intl.DisplayNames(other, {type: 'language'}).of(other) ?? other;
  const written = name[0].toUpperCase() + name.slice(1);
  return html`<button type="button" class="quiet" data-testid="language" lang=${other} @click=${() => switchLanguage(other)}>${written}</button>`;
}

/** The navigation bar of every page outside a meeting. */
export class TopBar extends BaseElement {
  static properties = {me: {attribute: false}, current: {}};

  constructor() {
    super();
    /** @type {SignedInUser | null} */
    this.me = null;
    this.current = '';
  }

  async signOut() {
    localStorage.removeItem('account');
    localStorage.removeItem('registration'); // the unfinished form of web/booking/register.js
    await logout();
    location.assign('index.html');
  }

  /** Close the menu when the focus leaves it. @param {FocusEvent} event */
  closeWhenLeft(event) {
    const fold = /** @type {HTMLDetailsElement} */ (event.currentTarget);
    if (!fold.contains(/** @type {Node | null} */ (event.relatedTarget))) fold.open = false;
  }

  /** @param {KeyboardEvent} event */
  closeOnEscape(event) {
    const fold = /** @type {HTMLDetailsElement} */ (event.currentTarget);
    if (event.key !== 'Escape' || !fold.open) return;
    fold.open = false;
    fold.querySelector('summary')?.focus();
  }

  render() {
    const {bar, fold} = navigationFor(this.me?.roles ?? []);
    return html`<header class="top-bar">
      <a class="brand" href=${homePage(this.me?.roles ?? [])}><img src="icon.svg" alt="" width="36" height="36"><span>${t('app.name')}</span></a>
      <nav aria-label=${t('nav.label')}>${bar.map(page => this.link(page))} ${fold.length ? this.moreMenu(fold) : nothing}</nav>
      ${isCentral(this.me) ? html`<emergency-bell></emergency-bell>` : nothing}
      <div class="who">
        ${this.me ? html`<span data-testid="me">${this.me.name}</span>` : nothing} ${languageButton()}
        <button type="button" class="quiet" data-testid="sign-out" @click=${this.signOut}>${icon('logout')}<span>${t('nav.sign-out')}</span></button>
      </div>
    </header>`;
  }

  /** @param {{page: string, picture: string}[]} pages */
  moreMenu(pages) {
    const current = pages.some(({page}) => page === this.current);
    return html`<details class="fold" @focusout=${this.closeWhenLeft} @keydown=${this.closeOnEscape}>
      <summary data-testid="nav-fold" aria-current=${current ? 'true' : nothing}>${icon('list')}<span>${t('nav.fold')}</span></summary>
      <div class="menu">${pages.map(page => this.link(page))}</div>
    </details>`;
  }

  /** @param {{page: string, picture: string}} page */
  link({page, picture}) {
    const current = page === this.current ? 'page' : nothing;
    return html`<a href="${page}.html" aria-current=${current} data-testid="nav-${page}">${icon(picture)}<span>${t(`nav.${page}`)}</span></a>`;
  }
}

customElements.define('top-bar', TopBar);
