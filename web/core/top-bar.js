// Element `top-bar`: navigation, user and language, on every page outside a meeting.

import {html, nothing} from '../vendor/lit.js';
import {logout} from './api.js';
import {LANGUAGES, language, languageName, switchLanguage, t} from './i18n.js';
import {dropAll} from './kept-forms.js';
import {CLOSED_GROUPS, isCentral, homePage, navigationFor} from './nav.js';
import {THEMES, chooseTheme, chosenTheme} from './theme.js';
import {BaseElement, besidePages, icon} from './base.js';
import './emergency-bell.js';

/** Draw the button for the other language, written in that language for those who cannot read this one. */
export function languageButton() {
  const other = LANGUAGES.find(one => one !== language) ?? language;
  return html`<button type="button" class="quiet language" data-testid="language" lang=${other} @click=${() => switchLanguage(other)}>${languageName(other)}</button>`;
}

/** The bar and the navigation of every page outside a meeting: a rail beside wide pages, else behind a button. */
export class TopBar extends BaseElement {
  static properties = {me: {attribute: false}, current: {}, theme: {state: true}};

  constructor() {
    super();
    /** @type {SignedInUser | null} */
    this.me = null;
    this.current = '';
    this.theme = chosenTheme();
  }

  /** @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    const {me} = this;
    if (changed.has('me') && me) import('./reminder-timer.js').then(({startReminders}) => startReminders(me)); // not for the first page
  }

  async signOut() {
    localStorage.removeItem('account');
    localStorage.removeItem('reminders'); // the sessions that web/core/reminder-timer.js reminds of
    localStorage.removeItem('registration'); // the unfinished form of web/booking/register.js
    dropAll(sessionStorage); // what web/core/kept-form.js keeps
    await logout();
    location.assign(this.me?.kind === 'oidc' ? 'index.html?left' : 'index.html');
  }

  /** Name the content of the page, to which a link skips. */
  updated() {
    const main = document.querySelector('main');
    if (main) main.id ||= 'content';
  }

  /** @param {Event} event */
  setTheme(event) {
    this.theme = /** @type {HTMLInputElement} */ (event.target).value;
    chooseTheme(this.theme);
  }

  render() {
    const groups = navigationFor(this.me?.roles ?? []);
    return html`<header class="top-bar">
        <a class="skip" href="#content" @click=${skipToContent}>${t('nav.skip')}</a>
        ${this.me ? html`<button type="button" class="quiet icon-button rail-open" popovertarget="rail" aria-label=${t('nav.label')} data-testid="nav-open">${icon('menu')}</button>` : nothing}
        <a class="brand" aria-label=${t('app.name')} href=${homePage(this.me?.roles ?? [])}><img src=${besidePages('icon.svg')} alt="" width="32" height="32"><span>${t('app.name')}</span></a>
        ${isCentral(this.me) ? html`<emergency-bell></emergency-bell>` : nothing}
        ${this.me ? this.profile(this.me) : languageButton()}
      </header>
      ${this.me ? html`<nav id="rail" class="rail" popover aria-label=${t('nav.label')}>${groups.map(group => this.group(group))}</nav>` : nothing}`;
  }

  /** @param {SignedInUser} me */
  profile(me) {
    return html`<button type="button" class="quiet who" popovertarget="profile" data-testid="profile-menu">
        ${icon('user')}<span data-testid="me">${me.name}</span>${icon('chevron')}
      </button>
      <div id="profile" class="menu" popover>
        <p class="soft">${t('profile-menu.account', me.account)}</p>
        <a class="button quiet" href="account.html" data-testid="to-account">${icon('user')}<span>${t('account.title')}</span></a>
        <fieldset class="themes" @change=${this.setTheme}>
          <legend>${t('theme.title')}</legend>
          ${THEMES.map(
            each => html`<label class="option"><input type="radio" name="theme" value=${each} data-testid="theme-${each}" .checked=${each === this.theme}><span>${t(`theme.${each}`)}</span></label>`,
          )}
        </fieldset>
        ${languageButton()}
        <button type="button" class="quiet" data-testid="sign-out" @click=${this.signOut}>${icon('logout')}<span>${t('nav.sign-out')}</span></button>
      </div>`;
  }

  /** @param {{group: string, pages: import('./nav.js').PageLink[]}} group */
  group({group, pages}) {
    const open = pages.some(({page}) => page === this.current) || !CLOSED_GROUPS.includes(group);
    return html`<details ?open=${open}>
      <summary data-testid="nav-group-${group}"><span>${t(`nav.group-${group}`)}</span>${icon('chevron')}</summary>
      <ul>${pages.map(page => this.link(page))}</ul>
    </details>`;
  }

  /** @param {import('./nav.js').PageLink} page */
  link({page, picture}) {
    const current = page === this.current ? 'page' : nothing;
    return html`<li><a href="${page}.html" aria-current=${current} data-testid="nav-${page}">${icon(picture)}<span>${t(`nav.${page}`)}</span></a></li>`;
  }
}

/** Move the focus behind the navigation. @param {Event} event */
function skipToContent(event) {
  event.preventDefault();
  const main = document.querySelector('main');
  main?.setAttribute('tabindex', '-1');
  main?.focus();
}

customElements.define('top-bar', TopBar);
