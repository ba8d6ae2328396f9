// Element `quality-chart`: measures of a seat's connection over time, one picture under the other, for quality.js. A slider, or
// the arrow keys on it, reads the values of a moment.

import {html, nothing, svg} from '../vendor/lit.js';
import {BaseElement} from '../core/base.js';
import {ChartWidth} from '../core/chart-width.js';
import {number, t} from '../core/i18n.js';
import {clock, hourMinute, utc} from '../core/time.js';
import {pathOf, ticksOf, topOf} from './series-path.js';

const HEIGHT = 96;
const LEFT = 56;
const TOP = 8;
const BOTTOM = 20;
/** A word of the time, in CSS pixels. */
const TICK_WIDTH = 64;
/** What of a time is right of its middle, without the margin that is there anyway. */
const HALF_LABEL = 12;

/**
 * The pictures: key of the title, least top of the scale, and the measures that it has; the second one is dashed.
 * @type {{id: string, least: number, measures: QualityMeasure[]}[]}
 */
const PANELS = [
  {id: 'loss', least: 5, measures: ['up', 'down']},
  {id: 'delay', least: 100, measures: ['round_trip', 'jitter']},
  {id: 'rates', least: 500, measures: ['received', 'sent']},
  {id: 'picture', least: 720, measures: ['camera']},
  {id: 'page', least: 500, measures: ['frozen', 'decode']},
  {id: 'fps', least: 30, measures: ['fps', 'dropped']},
];

/** Draws the measures of a seat, with the times that a finding names shaded. */
export class QualityChart extends BaseElement {
  static properties = {quality: {attribute: false}, shaded: {attribute: false}, at: {state: true}};

  constructor() {
    super();
    /** @type {SeatQuality | null} */
    this.quality = null;
    /** @type {QualityFinding[]} */
    this.shaded = [];
    /** The sample that is read; null: the last one. @type {number | null} */
    this.at = null;
    this.space = new ChartWidth(this);
  }

  get along() {
    return Math.max(1, this.space.width - LEFT - 8);
  }

  get begin() {
    return Date.parse(this.quality?.device.start ?? '');
  }

  get count() {
    return this.quality?.values.up.length ?? 0;
  }

  /** @param {number} at milliseconds */
  x(at) {
    const length = Math.max(1, this.count) * 1000 * (this.quality?.step_s ?? 1);
    return LEFT + Math.min(1, Math.max(0, (at - this.begin) / length)) * this.along;
  }

  render() {
    if (!this.quality || !this.count || !this.space.width) return nothing;
    return html`${PANELS.map(panel => this.panel(panel))} ${this.reading()}`;
  }

  /** @param {typeof PANELS[number]} panel */
  panel({id, least, measures}) {
    const values = /** @type {SeatQuality} */ (this.quality).values;
    const series = measures.map(name => values[name]);
    if (series.every(each => each.every(value => value === null))) return nothing;
    const most = topOf(series, least);
    const box = {left: LEFT, top: TOP, width: this.along, height: HEIGHT - TOP - BOTTOM, most};
    return html`<figure class="chart" data-testid="panel" data-panel=${id}>
      <figcaption>${t(`quality-of.${id}`)}${measures.map((name, place) => html`<span class="key"><svg class="sign" viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><path class=${place ? 'second' : 'first'} d="M1 5H25"></path></svg>${t(`measure.${name}`)}</span>`)}</figcaption>
      <svg viewBox="0 0 ${this.space.width} ${HEIGHT}" height=${HEIGHT} role="img" aria-label=${this.words(id, measures)}>
        ${this.shaded.map(finding => this.band(finding))}
        <path class="base" d="M${LEFT} ${TOP}H${LEFT + this.along}M${LEFT} ${HEIGHT - BOTTOM}H${LEFT + this.along}"></path>
        <text x=${LEFT - 6} y=${TOP + 9} text-anchor="end">${number(most)}</text><text x=${LEFT - 6} y=${HEIGHT - BOTTOM} text-anchor="end">0</text>
        ${series.map((each, place) => svg`<path class=${place ? 'second' : 'first'} d=${pathOf(each, box)}></path>`)}
        ${this.ticks()} ${this.cursor()}
      </svg>
    </figure>`;
  }

  /** Say what a picture shows. @param {string} id @param {QualityMeasure[]} measures */
  words(id, measures) {
    const most = measures.map(name => {
      const known = /** @type {SeatQuality} */ (this.quality).values[name].filter(value => value !== null);
      return known.length ? t('quality-of.up-to', t(`measure.${name}`), number(known.reduce((top, value) => Math.max(top, value), 0), {maximumFractionDigits: 1})) : '';
    });
    return `${t(`quality-of.${id}`)}: ${most.filter(Boolean).join('; ')}`;
  }

  /** @param {QualityFinding} finding */
  band({start, end}) {
    const [left, right] = [this.x(Date.parse(start)), this.x(Date.parse(end))];
    return svg`<rect class="band" x=${left} y=${TOP} width=${Math.max(2, right - left)} height=${HEIGHT - BOTTOM - TOP}></rect>`;
  }

  ticks() {
    const end = Date.parse(this.quality?.device.end ?? '');
    return ticksOf(this.begin, end, this.along / TICK_WIDTH).map(
      at => svg`<text x=${Math.min(this.x(at), LEFT + this.along - HALF_LABEL)} y=${HEIGHT - 4} text-anchor="middle">${hourMinute(at)}</text>`,
    );
  }

  /** The sample that is read. */
  get sample() {
    return Math.min(this.at ?? this.count - 1, this.count - 1);
  }

  /** When the sample that is read began, as RFC 3339. */
  get moment() {
    return utc(this.begin + this.sample * 1000 * (this.quality?.step_s ?? 1));
  }

  cursor() {
    return this.at === null ? nothing : svg`<path class="cursor" d="M${this.x(Date.parse(this.moment))} ${TOP}V${HEIGHT - BOTTOM}"></path>`;
  }

  /** Draw the slider and the values of the sample that it is at. */
  reading() {
    const values = /** @type {SeatQuality} */ (this.quality).values;
    const read = PANELS.flatMap(({measures}) => measures).filter(name => values[name].some(value => value !== null));
    const moment = clock(this.moment);
    return html`<label class="field slider"><span>${t('quality-of.moment', moment)}</span>
        <input type="range" min="0" max=${this.count - 1} .value=${String(this.sample)} aria-valuetext=${moment} data-testid="quality-moment"
          @input=${(/** @type {any} */ {target}) => (this.at = Number(target.value))}></label>
      <dl class="facts reading" data-testid="quality-values">${read.map(name => {
        const value = values[name][this.sample];
        return html`<dt>${t(`measure.${name}`)}</dt><dd>${value === null ? '–' : t(`unit.${name}`, number(value, {maximumFractionDigits: 1}))}</dd>`;
      })}</dl>`;
  }
}

customElements.define('quality-chart', QualityChart);
