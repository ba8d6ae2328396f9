import {html, nothing} from '../vendor/lit.js';
import {me} from '../core/api.js';
import {icon, Piece, title} from '../core/base.js';
import {languageButton} from '../core/top-bar.js';
import {t} from '../core/i18n.js';

/** What other pages link to, in the order of the page. The words of each are `guide.<section>` and, line by line, `guide.<section>-text`. */
const SECTIONS = ['before', 'camera', 'microphone', 'component', 'host', 'register', 'site', 'vcs', 'centre', 'trouble'];

/** How to sit, speak and meet, and what each role does (Điều 11.4, 17.2.a); readable before anybody signs in. */
class HelpPage extends Piece {
  static properties = {me: {state: true}};

  constructor() {
    super();
    title('guide.title');
    /** @type {Me | null} */
    this.me = null;
  }

  async firstUpdated() {
    document.querySelector(location.hash || 'help-page')?.scrollIntoView(); // the browser looked before we had drawn
    if (localStorage.getItem('account')) this.me = await me().catch(() => null);
  }

  render() {
    return html`${this.me ? html`<top-bar .me=${this.me} current="help"></top-bar>` : nothing}
      <main class="guide">
        <div class="row between"><h1>${t('guide.title')}</h1>${this.me ? nothing : languageButton()}</div>
        <nav class="row wrap" aria-label=${t('guide.contents')}>${SECTIONS.map(id => html`<a class="button" href="#${id}" data-testid="to-${id}">${t(`guide.${id}`)}</a>`)}</nav>
        ${SECTIONS.map(id => this.section(id))}
        <p class="row wrap"><a class="button" href="check.html">${icon('camera')}<span>${t('check.title')}</span></a>
          ${this.me?.unit ? html`<a class="button" href="test-room.html">${icon('sound')}<span>${t('test-room.enter')}</span></a>` : nothing}
          ${this.me ? html`<a class="button" href="feedback.html">${icon('flag')}<span>${t('nav.feedback')}</span></a>` : nothing}</p>
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
