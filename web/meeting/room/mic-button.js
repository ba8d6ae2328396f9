// The button of the own microphone: in the bars of room and console, and in the small window.

import {html, nothing} from '../../vendor/lit.js';
import {icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';

const ICONS = {off: 'mic-off', blocked: 'mic-locked', invited: 'mic-call', on: 'mic', live: 'mic'};

/** Draw the button, which says what it does next. @param {import('../client/meeting-client.js').MeetingClient | null} meeting */
export function micButton(meeting) {
  const state = meeting?.micState ?? 'blocked';
  const waiting = state === 'blocked' && meeting?.seat?.hand;
  return html`<button type="button" class="tool mic ${waiting ? 'waiting' : ''}" data-testid="mic" data-state=${state} aria-pressed=${state === 'on' || state === 'live'}
    .style=${state === 'live' ? `--level: ${meeting?.level ?? 0}` : ''} ?disabled=${!meeting?.state} @click=${() => meeting?.toggleMic()}>
    ${icon(waiting ? 'clock' : ICONS[state])}<span>${t(waiting ? 'mic.waiting' : `mic.${state}`)}</span>
    ${state === 'on' || state === 'live' ? html`<meter min="0" max="1" .value=${meeting?.level ?? 0} aria-hidden="true"></meter>` : nothing}
  </button>`;
}
