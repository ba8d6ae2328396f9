// Element `share-bar`: what this seat shares, as others see it, and how to stop: in the room, for as long as it shares.

import {html, nothing} from '../../vendor/lit.js';
import {BaseElement, icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';
import './tile-video.js';

/** What can be shared (W3C Screen Capture, `displaySurface`). */
const SURFACES = ['monitor', 'window', 'browser'];

/** A small picture of the shared screen, with what is sent of it. */
export class ShareBar extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
  }

  render() {
    const {meeting} = this;
    const stream = meeting?.ownVideo('content');
    if (!meeting || !stream) return nothing;
    const {displaySurface = ''} = stream.getVideoTracks()[0].getSettings();
    return html`<section class="share-bar" aria-label=${t('share.bar')} data-testid="share-bar">
      <tile-video .stream=${stream} role="img" aria-label=${t('share.preview')} data-testid="share-preview"></tile-video>
      <p role="status"><strong>${t(SURFACES.includes(displaySurface) ? `share.on-${displaySurface}` : 'share.on')}</strong><small>${t('share.silent')}</small></p>
      <button type="button" class="danger solid" data-testid="share-stop" @click=${() => meeting.unshare()}>${icon('stop')}<span>${t('share.stop')}</span></button>
    </section>`;
  }
}

customElements.define('share-bar', ShareBar);
