// Draws where a browser lets a person allow camera and microphone: beside the address. For device-check.js.

import {html, svg} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';

/** Two sliders, as Chromium and Edge draw the settings of a site. */
const SLIDERS = svg`<path d="M50 22h10m8 0h6M50 34h4m8 0h12" stroke-width="2.5"/><circle cx="64" cy="22" r="4"/><circle cx="58" cy="34" r="4"/>`;
/** A camera that is struck out, as Firefox draws a permission that was refused. */
const REFUSED = svg`<rect x="50" y="21" width="15" height="14" rx="3"/><path d="M65 26l8-4v12l-8-4M50 18l22 21" stroke-width="2.5"/>`;

/** Return which browser this is, for the place of its button. @param {string} agent */
export const browserOf = agent => (agent.includes('Firefox/') ? 'firefox' : agent.includes('Chrome/') ? 'chrome' : 'other');

/** Draw the address field with the button marked, and say what to press. @param {string} agent the browser's User-Agent */
export function permissionPicture(agent) {
  const browser = browserOf(agent);
  return html`<figure class="permission" data-testid="permission-picture" data-browser=${browser}>
    <svg viewBox="0 0 320 56" aria-hidden="true"><rect class="address" x="36" y="8" width="276" height="40" rx="20"/>
      <g class="button">${browser === 'firefox' ? REFUSED : SLIDERS}</g><circle class="here" cx="62" cy="28" r="22"/>
      <text x="96" y="34">${location.host}</text></svg>
    <figcaption>${t(`check.allow-${browser}`)}</figcaption>
  </figure>`;
}
