import {html, nothing, svg} from '../vendor/lit.js';
import {corners} from '../booking.js';
import {t} from '../i18n.js';
import {hourMinute} from '../time.js';
import {Piece} from './base.js';

const WIDTH = 560;
const HEIGHT = 120;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 14;
const TICK_MS = 3 * 3_600_000;

/** Booked load over a day against the usable share and the maximum, with the wanted slots as bands. */
export class CapacityChart extends Piece {
  static properties = {capacity: {attribute: false}, what: {}, from: {type: Number}, to: {type: Number}, slots: {attribute: false}};

  constructor() {
    super();
    /** @type {Capacity | null} */
    this.capacity = null;
    /** @type {'sessions' | 'points'} */
    this.what = 'sessions';
    this.from = 0;
    this.to = 0;
    /** @type {Slot[]} */
    this.slots = [];
  }

  /** @param {number} at milliseconds */
  x(at) {
    const share = (at - this.from) / (this.to - this.from);
    return LEFT + Math.min(1, Math.max(0, share)) * (WIDTH - LEFT - 8);
  }

  /** @param {number} load */
  y(load) {
    const max = this.capacity?.[this.what].max || 1;
    return HEIGHT - BOTTOM - Math.min(1.05, load / max) * (HEIGHT - BOTTOM - TOP);
  }

  render() {
    if (!this.capacity) return nothing;
    const {max, usable} = this.capacity[this.what];
    const peak = Math.max(0, ...this.capacity.steps.map(step => step[this.what]));
    return html`<figure class="chart">
      <figcaption>${t(`capacity.${this.what}`)}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t(`capacity.chart-${this.what}`, peak, usable, max)}>
        ${this.slots.map(slot => this.band(slot))} ${this.area()} ${this.line(max, 'max')} ${this.line(usable, 'usable')} ${this.ticks()}
      </svg>
    </figure>`;
  }

  /** @param {Slot} slot */
  band(slot) {
    const [left, right] = [this.x(Date.parse(slot.start)), this.x(Date.parse(slot.end))];
    return svg`<rect class="band" x=${left} y=${TOP} width=${Math.max(2, right - left)} height=${HEIGHT - BOTTOM - TOP}></rect>`;
  }

  area() {
    const points = corners(this.capacity?.steps ?? [], this.what).map(([at, load]) => `${this.x(at).toFixed(1)},${this.y(load).toFixed(1)}`);
    if (!points.length) return nothing;
    const [left, right] = [points[0], points[points.length - 1]].map(point => point.split(',')[0]);
    return svg`<polygon class="load" points="${left},${this.y(0)} ${points.join(' ')} ${right},${this.y(0)}"></polygon>`;
  }

  /** @param {number} load @param {string} kind */
  line(load, kind) {
    const y = this.y(load);
    return svg`<line class=${kind} x1=${LEFT} x2=${WIDTH - 8} y1=${y} y2=${y}></line><text class=${kind} x=${LEFT - 6} y=${y + 4} text-anchor="end">${load}</text>`;
  }

  ticks() {
    const times = [];
    for (let at = this.from; at <= this.to; at += TICK_MS) times.push(at);
    return times.map(at => svg`<text class="tick" x=${this.x(at)} y=${HEIGHT - 6} text-anchor=${at === this.to ? 'end' : 'middle'}>${at === this.to ? '24:00' : hourMinute(at)}</text>`);
  }
}

customElements.define('capacity-chart', CapacityChart);
