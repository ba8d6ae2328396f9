// Element `picture-window`: what the small window of the room shows (picture-in-picture.js): the picture, the
// invitation to speak, whose turn it is, and the own microphone.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {BaseElement} from '../../core/base.js';
import {micButton} from './mic-button.js';
import './floor-prompt.js';
import './tile-view.js';
import './turn-line.js';

const TICK_MS = 1000;

/** The room in a few square inches; it draws itself, since its page is hidden meanwhile. */
export class PictureWindow extends BaseElement {
  static properties = {meeting: {attribute: false}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.timer = 0;
    this.draw = () => this.requestUpdate();
  }

  connectedCallback() {
    super.connectedCallback();
    this.meeting?.addEventListener('change', this.draw);
    this.timer = window.setInterval(this.draw, TICK_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.meeting?.removeEventListener('change', this.draw);
    window.clearInterval(this.timer);
  }

  render() {
    const {meeting} = this;
    if (!meeting) return nothing;
    const tick = Date.now();
    return html`<main class="room small">
      <section class="meeting-frame ${meeting.onAir ? 'air' : ''}" aria-label=${t('room.picture')}>
        <video data-testid="picture" autoplay .muted=${true} playsinline .srcObject=${meeting.connection.picture}></video>
        <tile-view .meeting=${meeting} .tick=${tick}></tile-view>
      </section>
      <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
      <turn-line .meeting=${meeting} .tick=${tick}></turn-line>
      <div class="bar">${micButton(meeting)}</div>
    </main>`;
  }
}

customElements.define('picture-window', PictureWindow);
