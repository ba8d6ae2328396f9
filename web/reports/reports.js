// Page `reports.html`: the figures of a period.

import {html, nothing, repeat} from '../vendor/lit.js';
import {report, reportUrl, reportPoints, reportRows, review, signedUrl} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {dateField, formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import {keepInAddress, keptInAddress} from '../core/address.js';
import '../core/data-table.js';
import '../core/top-bar.js';
import './month-chart.js';
import {number, t} from '../core/i18n.js';
import {day, fromLocal, hourMinute, slot, span, toLocal, utc} from '../core/time.js';
import {EMERGENCY} from '../core/values.js';
import {emptyState, loadingState} from '../core/states.js';

/** @template T @typedef {import('../core/table-state.js').Column<T>} Column */

const FIGURES = /** @type {const} */ (['registered', 'sessions', 'minutes', 'points', 'recorded', 'late', 'answered_late', 'waited', 'revoked', 'cancelled', 'incidents']);
const OUTCOME_FIGURES = /** @type {const} */ (['expected', 'present', 'absent', 'available', 'line', 'owed', 'sent', 'confirmed', 'handed', 'emergencies', 'reviewed']);
/**
 * Columns that are shares, with their names in the API.
 * @type {Record<string, 'points' | 'lines' | 'handed' | undefined>}
 */
const SHARES = {available: 'points', line: 'lines', handed: 'handed'};
const GROUPINGS = /** @type {const} */ (['level', 'class', 'purpose', 'kind', 'unit']);
const PROVIDER_FIGURES = /** @type {const} */ (['lines', 'sessions', 'minutes', 'lossy', 'incidents', 'restored', 'restore']);
const POINT_FIGURES = /** @type {const} */ (['expected', 'present', 'absent']);
const POINT_SHARES = /** @type {const} */ (['available', 'line']);
/** What the address keeps of the period. */
const PERIOD_FIELDS = ['period', 'year', 'month', 'calendar', 'from', 'to'];
const DAY_MS = 86_400_000;

/** Format thousandths as a percentage. @param {number | null} permille */
const share = permille => (permille === null ? '–' : number(permille / 1000, {style: 'percent', maximumFractionDigits: 1}));

/** Return the day of an instant that a request has, as a field holds it. @param {string | undefined} at @param {number} [later] ms */
const dayOf = (at, later = 0) => (at ? toLocal(Date.parse(at) + later).slice(0, 10) : '');

/** @param {string} label @returns {Column<ReportRow>} */
const nameColumn = label => ({id: 'name', label: t(label), value: row => row.name});

/** @param {ReportRow} row */
const keyOf = ({key}) => key;

/** Return the row of all registrations. @param {Report} whole @param {number | null} before @returns {ReportRow} */
const sumOf = (whole, before) => ({key: '', name: t('reports.total'), figures: whole.total, shares: whole.shares, before});

/** Shows the figures of a period; every number opens the registrations that it counts. */
class ReportsPage extends Page {
  static properties = {...Page.properties, report: {state: true}, query: {state: true}, drillDown: {state: true}, points: {state: true}};

  constructor() {
    super();
    setTitle('reports.title');
    /** @type {Report | null} */
    this.report = null;
    /** @type {Record<string, string>} */
    this.query = {period: 'year', year: String(new Date().getFullYear()), ...keptInAddress(PERIOD_FIELDS)};
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
    const form = formOf(event);
    const remark = String(new FormData(form).get('remark') ?? '');
    this.attempt(async () => {
      const saved = await review(entry.id, remark);
      if (this.drillDown) this.drillDown = {...this.drillDown, list: this.drillDown.list.map(one => (one.id === entry.id ? {...one, review: saved} : one))};
      this.report = await report(this.query);
    }, form);
  }

  /** @param {SubmitEvent} event */
  show(event) {
    event.preventDefault();
    const form = formOf(event);
    const {period, year, month, calendar, from, to} = Object.fromEntries(new FormData(form));
    const ends = to ? utc(Date.parse(fromLocal(`${to}T00:00`)) + DAY_MS) : '';
    this.query = period === 'range'
      ? {period, ...(from && {from: fromLocal(`${from}T00:00`)}), ...(ends && {to: ends})}
      : {period: String(period), year: String(year), ...(month && {month: String(month)}), ...(calendar && {calendar: 'true'})};
    keepInAddress({...Object.fromEntries(PERIOD_FIELDS.map(name => [name, ''])), ...this.query});
    this.attempt(() => this.load(), form);
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
        ? html`${dateField({name: 'from', label: t('reports.from'), value: dayOf(this.query.from), testid: 'report-from', required: true})}
            ${dateField({name: 'to', label: t('reports.to'), value: dayOf(this.query.to, -DAY_MS), testid: 'report-to', required: true})}`
        : html`<div class="field"><label for="year">${t('reports.year-of')}</label><input id="year" name="year" type="number" min="2000" max="2199" required
              .value=${this.query.year ?? String(new Date().getFullYear())} data-testid="report-year"></div>
            ${this.query.period === 'month' ? this.months() : html`<label class="option"><input type="checkbox" name="calendar" ?checked=${this.query.calendar} data-testid="report-calendar"><span>${t('reports.calendar')}</span></label>`}`}
      <button class="main" data-testid="report-show">${t('reports.show')}</button>
      ${['xlsx', 'pdf'].map(format => html`<a class="button" href=${reportUrl({...this.query, format})} download data-testid="report-${format}">${icon('download')}<span>${format.toUpperCase()}</span></a>
        ${this.me?.signs ? html`<a class="button" href=${signedUrl(reportUrl({...this.query, format}))} download data-testid="report-${format}-signed">${icon('lock')}<span>${t('signed.of', format.toUpperCase())}</span></a>` : nothing}`)}
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
      ${whole.total.registered ? html`<month-chart .months=${whole.rows.month}></month-chart> ${GROUPINGS.map(by => this.table(whole, by))} ${this.corrections(whole.corrections)} ${this.outcomes(whole)} ${this.byPoint()}`
        : emptyState({picture: 'calendar', title: t('reports.none'), text: t('reports.none-text'), testid: 'report-none'})}
      ${whole.carriers.length ? this.providerTable(whole.carriers) : nothing}`;
  }

  /** @param {Report} whole @param {'level' | 'class' | 'purpose' | 'kind' | 'unit'} by */
  table(whole, by) {
    const before = whole.rows[by].reduce((sum, row) => sum + (row.before ?? 0), 0);
    /** @type {Column<ReportRow>[]} */
    const columns = [nameColumn(`reports.${by}`), ...FIGURES.map(figure => this.figureColumn(by, figure))];
    if (by === 'unit') columns.push({id: 'before', label: t('reports.before'), number: true, value: row => row.before ?? 0, cell: row => number(row.before ?? 0)});
    return html`<h2>${t(`reports.by-${by}`)}</h2>
      <data-table name="report-${by}" label=${t(`reports.by-${by}`)} .columns=${columns} .rows=${whole.rows[by]} .rowId=${keyOf} .sum=${sumOf(whole, before)}></data-table>`;
  }

  /** @param {string} by @param {FigureName} figure @returns {Column<ReportRow>} */
  figureColumn(by, figure) {
    return {id: figure, label: t(`reports.${figure}`), number: true, value: row => row.figures[figure], cell: row => this.figure(row, row.key ? by : '', figure)};
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
    const columns = [nameColumn('reports.unit'), ...OUTCOME_FIGURES.map(figure => this.outcomeColumn(figure))];
    return html`<h2>${t('reports.outcomes')}</h2><p class="soft">${t('reports.outcomes-hint')}</p>
      <data-table name="report-outcomes" label=${t('reports.outcomes')} .columns=${columns} .rows=${whole.rows.unit} .rowId=${keyOf} .sum=${sumOf(whole, null)}></data-table>`;
  }

  /** @param {typeof OUTCOME_FIGURES[number]} figure @returns {Column<ReportRow>} */
  outcomeColumn(figure) {
    const part = SHARES[figure];
    if (!part) return this.figureColumn('unit', /** @type {FigureName} */ (figure));
    return {id: figure, label: t(`reports.${figure}`), number: true, value: row => row.shares[part] ?? -1, cell: row => share(row.shares[part])};
  }

  /** Draw the corrections of units beside the counted figures (Điều 19.5). @param {Correction[]} list */
  corrections(list) {
    if (!list.length) return nothing;
    /** @type {Column<Correction>[]} */
    const columns = [
      {id: 'unit', label: t('figures.unit'), value: one => one.name},
      {id: 'figure', label: t('figures.figure'), value: one => t(`reports.${one.figure}`)},
      {id: 'counted', label: t('figures.counted'), number: true, value: one => one.counted, cell: one => number(one.counted)},
      {id: 'said', label: t('figures.yours'), number: true, value: one => one.said, cell: one => number(one.said)},
      {id: 'remark', label: t('figures.remark-of'), long: true, value: one => `${one.remark} ${one.by}`, cell: one => html`${one.remark} <small>${one.by} ${day(one.at)}</small>`},
    ];
    return html`<h2>${t('reports.corrections')}</h2><p class="soft">${t('reports.corrections-hint')}</p>
      <data-table name="report-correction" label=${t('reports.corrections')} .columns=${columns} .rows=${list} .rowId=${(/** @type {Correction} */ one) => `${one.name} ${one.figure}`}></data-table>`;
  }

  byPoint() {
    if (!this.points) return html`<p><button type="button" data-testid="report-show-points" @click=${() => this.attempt(async () => void (this.points = await reportPoints(this.query)))}>${t('reports.show-points')}</button></p>`;
    /** @type {Column<ReportPoint>[]} */
    const columns = [
      {id: 'point', label: t('reports.point'), value: one => `${one.label} ${one.name}`, cell: one => html`${one.label} <small>${one.name}</small>`},
      ...POINT_FIGURES.map(figure => this.pointColumn(figure)),
      ...POINT_SHARES.map(part => ({id: part, label: t(`reports.${part}`), number: true, value: (/** @type {ReportPoint} */ one) => one[part] ?? -1, cell: (/** @type {ReportPoint} */ one) => share(one[part])})),
    ];
    return html`<h2>${t('reports.points-of')}</h2><data-table name="report-points" label=${t('reports.points-of')} .columns=${columns} .rows=${this.points} .empty=${emptyState({picture: 'calendar', title: t('reports.points-none'), testid: 'report-points-none'})}></data-table>`;
  }

  /** @param {typeof POINT_FIGURES[number]} figure @returns {Column<ReportPoint>} */
  pointColumn(figure) {
    const count = /** @param {ReportPoint} one */ one => (figure === 'absent' ? one.expected - one.present : one[figure]);
    return {
      id: figure, label: t(figure === 'expected' ? 'reports.invited' : `reports.${figure}`), number: true, value: count,
      cell: one => (count(one) ? html`<button type="button" class="quiet" data-testid="point-number" data-figure=${figure} @click=${() => this.openPoint(one, figure)}>${number(count(one))}</button>` : '0'),
    };
  }

  /** Draw the figures of providers' access lines, month by month. @param {ProviderRow[]} rows */
  providerTable(rows) {
    /** @type {Column<ProviderRow>[]} */
    const columns = [
      {id: 'carrier', label: t('reports.carrier'), value: row => `${row.month} ${row.name}`, cell: row => `${row.month.slice(5)}/${row.month.slice(0, 4)} ${row.name}`},
      ...PROVIDER_FIGURES.map(figure => ({id: figure, label: t(`carrier.${figure}`), number: true, value: (/** @type {ProviderRow} */ row) => row[figure] ?? -1, cell: (/** @type {ProviderRow} */ row) => (row[figure] === null ? '–' : number(row[figure]))})),
    ];
    return html`<h2>${t('reports.by-carrier')}</h2><data-table name="report-carrier" label=${t('reports.by-carrier')} .columns=${columns} .rows=${rows} .rowId=${(/** @type {ProviderRow} */ row) => `${row.month} ${row.name}`}></data-table>`;
  }

  /**
   * Draw a number that opens the registrations it counts.
   * @param {ReportRow} row
   * @param {string} by
   * @param {FigureName} figure
   */
  figure(row, by, figure) {
    return row.figures[figure]
      ? html`<button type="button" class="quiet" data-testid="report-number" data-figure=${figure} @click=${() => this.open(by, row.key, row.name, figure)}>${number(row.figures[figure])}</button>`
      : '0';
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
        : entry.reviewable ? html`<form class="row" @submit=${(/** @type {SubmitEvent} */ event) => this.review(event, entry)}>${keptForm(`review:${entry.id}`)}
          <input name="remark" maxlength="1000" required aria-label=${t('reports.remark')} placeholder=${t('reports.remark')} data-testid="review-remark">
          <button data-testid="review-save">${t('reports.review')}</button></form>` : nothing}`;
  }
}

customElements.define('reports-page', ReportsPage);
