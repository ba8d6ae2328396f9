// Element `floor-prompt`: the invitation to speak, in the room and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {icon, BaseElement} from '../../core/base.js';
import {span} from '../../core/time.js';
import {properName} from '../client/meeting-state.js';

/** Asks a point that was given the floor whether to unmute; no microphone is ever opened without that. */
export class FloorPrompt extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
  }

  render() {
    const {meeting} = this;
    if (meeting?.micState !== 'invited') return nothing;
    const {seat, connected} = meeting;
    const waits = span((meeting.countedNow - meeting.invitedAt) / 1000);
    const opens = meeting.opensAt === null ? 0 : Math.max(1, Math.ceil((meeting.opensAt - meeting.now) / 1000));
    return html`<section class="prompt ${connected ? '' : 'dead'}" role="alertdialog" aria-labelledby="invited" aria-describedby="invited-for" data-testid="floor-prompt">
      <p id="invited">${t('floor.invite', seat ? properName(seat) : '')}</p>
      <p id="invited-for" class="invited-for" data-testid="invited-for">${connected ? t(opens ? 'floor.opens' : 'floor.waits', opens || waits) : t('floor.no-network')}</p>
      <div class="row">
        <button type="button" class="main" data-testid="floor-accept" ?disabled=${!connected} @click=${() => meeting.unmute()}>${icon('mic')}<span>${t('floor.accept')}</span></button>
        <button type="button" data-testid="floor-decline" ?disabled=${!connected} @click=${() => meeting.declineFloor()}>${icon('mic-off')}<span>${t('floor.decline')}</span></button>
      </div>
    </section>`;
  }
}

customElements.define('floor-prompt', FloorPrompt);
