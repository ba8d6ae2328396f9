// Element `emergency-bell`: the alarm for new emergencies in the top bar of technicians.

import {html, nothing} from '../vendor/lit.js';
import {emergencies} from './api.js';
import {titleWithCount, unacknowledged, hasNew} from './emergency-alert.js';
import {t} from './i18n.js';
import {BaseElement, repeatWhileConnected, icon} from './base.js';

const POLL_MS = 10_000;
const RING_AGAIN_MS = 60_000;
const TONES_HZ = [880, 660, 880];
const TONE_S = 0.25;

/** The audio context of the page. @type {AudioContext | null} */
let context = null;

/** Play three tones; where the browser permits no sound before a click, none is heard until then. */
function ring() {
  context ??= new AudioContext();
  const speaker = context;
  if (speaker.state === 'suspended') {
    addEventListener('pointerdown', () => speaker.resume(), {once: true});
    return;
  }
  const volume = new GainNode(speaker, {gain: 0.2});
  volume.connect(speaker.destination);
  for (const [place, frequency] of TONES_HZ.entries()) {
    const tone = new OscillatorNode(speaker, {frequency});
    tone.connect(volume);
    tone.start(speaker.currentTime + place * TONE_S);
    tone.stop(speaker.currentTime + (place + 0.8) * TONE_S);
  }
}

/** Shows technicians unacknowledged emergencies in the bar, with a sound when one comes and every minute after. */
export class EmergencyBell extends BaseElement {
  static properties = {count: {state: true}};

  constructor() {
    super();
    this.count = 0;
    /** @type {Set<string>} */
    this.known = new Set();
    this.lastRingAt = 0;
    this.onAcknowledged = () => this.check();
    repeatWhileConnected(this, POLL_MS, this.onAcknowledged);
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener('acknowledged', this.onAcknowledged);
    this.check();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener('acknowledged', this.onAcknowledged);
  }

  async check() {
    const all = await emergencies().catch(() => null); // pages themselves show that the server is not reachable
    if (!all) return;
    this.count = unacknowledged(all).length;
    document.title = titleWithCount(document.title, this.count);
    const due = this.count && Date.now() - this.lastRingAt >= RING_AGAIN_MS;
    if (hasNew(all, this.known) || due) {
      ring();
      this.lastRingAt = Date.now();
    }
    this.known = new Set(unacknowledged(all).map(({id}) => id));
  }

  render() {
    const text = t('emergencies.bell', this.count);
    return html`${this.count ? html`<a class="bell" href="emergencies.html" data-testid="bell">${icon('warn')}<span>${text}</span></a>` : nothing}
      <span class="unseen" role="alert">${this.count ? text : nothing}</span>`;
  }
}

customElements.define('emergency-bell', EmergencyBell);
