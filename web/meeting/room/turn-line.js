// Element `turn-line`: one sentence under the picture of the room, which stays when the bar below it hides: whether
// its people are heard, and who speaks.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {icon, BaseElement} from '../../core/base.js';
import {span, timeLeft} from '../../core/time.js';
import {hostPoint, properName, waitedSeconds} from '../client/meeting-state.js';
import {nearEnd, secondsLeft} from '../client/script.js';
import {turnOf} from '../client/turn.js';

/** The icon of each sentence; the others have the struck microphone. @type {Record<string, string>} */
const ICONS = {on: 'mic', invited: 'mic-call', hand: 'hand', blocked: 'mic-locked', locked: 'mic-locked', lost: 'network', observer: 'view'};

/** Says whose turn it is. */
export class TurnLine extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
  }

  render() {
    const state = this.meeting?.state;
    if (!this.meeting || !state) return nothing;
    const [word, ...args] = turnOf(state, {mic: this.meeting.micState, connected: this.meeting.connected});
    const speaker = state.speaking !== state.me && state.seats.find(({seat}) => seat === state.speaking);
    const waited = word === 'hand' ? t('hand.waited', span(waitedSeconds(this.meeting.seat?.since ?? null, this.meeting.countedNow))) : '';
    return html`<div class="turn ${word}" data-testid="turn" data-turn=${word}>
      ${icon(ICONS[word] ?? 'mic-off')}${this.meeting.onAir ? html`<strong data-testid="on-air">${t('room.on-air')}</strong>${this.floorTimer()}` : nothing}<p role="status">${t(`turn.${word}`, ...args)}</p>${waited ? html`<small>${waited}</small>` : nothing}
      ${this.meeting.seat?.hidden ? html`<p class="unseen-camera" data-testid="camera-hidden">${icon('camera-off')}<span>${t('turn.camera-hidden')}</span></p>` : nothing}
      ${speaker ? html`<p class="who-speaks" data-testid="who-speaks">${icon('sound')}<span>${t('turn.speaks', properName(speaker))}</span></p>` : nothing}
    </div>`;
  }

  /** Draw how long this point has left to speak, by the script; nothing where the script says no length for it. */
  floorTimer() {
    const {meeting} = this;
    const on = meeting?.state?.agenda.on;
    if (!meeting?.state || !on || (on.point ?? hostPoint(meeting.state)) !== meeting.seat?.point) return nothing;
    const left = secondsLeft(meeting.state.agenda, meeting.countedNow) ?? 0;
    return html`<span class="left ${nearEnd(left)}" data-testid="floor-left" data-end=${nearEnd(left)}>${timeLeft(left)}</span>`;
  }
}

customElements.define('turn-line', TurnLine);
