import {html, nothing} from '../vendor/lit.js';
import {emergencies} from '../api.js';
import {called, open, rings} from '../emergency.js';
import {t} from '../i18n.js';
import {Piece, icon} from './base.js';

const AGAIN_MS = 10_000;
const RING_AGAIN_MS = 60_000;
const TONES_HZ = [880, 660, 880];
const TONE_S = 0.25;

/** Three tones; a browser that lets a page make no sound before a click stays silent. */
function ring() {
  const context = new AudioContext();
  const volume = new GainNode(context, {gain: 0.2});
  volume.connect(context.destination);
  const tones = TONES_HZ.map((frequency, place) => {
    const tone = new OscillatorNode(context, {frequency});
    tone.connect(volume);
    tone.start(context.currentTime + place * TONE_S);
    tone.stop(context.currentTime + (place + 0.8) * TONE_S);
    return tone;
  });
  tones[tones.length - 1].onended = () => context.close();
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
    this.timer = 0;
    this.again = () => this.look();
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener('acknowledged', this.again);
    this.timer = window.setInterval(this.again, AGAIN_MS);
    this.look();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener('acknowledged', this.again);
    clearInterval(this.timer);
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
