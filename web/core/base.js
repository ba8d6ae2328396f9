// Base classes of all elements and pages, and the small templates that they share. Elements draw into the page
// itself, without shadow DOM: one stylesheet applies, and labels reach their fields.

import {LitElement, html, nothing} from '../vendor/lit.js';
import {ProblemError, me, errorText} from './api.js';
import {keepFocus} from './focus-keeper.js';
import {asksNow, idleSeconds, watchUse} from './idle.js';
import {t} from './i18n.js';
import {homePage} from './nav.js';
import {showFaults} from './validation.js';

/** Problems of who must do something on the sign-in page before anything else. */
const MUST_FIRST = ['must-change-password', 'must-enrol'];

/** Interval of looks at whether the page is still used. */
const IDLE_LOOK_MS = 30_000;

/** An element without shadow DOM. */
export class BaseElement extends LitElement {
  createRenderRoot() {
    return this;
  }

  /** Fire a bubbling event for the elements around this one. @param {string} name @param {any} [detail] */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, {detail, bubbles: true}));
  }
}

/** An element that sends requests to the server and shows their errors. */
export class RequestingElement extends BaseElement {
  /** @type {Record<string, object>} */
  static properties = {error: {state: true}};

  constructor() {
    super();
    this.error = '';
    /** The error of the last refresh. */
    this.refreshError = '';
  }

  /**
   * Run a request and return whether it succeeded; an error is shown. With a form, what the server finds wrong with its
   * fields is shown there, and what a `kept-form` keeps of it is dropped once it was sent; a run that returned false
   * sent nothing. `nameOf` returns the form's name of a field of the request.
   * @param {() => Promise<unknown>} run
   * @param {HTMLFormElement | null} [form]
   * @param {(named: string) => string} [nameOf]
   */
  async attempt(run, form = null, nameOf) {
    this.error = '';
    try {
      const sent = await run();
      if (sent !== false) /** @type {import('./kept-form.js').KeptForm | null | undefined} */ (form?.querySelector('kept-form'))?.drop();
      return true;
    } catch (failure) {
      const faults = form && failure instanceof ProblemError ? failure.problem.errors ?? [] : [];
      if (form && faults.length) this.error = showFaults(form, faults, nameOf).map(({detail}) => detail).join(' · ');
      else this.onFailure(failure);
      this.showError();
      return false;
    }
  }

  /** Bring the error of a user's own action into view: the form may be far below it. */
  async showError() {
    await this.updateComplete;
    const shown = [...this.querySelectorAll('p.alert[role=alert]')].find(({textContent}) => this.error && textContent?.includes(this.error));
    shown?.scrollIntoView({block: 'nearest'});
  }

  /**
   * Run a periodic request: its error is shown until it succeeds; the error of a user's own action stays.
   * @param {() => Promise<unknown>} run
   */
  async refresh(run) {
    try {
      await run();
      if (this.error === this.refreshError) this.error = '';
      this.refreshError = '';
    } catch (failure) {
      this.onFailure(failure);
      this.refreshError = this.error;
    }
  }

  /** Show why a request failed; a page leads to the sign-in page. @param {unknown} failure */
  onFailure(failure) {
    this.error = errorText(failure);
    if (failure instanceof ProblemError && (failure.status === 401 || MUST_FIRST.includes(failure.word))) this.emit('signed-out');
  }
}

/**
 * Run a function periodically while an element is in the page, never twice at once.
 * @param {LitElement} element
 * @param {number} ms
 * @param {() => unknown} run
 */
export function repeatWhileConnected(element, ms, run) {
  let [timer, busy] = [0, false];
  const again = async () => {
    if (busy) return;
    busy = true;
    try {
      await run();
    } finally {
      busy = false;
    }
  };
  element.addController({
    hostConnected: () => (timer = window.setInterval(again, ms)),
    hostDisconnected: () => window.clearInterval(timer),
  });
}

/** Return the address of a file that stands beside the pages, in the version of this script. @param {string} name */
export const besidePages = name => new URL(`../${name}`, import.meta.url).href;

const ICONS = besidePages('icons.svg');

/** Draw an icon. @param {string} name an id of icons.svg @param {string} [kind] an extra class */
export const icon = (name, kind = '') =>
  html`<svg class="icon ${kind}" aria-hidden="true"><use href=${`${ICONS}#${name}`}></use></svg>`;

/** Draw a link to a section of the guide. @param {string} section */
export const guideLink = section => html`<a class="button quiet" href="help.html#${section}" target="_blank" data-testid="to-guide">${icon('help')}<span>${t('guide.open')}</span></a>`;

/** Draw an error message, or nothing for an empty text. @param {string} text @param {string} [id] the data-testid */
export const errorMessage = (text, id = 'error') =>
  text ? html`<p class="alert" role="alert" data-testid=${id}>${icon('warn')}<span>${text}</span></p>` : nothing;

/** A page for signed-in users: fetches `me` before its first drawing, and sends others to the sign-in page. */
export class Page extends RequestingElement {
  /** @type {Record<string, object>} */
  static properties = {me: {state: true}, loading: {state: true}};

  constructor() {
    super();
    /** @type {SignedInUser | null} */
    this.me = null;
    this.loading = true;
    this.addEventListener('signed-out', goToSignIn);
    repeatWhileConnected(this, IDLE_LOOK_MS, async () => {
      if (asksNow(idleSeconds(localStorage, Date.now()), this.me?.idle_minutes)) await this.refresh(() => me());
    });
  }

  connectedCallback() {
    super.connectedCallback();
    keepFocus();
    watchUse();
    this.begin();
  }

  async begin() {
    await this.refresh(async () => {
      this.me = await me();
      if (this.mayOpen()) await this.load();
      else this.render = this.denied;
    });
    this.loading = false;
  }

  /** Return whether the user has a right to this page; the server decides about each request all the same. */
  mayOpen() {
    return true;
  }

  /** Draw where to go instead of a page that the user has no right to. */
  denied() {
    const administration = this.me?.administration;
    const here = location.pathname.split('/').pop() ?? '';
    return html`<top-bar .me=${this.me}></top-bar>
      <main><div class="empty" role="alert" data-testid="denied">${icon('lock')}
        <h1>${t('state.denied')}</h1><p>${t('state.denied-text', this.me?.account ?? '')}</p>
        ${administration ? html`<p>${t('state.administration')} <a href=${administration + here} data-testid="administration">${administration}</a></p>` : nothing}
        <a class="button main" href=${homePage(this.me?.roles ?? [])}>${icon('home')}<span>${t('state.home')}</span></a>
      </div></main>`;
  }

  /** Open the dialog that was drawn; pages draw one as their last child only while it is needed. */
  updated() {
    /** @type {HTMLDialogElement | null} */ (this.querySelector(':scope > dialog:not([open])'))?.showModal();
  }

  /** Fetch what the page shows; each page overrides it. @returns {Promise<void>} */
  async load() {}

  /** @param {unknown} failure */
  onFailure(failure) {
    if (this.loading && failure instanceof ProblemError && failure.status === 403 && !MUST_FIRST.includes(failure.word)) this.render = this.denied;
    super.onFailure(failure);
  }
}

/** Go to the sign-in page and come back here afterwards. */
export function goToSignIn() {
  localStorage.removeItem('account');
  localStorage.removeItem('reminders');
  const here = location.pathname.split('/').pop() + location.search;
  location.replace(`index.html?next=${encodeURIComponent(here)}`);
}

/** Set the title of the page. @param {string} key */
export function setTitle(key) {
  document.title = `${t(key)} – ${t('app.name')}`;
}
