import {html} from '../vendor/lit.js';
import {t} from './i18n.js';
import {digits, grouped} from '../meeting/client/meeting-state.js';

/** Keep the digits shown in groups while they are typed or pasted, and the caret behind the digit it was behind. @param {Event} event */
function regroup(event) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const behind = digits(field.value.slice(0, field.selectionStart ?? field.value.length)).length;
  field.value = grouped(field.value);
  let caret = 0;
  for (let seen = 0; seen < behind && caret < field.value.length; caret += 1) if (field.value[caret] !== ' ') seen += 1;
  field.setSelectionRange(caret, caret);
}

/** The field for a meeting code: 9 to 18 digits as the profile has it, blanks allowed, numeric keypad on tablets. @param {string} value @param {boolean} required */
export const codeField = (value, required) => html`<div class="field">
  <label for="code">${t('code.label')}</label>
  <input id="code" name="code" class="code" data-testid="code" inputmode="numeric" autocomplete="off" placeholder="123 456 7890"
    pattern="\\d{3} ?\\d{3} ?\\d{3,12}" title=${t('code.hint')} .value=${grouped(value)} ?required=${required} @input=${regroup}>
  <small>${t('code.hint')}</small>
</div>`;

/** Where a code leads: to the console for who may control the session, else to the room. @param {string} code @param {Session[]} sessions */
export function door(code, sessions) {
  const session = sessions.find(one => one.code === code);
  return `${session?.may_control ? 'host' : 'room'}.html?code=${code}`;
}
