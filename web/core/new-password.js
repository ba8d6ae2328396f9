// The form of a new password, which is typed twice: what its fields are called, and whether they are alike. For
// account.js and index.js.

import {t} from './i18n.js';
import {showFaults} from './validation.js';

/** Return the form's name of a field of the request, as the server names it. @param {string} named */
export const passwordField = named => (named === 'password' ? 'fresh' : named);

/** Return whether the new password was typed twice alike; else say so at the second field. @param {HTMLFormElement} form */
export function isTypedAlike(form) {
  const {fresh, again} = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
  if (fresh !== again) showFaults(form, [{field: 'again', detail: t('password.differ')}]);
  return fresh === again;
}
