// Element `capacity-chart`: booked load over time, and what waits, for the register form, the calendar and the pages of capacity and
// supervision.

import {html, nothing, svg} from '../vendor/lit.js';
import {allSessions, errorText} from '../core/api.js';
import {stepCorners} from './point-choice.js';
import {ratedAt, stackedSteps} from './timeline.js';
import {t} from '../core/i18n.js';
import {day, hourMinute, slot as slotWords, utc} from '../core/time.js';
import {BaseElement} from '../core/base.js';
import {ChartWidth} from '../core/chart-width.js';
import {copyable} from '../core/copy.js';

const HEIGHT = 120;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 14;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A label of the time, and what keeps it from the next one, in CSS pixels. */
const TICK_WIDTH = 50;
/** A chart of up to this length is tapped by the hour, a longer one by the day. */
const BY_HOUR_MS = 2 * DAY_MS;
let charts = 0;
/** Distances between ticks: hours within a day, else days. */
const TICKS_MS = [3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 28 * DAY_MS];

/**
 * Draws the booked load over time with what waits hatched above it, the usable and the rated capacity as lines, and the
 * wanted slots as bands. A tap lists the sessions of an hour, or of a day where the chart is long.
 */
export class CapacityChart extends BaseElement {
  static properties = {capacity: {attribute: false}, what: {}, from: {type: Number}, to: {type: Number}, slots: {attribute: false}, rated: {attribute: false}, tapped: {state: true}, listed: {state: true}, fault: {state: true}};

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
    /** The steps of the rated capacity, where it changes within the chart. @type {RatedStep[]} */
    this.rated = [];
    this.hatch = `hatch-${(charts += 1)}`;
    /** The hour or day that was tapped. @type {Slot | null} */
    this.tapped = null;
    /** Its sessions; null while they are fetched. @type {Session[] | null} */
    this.listed = null;
    this.fault = '';
    this.space = new ChartWidth(this);
  }

  /** The length of the time's axis. */
  get along() {
    return this.space.width - LEFT - 8;
  }

  /** @param {number} at milliseconds */
  x(at) {
    const share = (at - this.from) / (this.to - this.from);
    return LEFT + Math.min(1, Math.max(0, share)) * this.along;
  }

  /** @param {number} load */
  y(load) {
    const max = Math.max(1, this.capacity?.[this.what].max ?? 0, ...this.rated.map(step => step[this.what].max));
    return HEIGHT - BOTTOM - Math.min(1.05, load / max) * (HEIGHT - BOTTOM - TOP);
  }

  render() {
    if (!this.capacity) return nothing;
    const {max, usable} = this.capacity[this.what];
    const peak = Math.max(0, ...this.capacity.steps.map(step => step[this.what]));
    return html`<figure class="chart">
      <figcaption>${t(`capacity.${this.what}`)}${this.waits ? html` <span class="key">${t('capacity.hatched')}</span>` : nothing}</figcaption>
      ${this.along > 0 ? this.picture(max, usable, peak) : nothing}
      ${this.table(usable)} ${this.tapped ? this.sessionsOf(this.tapped) : nothing}
    </figure>`;
  }

  /** @param {number} max @param {number} usable @param {number} peak */
  picture(max, usable, peak) {
    return html`<svg viewBox="0 0 ${this.space.width} ${HEIGHT}" height=${HEIGHT} role="img" aria-label=${t(`capacity.chart-${this.what}`, peak, usable, max)} @click=${this.tap}>
          ${this.slots.map(slot => this.band(slot))} ${this.waiting()} ${this.area(this.capacity?.steps ?? [], 'load')} ${this.limitLine(max, 'max')} ${this.limitLine(usable, 'usable')} ${this.ticks()}
      </svg>`;
  }

  /** Draw the same as a table, for who reads no charts. @param {number} usable */
  table(usable) {
    const steps = (this.capacity?.steps ?? []).filter(step => (step[this.what] || this.waitingAt(step)) && Date.parse(step.start) < this.to && Date.parse(step.end) > this.from);
    if (!steps.length) return nothing;
    return html`<details class="fold-line"><summary data-testid="chart-table-${this.what}">${t('capacity.table')}</summary>
      <table class="ledger" data-testid="chart-rows-${this.what}"><thead><tr><th scope="col">${t('capacity.when')}</th><th scope="col">${t(`capacity.${this.what}`)}</th><th scope="col">${t('capacity.waiting')}</th></tr></thead>
        <tbody>${steps.map(step => html`<tr><td><button type="button" class="quiet" data-testid="chart-row" @click=${() => this.list(step)}>${slotWords(step)}</button></td><td class="number">${step[this.what]}/${usable}</td><td class="number">${this.waitingAt(step)}</td></tr>`)}</tbody></table></details>`;
  }

  /** Return what would be added at most within a step. @param {Slot} slot */
  waitingAt({start, end}) {
    return Math.max(0, ...(this.capacity?.waiting ?? []).filter(each => each.start < end && start < each.end).map(each => each[this.what]));
  }

  /** List the sessions of the hour, or day, that is tapped. @param {MouseEvent} event */
  tap({clientX, currentTarget}) {
    const box = /** @type {SVGElement} */ (currentTarget).getBoundingClientRect();
    const share = (clientX - box.left - LEFT) / this.along;
    const unit = this.to - this.from > BY_HOUR_MS ? DAY_MS : HOUR_MS;
    const start = this.from + Math.floor((Math.min(0.9999, Math.max(0, share)) * (this.to - this.from)) / unit) * unit;
    return this.list({start: utc(start), end: utc(start + unit)});
  }

  /** @param {Slot} time */
  async list(time) {
    [this.tapped, this.listed, this.fault] = [{start: time.start, end: time.end}, null, ''];
    try {
      const found = await allSessions(time.start, time.end);
      if (this.tapped?.start === time.start) this.listed = found.filter(({phase}) => phase !== 'cancelled');
    } catch (failure) {
      this.fault = errorText(failure);
    }
  }

  /** @param {Slot} time */
  sessionsOf(time) {
    const {listed, fault} = this;
    const words = fault || (!listed ? t('app.loading') : listed.length ? '' : t('capacity.none-then'));
    return html`<section class="of-hour" data-testid="chart-sessions" aria-label=${t('capacity.sessions-of', slotWords(time))}>
      <p role="status"><strong>${t('capacity.sessions-of', slotWords(time))}</strong> ${words}</p>
      ${listed?.length ? html`<ul>${listed.map(({number, title, host, official, phase}) => html`<li data-testid="chart-session">${slotWords(official)} · ${copyable(number)} · ${title} · ${host.label || host.name} <span class="soft">${t(`phase.${phase}`)}</span></li>`)}</ul>` : nothing}
    </section>`;
  }

  /** @param {Slot} slot */
  band(slot) {
    const [left, right] = [this.x(Date.parse(slot.start)), this.x(Date.parse(slot.end))];
    return svg`<rect class="band" x=${left} y=${TOP} width=${Math.max(2, right - left)} height=${HEIGHT - BOTTOM - TOP}></rect>`;
  }

  /** Whether sessions wait for a code in this time. */
  get waits() {
    return (this.capacity?.waiting ?? []).some(step => step[this.what] && Date.parse(step.start) < this.to && Date.parse(step.end) > this.from);
  }

  /** Draw the load as it were with all that wait: it is hatched where it stands out above the load. */
  waiting() {
    if (!this.capacity || !this.waits) return nothing;
    return svg`<defs><pattern id=${this.hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6"></path></pattern></defs>
      ${this.area(stackedSteps(this.capacity.steps, this.capacity.waiting), 'waiting', `url(#${this.hatch})`)}`;
  }

  /** @param {CapacityStep[]} steps @param {string} kind @param {string} [fill] */
  area(steps, kind, fill) {
    const points = stepCorners(steps, this.what).map(([at, load]) => `${this.x(at).toFixed(1)},${this.y(load).toFixed(1)}`);
    if (!points.length) return nothing;
    const [left, right] = [points[0], points[points.length - 1]].map(point => point.split(',')[0]);
    return svg`<polygon class=${kind} fill=${fill ?? nothing} data-testid="chart-${kind}" points="${left},${this.y(0)} ${points.join(' ')} ${right},${this.y(0)}"></polygon>`;
  }

  /** @param {number} load @param {string} kind */
  limitLine(load, kind) {
    const y = this.y(load);
    return svg`<path class=${kind} d=${this.limitPath(load, kind)}></path><text class=${kind} x=${LEFT - 6} y=${y + 4} text-anchor="end">${load}</text>`;
  }

  /**
   * Return the SVG path of a limit: a level line, or steps where the rated capacity changes.
   * @param {number} load
   * @param {string} kind
   */
  limitPath(load, kind) {
    const steps = this.rated.filter(({since}) => since !== null && Date.parse(since) > this.from && Date.parse(since) < this.to);
    const before = this.rated.length ? ratedAt(this.rated, this.from)[this.what][kind === 'max' ? 'max' : 'usable'] : load;
    const moves = steps.map(step => `H${this.x(Date.parse(step.since ?? ''))}V${this.y(step[this.what][kind === 'max' ? 'max' : 'usable'])}`);
    return `M${LEFT} ${this.y(before)}${moves.join('')}H${LEFT + this.along}`;
  }

  ticks() {
    const length = this.to - this.from;
    const apart = TICKS_MS.find(each => length / each <= this.along / TICK_WIDTH) ?? length;
    const times = [];
    for (let at = this.from; at <= this.to; at += apart) times.push(at);
    const word = (/** @type {number} */ at) => (length > DAY_MS ? day(at).slice(0, 5) : at === this.to ? '24:00' : hourMinute(at));
    return times.map(at => svg`<text class="tick" x=${this.x(at)} y=${HEIGHT - 6} text-anchor=${at === this.to ? 'end' : 'middle'}>${word(at)}</text>`);
  }
}

customElements.define('capacity-chart', CapacityChart);
