// Keyboard shortcuts of the pages of a meeting, and their help.

import {html} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {guideLink} from '../../core/base.js';

/** The order of the help; the digits are one line. */
const ORDER = [' ', 'm', 'v', 'h', 's', 'l', 't', 'n', '1', 'o', 'k', 'q', 'u', '/', 'b', 'p', 'c', 'w', 'f', '?'];

const enabled = () => localStorage.getItem('keys') !== 'off';

/** Tell whether a key belongs to a field or to an open dialog; one that was just closed may have the focus still. @param {EventTarget | null} target */
const takesKeys = target => {
  if (!(target instanceof Element)) return false;
  const dialog = target.closest('dialog');
  return dialog ? dialog.open : target.closest('input, select, textarea') !== null;
};

/** Take the focus out of a dialog that was closed, where a browser leaves it: keys belong to the page again. @param {Event} event */
const leaveDialog = ({target}) => target instanceof HTMLDialogElement && target.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement).blur();

/**
 * Run shortcuts unless a field has the focus, a modifier is down, or the user turned them off (WCAG 2.1.4).
 * @param {Record<string, () => void>} keys
 */
export function listenForShortcuts(keys) {
  document.addEventListener('close', leaveDialog, {capture: true});
  document.addEventListener('keydown', event => {
    if (takesKeys(event.target) || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.key !== '?' && !enabled()) return;
    if (event.key === ' ' && event.target !== document.body) return; // it presses what has the focus
    const run = keys[event.key.toLowerCase()];
    if (!run) return;
    event.preventDefault();
    run();
  });
}

/**
 * Call `talk` while the space bar is held down anywhere but in a control, and at its end.
 * @param {(on: boolean) => void} talk
 */
export function listenForTalk(talk) {
  let held = false;
  document.addEventListener('keydown', event => {
    if (event.key !== ' ' || event.target !== document.body || !enabled()) return;
    event.preventDefault(); // it would scroll
    if (!event.repeat) talk((held = true));
  });
  const end = () => held && talk((held = false));
  document.addEventListener('keyup', event => event.key === ' ' && end());
  window.addEventListener('blur', end);
}

/** @param {Event} event */
const setEnabled = event => localStorage.setItem('keys', /** @type {HTMLInputElement} */ (event.target).checked ? 'on' : 'off');

/** Return what stands on a key. @param {string} key */
const cap = key => (key === ' ' ? t('keys.space') : key === '1' ? '1–6' : key.toUpperCase());

/**
 * Return the key of the words for what a key does; digits choose a layout in the console, an answer in the room.
 * @param {string} key @param {string[]} keys @param {string} space
 */
const words = (key, keys, space) => (key === ' ' ? space : key === '1' && !keys.includes('n') ? 'keys.choice' : `keys.${key}`);

/**
 * Draw the dialog that lists the shortcuts.
 * @param {string[]} keys those of the page
 * @param {string} space the key of the words for what the space bar does, or ''
 */
export const shortcutHelp = (keys, space) => html`<dialog class="keys" aria-labelledby="keys">
  <h2 id="keys">${t('keys.title')}</h2>
  <dl>${ORDER.filter(key => (key === ' ' ? space : keys.includes(key))).map(key => html`<div><dt><kbd>${cap(key)}</kbd></dt><dd>${t(words(key, keys, space))}</dd></div>`)}</dl>
  <label class="option"><input type="checkbox" .checked=${enabled()} @change=${setEnabled}><span>${t('keys.on')}</span></label>
  <form method="dialog" class="row end">${guideLink('component')}<button class="main">${t('app.close')}</button></form>
</dialog>`;
