// Loads the parts of a page that few need, when one needs them: the console's vote and script use it.

import {t} from './i18n.js';
import {toast} from './toast.js';

/**
 * Load a part of the page and return whether it is there. The server has no scripts of a release before its own
 * (decision 116): a page that was opened before an upgrade says that it is to be loaded anew, unless told to be quiet.
 * @param {() => Promise<unknown>} load imports the part
 * @param {boolean} [quietly]
 */
export async function loadPart(load, quietly = false) {
  try {
    await load();
    return true;
  } catch {
    if (!quietly) toast(t('app.part-missing'), {tone: 'bad', key: 'part'});
    return false;
  }
}
