// Element `setup-list`: what a fresh installation still lacks, for administrators, on today.html.

import {html, nothing} from '../vendor/lit.js';
import {BaseElement, icon} from '../core/base.js';
import {t} from '../core/i18n.js';
import {day, hourMinute} from '../core/time.js';

/** Where each step is done: a page, with the section of the guide where commands are needed. @type {Record<string, string>} */
export const SETUP_URLS = {
  units: 'directory.html',
  capacity: 'capacity.html',
  calendar: 'profile.html',
  accounts: 'directory.html',
  people: 'directory.html',
  mail: 'help.html#setup',
  mailboxes: 'help.html#setup',
  certificate: 'help.html#setup',
  backup: 'help.html#setup',
  rehearsal: 'register.html',
};
const HIDDEN = 'setup-hidden';

/** Lists the steps, those to be done first; who hides the list keeps one line of it, and nothing is left when all is done. */
export class SetupList extends BaseElement {
  static properties = {steps: {attribute: false}, folded: {state: true}};

  constructor() {
    super();
    /** @type {SetupStep[]} */
    this.steps = [];
    this.folded = localStorage.getItem(HIDDEN) !== null;
  }

  /** Hide the list on this device, or show it again. @param {boolean} folded */
  fold(folded) {
    this.folded = folded;
    if (folded) localStorage.setItem(HIDDEN, '1');
    else localStorage.removeItem(HIDDEN);
  }

  render() {
    const done = this.steps.filter(step => step.done).length;
    if (done === this.steps.length) return nothing;
    return html`<section class="card setup" aria-labelledby="setup-title" data-testid="setup">
      <div class="row between wrap"><h2 id="setup-title">${t('setup.title')} <small data-testid="setup-progress">${t('setup.progress', done, this.steps.length)}</small></h2>
        <button type="button" class="quiet" aria-expanded=${this.folded ? 'false' : 'true'} data-testid="setup-hide" @click=${() => this.fold(!this.folded)}>${t(this.folded ? 'setup.show' : 'setup.hide')}</button></div>
      ${this.folded ? nothing : html`<ol class="setup-steps">${this.steps.map(step => this.step(step))}</ol>`}
    </section>`;
  }

  /** @param {SetupStep} step */
  step(step) {
    const {kind, done, count, whole} = step;
    return html`<li class=${done ? 'done' : ''} data-testid="setup-${kind}" data-done=${done}>
      ${icon(done ? 'check' : 'flag')}
      <span><a href=${SETUP_URLS[kind]}>${t(`setup.${kind}`)}</a>
        <small>${done ? t('setup.done') : t(`setup.${kind}-hint`)}${this.time(step)}</small></span>
      ${whole === null ? nothing : html`<span class="share">${t('setup.share', count ?? 0, whole)}</span>`}
    </li>`;
  }

  /** @param {SetupStep} step */
  time({kind, at}) {
    if (at) return ` · ${t(`setup.${kind}-at`, kind === 'backup' ? `${hourMinute(at)} ${day(at)}` : day(at))}`;
    return '';
  }
}

customElements.define('setup-list', SetupList);
