// Page `help.html`: the guide.

import {html, nothing} from '../vendor/lit.js';
import {me} from '../core/api.js';
import {icon, BaseElement, setTitle} from '../core/base.js';
import {languageButton} from '../core/top-bar.js';
import {t} from '../core/i18n.js';

/**
 * The sections of the guide, which other pages link to. Their texts are `guide.<section>` and `guide.<section>-text`.
 */
const SECTIONS = ['before', 'camera', 'microphone', 'component', 'host', 'register', 'site', 'vcs', 'centre', 'setup', 'trouble'];

/** Shows the guide for participants and for each role (Điều 11.4, 17.2.a), also before signing in. */
class HelpPage extends BaseElement {
  static properties = {user: {state: true}};

  constructor() {
    super();
    setTitle('guide.title');
    /** @type {SignedInUser | null} */
    this.user = null;
  }

  async firstUpdated() {
    document.querySelector(location.hash || 'help-page')?.scrollIntoView(); // the browser scrolled before the page was drawn
    if (localStorage.getItem('account')) this.user = await me().catch(() => null);
  }

  render() {
    return html`${this.user ? html`<top-bar .me=${this.user} current="help"></top-bar>` : nothing}
      <main class="guide">
        <div class="row between"><h1>${t('guide.title')}</h1>${this.user ? nothing : languageButton()}</div>
        <nav class="row wrap" aria-label=${t('guide.contents')}>${SECTIONS.map(id => html`<a class="button" href="#${id}" data-testid="to-${id}">${t(`guide.${id}`)}</a>`)}</nav>
        ${SECTIONS.map(id => this.section(id))}
        <p class="row wrap"><a class="button" href="check.html">${icon('camera')}<span>${t('check.title')}</span></a>
          ${this.user?.unit ? html`<a class="button" href="test-room.html">${icon('sound')}<span>${t('test-room.enter')}</span></a>` : nothing}
          ${this.user ? html`<a class="button" href="feedback.html">${icon('flag')}<span>${t('nav.feedback')}</span></a>` : nothing}</p>
      </main>`;
  }

  /** @param {string} id */
  section(id) {
    return html`<section class="card" id=${id} data-testid="guide" data-section=${id}>
      <h2>${t(`guide.${id}`)}</h2>
      <ul>${t(`guide.${id}-text`).split('\n').map(line => html`<li>${line}</li>`)}</ul>
    </section>`;
  }
}

customElements.define('help-page', HelpPage);
