// Page `reports.html`: the figures of a period.

import {html, nothing, repeat, svg} from '../vendor/lit.js';
import {report, reportUrl, reportPoints, reportRows, review} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {dateField} from '../core/fields.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {day, fromLocal, hourMinute, slot, span, utc} from '../core/time.js';
import {EMERGENCY} from '../core/values.js';
import {loadingState} from '../core/states.js';

const FIGURES = /** @type {const} */ (['registered', 'sessions', 'minutes', 'points', 'recorded', 'late', 'answered_late', 'waited', 'revoked', 'cancelled', 'incidents']);
const OUTCOME_FIGURES = /** @type {const} */ (['expected', 'present', 'absent', 'available', 'line', 'owed', 'sent', 'confirmed', 'handed', 'emergencies', 'reviewed']);
/**
 * Columns that are shares, with their names in the API.
 * @type {Record<string, 'points' | 'lines' | 'handed' | undefined>}
 */
const SHARES = {available: 'points', line: 'lines', handed: 'handed'};
const GROUPINGS = /** @type {const} */ (['level', 'class', 'purpose', 'kind', 'unit']);
const PROVIDER_FIGURES = /** @type {const} */ (['lines', 'sessions', 'minutes', 'lossy', 'incidents', 'restored', 'restore']);
const DAY_MS = 86_400_000;
const WIDTH = 760;
const HEIGHT = 190;
const BOTTOM = 26;
const TOP = 22;

/** Format thousandths as a percentage. @param {number | null} permille */
const share = permille => (permille === null ? '–' : number(permille / 1000, {style: 'percent', maximumFractionDigits: 1}));

/** Shows the figures of a period; every number opens the registrations that it counts. */
class ReportsPage extends Page {
  static properties = {...Page.properties, report: {state: true}, query: {state: true}, drillDown: {state: true}, points: {state: true}};

  constructor() {
    super();
    setTitle('reports.title');
    /** @type {Report | null} */
    this.report = null;
    /** @type {Record<string, string>} */
    this.query = {period: 'year', year: String(new Date().getFullYear())};
    /** The registrations behind the number that was opened. @type {{name: string, list: ReportEntry[]} | null} */
    this.drillDown = null;
    /** The attendance of each point; null until it is requested. @type {ReportPoint[] | null} */
    this.points = null;
  }

  async load() {
    this.report = await report(this.query);
    this.points = null;
  }

  /** @param {SubmitEvent} event @param {ReportEntry} entry */
  review(event, entry) {
    event.preventDefault();
    const remark = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('remark') ?? '');
    this.attempt(async () => {
      const saved = await review(entry.id, remark);
      if (this.drillDown) this.drillDown = {...this.drillDown, list: this.drillDown.list.map(one => (one.id === entry.id ? {...one, review: saved} : one))};
      this.report = await report(this.query);
    });
  }

  /** @param {SubmitEvent} event */
  show(event) {
    event.preventDefault();
    const {period, year, month, calendar, from, to} = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    const ends = to ? utc(Date.parse(fromLocal(`${to}T00:00`)) + DAY_MS) : '';
    this.query = period === 'range'
      ? {period, ...(from && {from: fromLocal(`${from}T00:00`)}), ...(ends && {to: ends})}
      : {period: String(period), year: String(year), ...(month && {month: String(month)}), ...(calendar && {calendar: 'true'})};
    this.attempt(() => this.load());
  }

  /** @param {string} by @param {string} key @param {string} name @param {string} figure */
  open(by, key, name, figure) {
    this.attempt(async () => {
      const list = await reportRows({...this.query, ...(by && {by, key}), figure});
      this.drillDown = {name: `${t(`reports.${figure}`)} · ${name}`, list};
    });
  }

  /** @param {ReportPoint} point @param {'expected' | 'present' | 'absent'} figure */
  openPoint({id, name}, figure) {
    this.attempt(async () => {
      const list = await reportRows({...this.query, point: id, figure});
      this.drillDown = {name: `${t(figure === 'expected' ? 'reports.invited' : `reports.${figure}`)} · ${name}`, list};
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="reports"></top-bar>
      <main>
        <h1>${t('reports.title')}</h1>
        ${errorMessage(this.error)} ${this.loading ? loadingState() : nothing}
        ${this.report ? html`${this.form()} ${this.reportBody(this.report)}` : nothing}
      </main>
      ${this.drillDown ? this.list(this.drillDown) : nothing}`;
  }

  form() {
    const range = this.query.period === 'range';
    const choose = (/** @type {Event} */ {target}) => (this.query = {...this.query, period: /** @type {HTMLSelectElement} */ (target).value});
    return html`<form class="filters" @submit=${this.show}>
      <div class="field"><label for="period">${t('reports.period')}</label><select id="period" name="period" data-testid="report-period" @change=${choose}>
        ${['month', 'first_half', 'second_half', 'year', 'range'].map(one => html`<option value=${one} ?selected=${one === this.query.period}>${t(`reports.${one}`)}</option>`)}</select></div>
      ${range
        ? html`${dateField({name: 'from', label: t('reports.from'), testid: 'report-from', required: true})}
            ${dateField({name: 'to', label: t('reports.to'), testid: 'report-to', required: true})}`
        : html`<div class="field"><label for="year">${t('reports.year-of')}</label><input id="year" name="year" type="number" min="2000" max="2199" required
              .value=${this.query.year ?? String(new Date().getFullYear())} data-testid="report-year"></div>
            ${this.query.period === 'month' ? this.months() : html`<label class="option"><input type="checkbox" name="calendar" ?checked=${this.query.calendar} data-testid="report-calendar"><span>${t('reports.calendar')}</span></label>`}`}
      <button class="main" data-testid="report-show">${t('reports.show')}</button>
      ${['xlsx', 'pdf'].map(format => html`<a class="button" href=${reportUrl({...this.query, format})} download data-testid="report-${format}">${icon('download')}<span>${format.toUpperCase()}</span></a>`)}
    </form>`;
  }

  months() {
    return html`<div class="field"><label for="month">${t('reports.month-of')}</label><input id="month" name="month" type="number" min="1" max="12" required
      .value=${this.query.month ?? String(new Date().getMonth() + 1)} data-testid="report-month"></div>`;
  }

  /** @param {Report} whole */
  reportBody(whole) {
    const {usage} = whole;
    const peak = usage.points_at ? ` (${hourMinute(usage.points_at)} ${day(usage.points_at)})` : '';
    return html`<h2 data-testid="report-title">${whole.title}</h2>
      <p data-testid="report-usage">${t('reports.usage', usage.sessions, usage.points, usage.waited, usage.revoked, usage.refused, peak)}</p>
      ${this.uptime(whole.uptime)}
      ${whole.total.registered ? html`${this.chart(whole.rows.month)} ${GROUPINGS.map(by => this.table(whole, by))} ${this.corrections(whole.corrections)} ${this.outcomes(whole)} ${this.byPoint()}`
        : html`<p class="empty" data-testid="report-none">${t('reports.none')}</p>`}
      ${whole.carriers.length ? this.providerTable(whole.carriers) : nothing}`;
  }

  /** Draw the sessions of each month as bars. @param {ReportRow[]} months */
  chart(months) {
    const most = Math.max(1, ...months.map(({figures}) => figures.sessions));
    const step = WIDTH / Math.max(1, months.length);
    return html`<figure class="chart"><figcaption>${t('reports.by-month')}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${months.map(({name, figures}) => `${name}: ${figures.sessions}`).join('; ')}>
        ${months.map(({name, figures}, place) => {
          const height = (figures.sessions / most) * (HEIGHT - BOTTOM - TOP);
          const middle = step * (place + 0.5);
          return svg`<rect class="bar" x=${middle - Math.min(step * 0.35, 28)} y=${HEIGHT - BOTTOM - height} width=${Math.min(step * 0.7, 56)} height=${height}></rect>
            <text class="tick" x=${middle} y=${HEIGHT - BOTTOM - height - 6} text-anchor="middle">${number(figures.sessions)}</text>
            <text class="tick" x=${middle} y=${HEIGHT - 6} text-anchor="middle">${name}</text>`;
        })}
      </svg></figure>`;
  }

  /** @param {Report} whole @param {'level' | 'class' | 'purpose' | 'kind' | 'unit'} by */
  table(whole, by) {
    return html`<h2>${t(`reports.by-${by}`)}</h2><div class="wide-table" tabindex="0" role="region" aria-label=${t(`reports.by-${by}`)}><table class="ledger" data-testid="report-${by}">
      <thead><tr><th scope="col">${t(`reports.${by}`)}</th>${FIGURES.map(figure => html`<th scope="col">${t(`reports.${figure}`)}</th>`)}
        ${by === 'unit' ? html`<th scope="col">${t('reports.before')}</th>` : nothing}</tr></thead>
      <tbody>${this.row({key: '', name: t('reports.total'), figures: whole.total, shares: whole.shares, before: whole.rows[by].reduce((sum, {before}) => sum + (before ?? 0), 0)}, '', by === 'unit')}
        ${repeat(whole.rows[by], ({key}) => key, row => this.row(row, by, by === 'unit'))}</tbody>
    </table></div>`;
  }

  /** @param {Report['uptime']} uptime */
  uptime({permille, outages}) {
    return html`<p data-testid="report-uptime">${permille === null ? t('reports.uptime-none') : t('reports.uptime', share(permille))}</p>
      ${outages.length
        ? html`<details data-testid="report-outages"><summary>${t('reports.outages', outages.length)}</summary><ul>${outages.map(({start, end}) => html`<li>${t('reports.outage', hourMinute(start), day(start), hourMinute(end), day(end), span((Date.parse(end) - Date.parse(start)) / 1000))}</li>`)}</ul></details>`
        : nothing}`;
  }

  /** Draw the outcomes of sessions that are over. @param {Report} whole */
  outcomes(whole) {
    const all = {key: '', name: t('reports.total'), figures: whole.total, shares: whole.shares, before: null};
    return html`<h2>${t('reports.outcomes')}</h2><p class="soft">${t('reports.outcomes-hint')}</p>
      <div class="wide-table" tabindex="0" role="region" aria-label=${t('reports.outcomes')}><table class="ledger" data-testid="report-outcomes">
      <thead><tr><th scope="col">${t('reports.unit')}</th>${OUTCOME_FIGURES.map(figure => html`<th scope="col">${t(`reports.${figure}`)}</th>`)}</tr></thead>
      <tbody>${[all, ...whole.rows.unit].map(row => html`<tr class=${row.key ? '' : 'sum'} data-key=${row.key}><th scope="row">${row.name}</th>${OUTCOME_FIGURES.map(figure => this.outcome(row, figure))}</tr>`)}</tbody></table></div>`;
  }

  /** @param {ReportRow} row @param {typeof OUTCOME_FIGURES[number]} figure */
  outcome(row, figure) {
    const part = SHARES[figure];
    if (part) return html`<td class="number" data-figure=${figure}>${share(row.shares[part])}</td>`;
    return this.cell(row, row.key ? 'unit' : '', /** @type {FigureName} */ (figure));
  }

  /** Draw the corrections of units beside the counted figures (Điều 19.5). @param {Correction[]} list */
  corrections(list) {
    if (!list.length) return nothing;
    return html`<h2>${t('reports.corrections')}</h2><p class="soft">${t('reports.corrections-hint')}</p>
      <div class="wide-table" tabindex="0" role="region" aria-label=${t('reports.corrections')}><table class="ledger" data-testid="report-corrections">
      <thead><tr>${['unit', 'figure', 'counted', 'yours', 'remark-of'].map(one => html`<th scope="col">${t(`figures.${one}`)}</th>`)}</tr></thead>
      <tbody>${list.map(one => html`<tr data-testid="report-correction"><th scope="row">${one.name}</th><td>${t(`reports.${one.figure}`)}</td><td class="number">${number(one.counted)}</td>
        <td class="number">${number(one.said)}</td><td class="long">${one.remark} <span class="soft">${one.by} ${day(one.at)}</span></td></tr>`)}</tbody></table></div>`;
  }

  byPoint() {
    if (!this.points) return html`<p><button type="button" data-testid="report-show-points" @click=${() => this.attempt(async () => void (this.points = await reportPoints(this.query)))}>${t('reports.show-points')}</button></p>`;
    const head = ['invited', 'present', 'absent', 'available', 'line'];
    return html`<h2>${t('reports.points-of')}</h2><div class="wide-table" tabindex="0" role="region" aria-label=${t('reports.points-of')}><table class="ledger" data-testid="report-points">
      <thead><tr><th scope="col">${t('reports.point')}</th>${head.map(one => html`<th scope="col">${t(`reports.${one}`)}</th>`)}</tr></thead>
      <tbody>${this.points.map(one => html`<tr data-point=${one.id}><th scope="row">${one.name} <span class="soft">${one.label}</span></th>
        ${/** @type {const} */ ([['expected', one.expected], ['present', one.present], ['absent', one.expected - one.present]]).map(([figure, count]) => html`<td class="number">${count
          ? html`<button type="button" class="quiet" data-testid="point-number" data-figure=${figure} @click=${() => this.openPoint(one, figure)}>${number(count)}</button>` : '0'}</td>`)}
        ${[one.available, one.line].map(permille => html`<td class="number">${share(permille)}</td>`)}</tr>`)}</tbody></table></div>`;
  }

  /** Draw the figures of providers' access lines, month by month. @param {ProviderRow[]} rows */
  providerTable(rows) {
    return html`<h2>${t('reports.by-carrier')}</h2><div class="wide-table" tabindex="0" role="region" aria-label=${t('reports.by-carrier')}><table class="ledger" data-testid="report-carriers">
      <thead><tr><th scope="col">${t('reports.carrier')}</th>${PROVIDER_FIGURES.map(figure => html`<th scope="col">${t(`carrier.${figure}`)}</th>`)}</tr></thead>
      <tbody>${rows.map(row => html`<tr data-testid="report-carrier"><th scope="row">${row.month.slice(5)}/${row.month.slice(0, 4)} ${row.name}</th>
        ${PROVIDER_FIGURES.map(figure => html`<td class="number" data-figure=${figure}>${row[figure] === null ? '–' : number(row[figure])}</td>`)}</tr>`)}</tbody></table></div>`;
  }

  /** @param {ReportRow} row @param {string} by @param {boolean} compared */
  row(row, by, compared) {
    return html`<tr class=${by ? '' : 'sum'} data-key=${row.key}><th scope="row">${row.name}</th>
      ${FIGURES.map(figure => this.cell(row, by, figure))}
      ${compared ? html`<td class="number">${number(row.before ?? 0)}</td>` : nothing}</tr>`;
  }

  /**
   * Draw a number that opens the registrations it counts.
   * @param {ReportRow} row
   * @param {string} by
   * @param {FigureName} figure
   */
  cell(row, by, figure) {
    return html`<td class="number" data-figure=${figure}>${row.figures[figure]
      ? html`<button type="button" class="quiet" data-testid="report-number" data-figure=${figure} @click=${() => this.open(by, row.key, row.name, figure)}>${number(row.figures[figure])}</button>`
      : '0'}</td>`;
  }

  /** @param {{name: string, list: ReportEntry[]}} behind */
  list({name, list}) {
    return html`<dialog class="wide" aria-labelledby="behind" @close=${() => (this.drillDown = null)}>
      <div class="row between"><h2 id="behind">${name}</h2>
        <form method="dialog"><button class="quiet" data-testid="close">${icon('cross')}<span>${t('app.close')}</span></button></form></div>
      ${errorMessage(this.error, 'review-error')}
      <div class="wide-table" tabindex="0" role="region" aria-label=${name}><table class="ledger"><tbody>${repeat(list, ({id}) => id, entry => this.entry(entry))}</tbody></table></div>
    </dialog>`;
  }

  /** Draw a registration, with a link to its readiness board, which has the attendance. @param {ReportEntry} entry */
  entry(entry) {
    return html`<tr data-testid="report-entry" data-id=${entry.id}>
      <td class="stamp">${slot(entry)}</td><td><a href="readiness.html?session=${entry.id}">${entry.number}</a></td>
      <td class="long">${entry.title} <span class="soft">${entry.unit}</span>${entry.expected ? html`<br><span class="soft">${t('reports.turnout', entry.present, entry.expected)}</span>` : nothing}
        ${entry.klass === EMERGENCY ? this.emergency(entry) : nothing}</td>
      <td>${t(`reports.state-${entry.state}`)}</td></tr>`;
  }

  /** Draw the ground of an emergency and its review (Điều 13.2.a). @param {ReportEntry} entry */
  emergency(entry) {
    const {review} = entry;
    return html`<br><span class="soft">${t('reports.why', entry.ground, entry.reason)}</span>
      ${review ? html`<br><span data-testid="reviewed">${t('reports.reviewed-by', review.by, day(review.at), review.remark)}</span>`
        : entry.reviewable ? html`<form class="row" @submit=${(/** @type {SubmitEvent} */ event) => this.review(event, entry)}>
          <input name="remark" maxlength="1000" required aria-label=${t('reports.remark')} placeholder=${t('reports.remark')} data-testid="review-remark">
          <button data-testid="review-save">${t('reports.review')}</button></form>` : nothing}`;
  }
}

customElements.define('reports-page', ReportsPage);
