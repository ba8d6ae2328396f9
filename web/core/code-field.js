// The field for a meeting code, for the sign-in page and for pages of a meeting, and the address that a code leads
// to.

import {html} from '../vendor/lit.js';
import {t} from './i18n.js';
import {digitsOf, formatCode} from './meeting-code.js';

/**
 * Show the digits in groups while they are typed or pasted, and keep the caret behind its digit.
 * @param {Event} event
 */
function regroup(event) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const behind = digitsOf(field.value.slice(0, field.selectionStart ?? field.value.length)).length;
  field.value = formatCode(field.value);
  let caret = 0;
  for (let seen = 0; seen < behind && caret < field.value.length; caret += 1) if (field.value[caret] !== ' ') seen += 1;
  field.setSelectionRange(caret, caret);
}

/**
 * Draw the field for a meeting code: 9 to 18 digits as the profile has it, blanks allowed, numeric keypad on tablets.
 * @param {string} value
 * @param {boolean} required
 */
export const codeField = (value, required) => html`<div class="field">
  <label for="code">${t('code.label')}</label>
  <input id="code" name="code" class="code" data-testid="code" inputmode="numeric" autocomplete="off" placeholder="123 456 7890"
    pattern="\\d{3} ?\\d{3} ?\\d{3,12}" title=${t('code.hint')} .value=${formatCode(value)} ?required=${required} @input=${regroup}>
  <small>${t('code.hint')}</small>
</div>`;

/** Return the address of the sheet that invites to a session. @param {string} id */
export const invitationUrl = id => `invitation.html?session=${encodeURIComponent(id)}`;

/**
 * Return the address of a meeting: the console for who may control the session, else the room.
 * @param {string} code
 * @param {Session[]} sessions
 */
export function meetingUrl(code, sessions) {
  const session = sessions.find(one => one.code === code);
  return `${session?.may_control ? 'host' : 'room'}.html?code=${code}`;
}
