import {html} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {guide} from '../../core/base.js';

/** Letters that act, in the order of the help. */
const HELP = ['m', 'v', 'h', 'p', 'f', '?'];

const enabled = () => localStorage.getItem('keys') !== 'off';

/** Single letters act unless a field has the focus, a modifier is down, or the person turned them off (WCAG 2.1.4). @param {Record<string, () => void>} keys */
export function listenToKeys(keys) {
  document.addEventListener('keydown', event => {
    const field = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
    if (field || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.key !== '?' && !enabled()) return;
    keys[event.key.toLowerCase()]?.();
  });
}

/** @param {Event} event */
const turn = event => localStorage.setItem('keys', /** @type {HTMLInputElement} */ (event.target).checked ? 'on' : 'off');

export const keyHelp = () => html`<dialog class="keys" aria-labelledby="keys">
  <h2 id="keys">${t('keys.title')}</h2>
  <dl>${HELP.map(key => html`<div><dt><kbd>${key.toUpperCase()}</kbd></dt><dd>${t(`keys.${key}`)}</dd></div>`)}</dl>
  <label class="option"><input type="checkbox" .checked=${enabled()} @change=${turn}><span>${t('keys.on')}</span></label>
  <form method="dialog" class="row end">${guide('component')}<button class="main">${t('app.close')}</button></form>
</dialog>`;
