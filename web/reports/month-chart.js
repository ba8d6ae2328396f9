// Element `month-chart`: the sessions of each month as bars, on the page of reports.

import {html, nothing, svg} from '../vendor/lit.js';
import {BaseElement} from '../core/base.js';
import {ChartWidth} from '../core/chart-width.js';
import {number, t} from '../core/i18n.js';

const HEIGHT = 190;
const BOTTOM = 26;
const TOP = 22;
/** A bar stands where its month has room below it, else it lies beside that. */
const NAME_WIDTH = 64;
const COUNT_WIDTH = 50;
const ROW = 26;

/** Draws a bar for each month, upright or, on a narrow page, lying. */
export class MonthChart extends BaseElement {
  static properties = {months: {attribute: false}};

  constructor() {
    super();
    /** @type {ReportRow[]} */
    this.months = [];
    this.space = new ChartWidth(this);
  }

  render() {
    const {months} = this;
    const {width} = this.space;
    const most = Math.max(1, ...months.map(({figures}) => figures.sessions));
    const upright = width / Math.max(1, months.length) >= NAME_WIDTH;
    const height = upright ? HEIGHT : ROW * months.length;
    const words = months.map(({name, figures}) => `${name}: ${figures.sessions}`).join('; ');
    return html`<figure class="chart"><figcaption>${t('reports.by-month')}</figcaption>
      ${width ? html`<svg viewBox="0 0 ${width} ${height}" height=${height} role="img" aria-label=${words}>
        ${months.map((month, place) => (upright ? this.column(month, place, most) : this.row(month, place, most)))}</svg>` : nothing}</figure>`;
  }

  /** @param {ReportRow} month @param {number} place @param {number} most */
  column({name, figures}, place, most) {
    const step = this.space.width / this.months.length;
    const middle = step * (place + 0.5);
    const height = (figures.sessions / most) * (HEIGHT - BOTTOM - TOP);
    return svg`<rect class="bar" x=${middle - Math.min(step * 0.35, 28)} y=${HEIGHT - BOTTOM - height} width=${Math.min(step * 0.7, 56)} height=${height}></rect>
      <text x=${middle} y=${HEIGHT - BOTTOM - height - 6} text-anchor="middle">${number(figures.sessions)}</text>
      <text x=${middle} y=${HEIGHT - 6} text-anchor="middle">${name}</text>`;
  }

  /** @param {ReportRow} month @param {number} place @param {number} most */
  row({name, figures}, place, most) {
    const length = (figures.sessions / most) * (this.space.width - NAME_WIDTH - COUNT_WIDTH);
    const base = ROW * (place + 0.5) + 5;
    return svg`<text y=${base}>${name}</text>
      <rect class="bar" x=${NAME_WIDTH} y=${ROW * place + 4} width=${length} height=${ROW - 8}></rect>
      <text x=${NAME_WIDTH + length + 6} y=${base}>${number(figures.sessions)}</text>`;
  }
}

customElements.define('month-chart', MonthChart);
