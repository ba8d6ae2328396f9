// Element `toast-stack` and the function `toast`: say briefly what was done, and offer to undo it. For all pages.

import {html, nothing, repeat} from '../vendor/lit.js';
import {errorText} from './api.js';
import {BaseElement, icon} from './base.js';
import {t} from './i18n.js';
import {newestUndo, shownFor, withToast} from './toasts.js';

/** @typedef {import('./toasts.js').Toast} Toast */

const ICONS = {done: 'check', info: 'flag', bad: 'warn'};
const LOOK_AGAIN_MS = 1_500;

/** The toasts of a page, the newest below. Whoever points at one, or has the focus in it, keeps it. */
export class ToastStack extends BaseElement {
  static properties = {shown: {state: true}};

  constructor() {
    super();
    /** @type {Toast[]} */
    this.shown = [];
  }

  /** @param {Toast} next */
  add(next) {
    this.shown = withToast(this.shown, next);
    const ms = shownFor(next);
    if (ms) setTimeout(() => this.expire(next), ms);
  }

  /** @param {Toast} toast */
  expire(toast) {
    if (this.matches(':hover, :focus-within')) setTimeout(() => this.expire(toast), LOOK_AGAIN_MS);
    else this.dismiss(toast);
  }

  /** @param {Toast} toast */
  dismiss(toast) {
    this.shown = this.shown.filter(each => each !== toast);
  }

  /** Run the undo of a toast, which is then gone. @param {Toast} undone */
  async undo(undone) {
    this.dismiss(undone);
    try {
      await undone.undo?.();
    } catch (failure) {
      toast(errorText(failure), {tone: 'bad'});
    }
  }

  render() {
    return html`<div class="toasts" role="status" aria-live="polite">${repeat(this.shown, ({id}) => id, each => this.one(each))}</div>`;
  }

  /** @param {Toast} each */
  one(each) {
    return html`<div class="toast ${each.tone}" role=${each.tone === 'bad' ? 'alert' : nothing} data-testid="toast">
      ${icon(ICONS[each.tone])}<span>${each.text}</span>
      ${each.undo ? html`<button type="button" class="quiet act" data-testid="undo" @click=${() => this.undo(each)}>${t('toast.undo')}</button>` : nothing}
      <button type="button" class="quiet icon-button" aria-label=${t('app.close')} @click=${() => this.dismiss(each)}>${icon('cross')}</button>
    </div>`;
  }
}

customElements.define('toast-stack', ToastStack);

let last = 0;

/** What can be seen and pressed now: the modal dialog that was opened last, or the page. */
const foreground = () => [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body;

/**
 * Return the stack of this page, made when it is first needed. While a modal dialog is open, nothing outside of it can be
 * seen or pressed, so the stack is in it, and leaves it when it closes.
 */
function stack() {
  const found = document.querySelector('toast-stack') ?? document.createElement('toast-stack');
  const around = foreground();
  if (found.parentElement !== around) {
    around.append(found);
    around.addEventListener('close', () => foreground().append(found), {once: true});
  }
  return /** @type {ToastStack} */ (found);
}

/**
 * Show a toast: a few seconds, or, when it tells of a fault or `stays`, until it is closed.
 * @param {string} text
 * @param {{undo?: () => unknown, tone?: import('./toasts.js').ToastTone, key?: string, stays?: boolean}} [options] a toast
 *     replaces that of the same key; what `undo` throws is shown
 */
export function toast(text, {undo, tone = 'done', key = '', stays = false} = {}) {
  stack().add({id: ++last, text, tone, key, undo: undo ?? null, stays});
}

/** Run the newest undo that is offered, and return whether there was one. */
export function undoLast() {
  const newest = newestUndo(stack().shown);
  if (newest) stack().undo(newest);
  return Boolean(newest);
}
