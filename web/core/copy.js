// Copies a text and says so: a function, and what is drawn wherever a code, a link, a number or an id is shown. For all
// pages.

import {html} from '../vendor/lit.js';
import {icon} from './base.js';
import {t} from './i18n.js';
import {toast} from './toast.js';

const MOST_SAID = 28;

/**
 * Copy a text; a browser that does not allow it, as on a page without HTTPS, is told of.
 * @param {string} text
 * @param {string} done what is said when it is copied
 */
export async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done, {key: 'copied'});
  } catch {
    toast(t('app.not-copied'), {tone: 'bad', key: 'copied'});
  }
}

/**
 * Draw a text that a tap copies.
 * @param {string} text what is copied
 * @param {{shown?: string, testid?: string, kind?: string}} [options] `shown` is what is read in its place, `kind` an extra class
 */
export function copyable(text, {shown = text, testid = 'copyable', kind = ''} = {}) {
  const brief = shown.length > MOST_SAID ? `${shown.slice(0, MOST_SAID)}…` : shown;
  return html`<button type="button" class="copyable ${kind}" data-testid=${testid} data-copy=${text} aria-label="${shown}, ${t('app.copy')}" @click=${() => copyText(text, t('app.copied', brief))}><span>${shown}</span>${icon('copy')}</button>`;
}
