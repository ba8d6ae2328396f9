import {html, nothing} from '../vendor/lit.js';
import {emergencies} from './api.js';
import {called, open, rings} from './emergency-alert.js';
import {t} from './i18n.js';
import {Piece, every, icon} from './base.js';

const AGAIN_MS = 10_000;
const RING_AGAIN_MS = 60_000;
const TONES_HZ = [880, 660, 880];
const TONE_S = 0.25;

/** One for the page. @type {AudioContext | null} */
let context = null;

/** Three tones; a browser that lets a page make no sound before a click stays silent until there was one. */
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

/** In the bar of whoever is at the duty desk: emergencies that nobody took note of, with a sound when one comes and every minute after. */
export class EmergencyBell extends Piece {
  static properties = {count: {state: true}};

  constructor() {
    super();
    this.count = 0;
    /** @type {Set<string>} */
    this.known = new Set();
    this.rang = 0;
    this.again = () => this.look();
    every(this, AGAIN_MS, this.again);
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener('acknowledged', this.again);
    this.look();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener('acknowledged', this.again);
  }

  async look() {
    const all = await emergencies().catch(() => null); // a page says itself that the server does not answer
    if (!all) return;
    this.count = open(all).length;
    document.title = called(document.title, this.count);
    const due = this.count && Date.now() - this.rang >= RING_AGAIN_MS;
    if (rings(all, this.known) || due) {
      ring();
      this.rang = Date.now();
    }
    this.known = new Set(open(all).map(({id}) => id));
  }

  render() {
    return this.count
      ? html`<a class="bell" role="alert" href="emergencies.html" data-testid="bell">${icon('warn')}<span>${t('emergencies.bell', this.count)}</span></a>`
      : nothing;
  }
}

customElements.define('emergency-bell', EmergencyBell);
