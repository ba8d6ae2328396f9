// Copies a text and says so, for all pages.

import {t} from './i18n.js';
import {toast} from './toast.js';

/**
 * Copy a text; a browser that does not allow it, as on a page without HTTPS, is told of.
 * @param {string} text
 * @param {string} done what is said when it is copied
 */
export async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(t('app.not-copied'), {tone: 'bad'});
  }
}
