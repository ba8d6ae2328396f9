// Keyboard shortcuts of the pages of a meeting, and their help.

import {html} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {guideLink} from '../../core/base.js';

/** The shortcuts in the order of the help. */
const SHORTCUTS = ['m', 'v', 'h', 'p', 'f', '?'];

const enabled = () => localStorage.getItem('keys') !== 'off';

/**
 * Run shortcuts unless a field has the focus, a modifier is down, or the user turned them off (WCAG 2.1.4).
 * @param {Record<string, () => void>} keys
 */
export function listenForShortcuts(keys) {
  document.addEventListener('keydown', event => {
    const field = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
    if (field || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.key !== '?' && !enabled()) return;
    keys[event.key.toLowerCase()]?.();
  });
}

/** @param {Event} event */
const setEnabled = event => localStorage.setItem('keys', /** @type {HTMLInputElement} */ (event.target).checked ? 'on' : 'off');

/** Draw the dialog that lists the shortcuts. */
export const shortcutHelp = () => html`<dialog class="keys" aria-labelledby="keys">
  <h2 id="keys">${t('keys.title')}</h2>
  <dl>${SHORTCUTS.map(key => html`<div><dt><kbd>${key.toUpperCase()}</kbd></dt><dd>${t(`keys.${key}`)}</dd></div>`)}</dl>
  <label class="option"><input type="checkbox" .checked=${enabled()} @change=${setEnabled}><span>${t('keys.on')}</span></label>
  <form method="dialog" class="row end">${guideLink('component')}<button class="main">${t('app.close')}</button></form>
</dialog>`;
