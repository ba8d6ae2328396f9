// Element `floor-prompt`: the invitation to speak, in the room and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {icon, BaseElement} from '../../core/base.js';

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
    return html`<section class="prompt" role="alertdialog" aria-labelledby="invited" data-testid="floor-prompt">
      <p id="invited">${t('floor.invite', meeting.seat?.name)}</p>
      <div class="row">
        <button type="button" class="main" data-testid="floor-accept" @click=${() => meeting.unmute()}>${icon('mic')}<span>${t('floor.accept')}</span></button>
        <button type="button" data-testid="floor-decline" @click=${() => meeting.declineFloor()}>${icon('mic-off')}<span>${t('floor.decline')}</span></button>
      </div>
    </section>`;
  }
}

customElements.define('floor-prompt', FloorPrompt);
