import {html, nothing} from '../vendor/lit.js';
import {logout} from '../api.js';
import {LANGUAGES, language, speak, t} from '../i18n.js';
import {Piece, icon} from './base.js';

/** Pages everyone may open, in the order of the bar. @type {[string, string][]} */
const LINKS = [
  ['sessions', 'calendar'],
  ['register', 'plus'],
  ['recordings', 'play'],
  ['check', 'camera'],
];

/** One tap to the other language; written in that language, for those who cannot read this one. */
export function languageButton() {
  const other = LANGUAGES.find(one => one !== language) ?? language;
  const name = new Intl.DisplayNames(other, {type: 'language'}).of(other) ?? other;
  const written = name[0].toUpperCase() + name.slice(1);
  return html`<button type="button" class="quiet" data-testid="language" lang=${other} @click=${() => speak(other)}>${written}</button>`;
}

/** The bar over every page outside a meeting. */
export class TopBar extends Piece {
  static properties = {me: {attribute: false}, current: {}};

  constructor() {
    super();
    /** @type {Me | null} */
    this.me = null;
    this.current = '';
  }

  async leave() {
    localStorage.removeItem('account');
    await logout();
    location.assign('index.html');
  }

  render() {
    return html`<header class="top-bar">
      <a class="brand" href="sessions.html"><img src="icon.svg" alt="" width="36" height="36"><span>${t('app.name')}</span></a>
      <nav aria-label=${t('nav.label')}>${LINKS.map(([page, picture]) => this.link(page, picture))}</nav>
      <div class="who">
        ${this.me ? html`<span data-testid="me">${this.me.name}</span>` : nothing} ${languageButton()}
        <button type="button" class="quiet" data-testid="sign-out" @click=${this.leave}>${icon('logout')}<span>${t('nav.sign-out')}</span></button>
      </div>
    </header>`;
  }

  /** @param {string} page @param {string} picture */
  link(page, picture) {
    const current = page === this.current ? 'page' : nothing;
    return html`<a href="${page}.html" aria-current=${current} data-testid="nav-${page}">${icon(picture)}<span>${t(`nav.${page}`)}</span></a>`;
  }
}

customElements.define('top-bar', TopBar);
