// What every element and page shares: drawn into the page itself (one stylesheet, labels reach their fields), icons, and redirects.

import {LitElement, html, nothing} from '../vendor/lit.js';
import {Refusal, me, told} from './api.js';
import {t} from './i18n.js';

export class Piece extends LitElement {
  createRenderRoot() {
    return this;
  }

  /** Tell the parent that something was done. @param {string} verb @param {any} [detail] */
  act(verb, detail) {
    this.dispatchEvent(new CustomEvent(verb, {detail, bubbles: true}));
  }
}

/** A piece that calls the server; a failure is shown in words. */
export class Caller extends Piece {
  /** @type {Record<string, object>} */
  static properties = {error: {state: true}};

  constructor() {
    super();
    this.error = '';
    /** What a refresh told last. */
    this.outage = '';
  }

  /** Run a call; tell whether it went well. @param {() => Promise<unknown>} run */
  async attempt(run) {
    this.error = '';
    try {
      await run();
      return true;
    } catch (failure) {
      this.failed(failure);
      return false;
    }
  }

  /** Look again, unasked: what was told of something that a person did stays. @param {() => Promise<unknown>} run */
  async refresh(run) {
    try {
      await run();
      if (this.error === this.outage) this.error = '';
      this.outage = '';
    } catch (failure) {
      this.failed(failure);
      this.outage = this.error;
    }
  }

  /** @param {unknown} failure */
  failed(failure) {
    this.error = told(failure);
  }
}

/** Do something again and again while an element is in the page, never twice at once. @param {LitElement} element @param {number} ms @param {() => unknown} run */
export function every(element, ms, run) {
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

/** @param {string} name an id of icons.svg @param {string} [kind] an extra class */
export const icon = (name, kind = '') =>
  html`<svg class="icon ${kind}" aria-hidden="true"><use href="icons.svg#${name}"></use></svg>`;

/** To a section of the guide, beside where it is needed. @param {string} section */
export const guide = section => html`<a class="button quiet" href="help.html#${section}" target="_blank" data-testid="to-guide">${icon('help')}<span>${t('guide.open')}</span></a>`;

/** A loud line for what went wrong; nothing when nothing did. @param {string} text @param {string} [id] the data-testid */
export const alertLine = (text, id = 'error') =>
  text ? html`<p class="alert" role="alert" data-testid=${id}>${icon('warn')}<span>${text}</span></p>` : nothing;

/** A page for signed-in people: fetches `me` before its first drawing and sends strangers to sign in. */
export class Page extends Caller {
  /** @type {Record<string, object>} */
  static properties = {me: {state: true}, loading: {state: true}};

  constructor() {
    super();
    /** @type {Me | null} */
    this.me = null;
    this.loading = true;
  }

  connectedCallback() {
    super.connectedCallback();
    this.begin();
  }

  async begin() {
    await this.refresh(async () => {
      this.me = await me();
      await this.load();
    });
    this.loading = false;
  }

  /** A dialog that was drawn, which a page keeps last and only while it asks something, is opened. */
  updated() {
    /** @type {HTMLDialogElement | null} */ (this.querySelector(':scope > dialog:not([open])'))?.showModal();
  }

  /** What a page fetches; its own. @returns {Promise<void>} */
  async load() {}

  /** @param {unknown} failure */
  failed(failure) {
    if (failure instanceof Refusal && (failure.status === 401 || failure.word === 'must-change-password')) signIn();
    super.failed(failure);
  }
}

/** Go to the sign-in page and come back here afterwards. */
export function signIn() {
  localStorage.removeItem('account');
  const here = location.pathname.split('/').pop() + location.search;
  location.replace(`index.html?next=${encodeURIComponent(here)}`);
}

/** @param {string} key */
export function title(key) {
  document.title = `${t(key)} – ${t('app.name')}`;
}
