import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {icon, Piece} from '../../core/base.js';

/** "Mời … phát biểu": the floor is open, and the person decides whether to speak. Nobody is ever unmuted unasked. */
export class FloorPrompt extends Piece {
  static properties = {meeting: {attribute: false}, tick: {type: Number}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').Meeting | null} */
    this.meeting = null;
    this.tick = 0;
  }

  render() {
    const {meeting} = this;
    if (meeting?.micState !== 'invited') return nothing;
    return html`<section class="prompt" role="alertdialog" aria-labelledby="invited" data-testid="floor-prompt">
      <p id="invited">${t('floor.invite', meeting.seat?.name)}</p>
      <div class="row">
        <button type="button" class="main" data-testid="floor-accept" @click=${() => meeting.speak()}>${icon('mic')}<span>${t('floor.accept')}</span></button>
        <button type="button" data-testid="floor-decline" @click=${() => meeting.decline()}>${icon('mic-off')}<span>${t('floor.decline')}</span></button>
      </div>
    </section>`;
  }
}

customElements.define('floor-prompt', FloorPrompt);
