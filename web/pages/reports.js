import {html, nothing, repeat, svg} from '../vendor/lit.js';
import {report, reportFile, reportRows} from '../api.js';
import {alertLine, icon, Page, title} from '../elements/base.js';
import '../elements/top-bar.js';
import {number, t} from '../i18n.js';
import {day, fromLocal, hourMinute, slot, utc} from '../time.js';

const FIGURES = /** @type {const} */ (['registered', 'sessions', 'minutes', 'points', 'recorded', 'late', 'answered_late', 'waited', 'revoked', 'cancelled', 'incidents']);
const GROUPINGS = /** @type {const} */ (['level', 'class', 'purpose', 'kind', 'unit']);
const CARRIER = /** @type {const} */ (['lines', 'sessions', 'minutes', 'lossy', 'incidents', 'restored', 'restore']);
const DAY_MS = 86_400_000;
const WIDTH = 760;
const HEIGHT = 190;
const BOTTOM = 26;
const TOP = 22;

/** Figures of a period; every number opens the registrations it counts. */
class ReportsPage extends Page {
  static properties = {...Page.properties, report: {state: true}, asked: {state: true}, behind: {state: true}};

  constructor() {
    super();
    title('reports.title');
    /** @type {Report | null} */
    this.report = null;
    /** @type {Record<string, string>} */
    this.asked = {period: 'year', year: String(new Date().getFullYear())};
    /** What a number counts. @type {{name: string, list: ReportEntry[]} | null} */
    this.behind = null;
  }

  async load() {
    this.report = await report(this.asked);
  }

  /** @param {SubmitEvent} event */
  show(event) {
    event.preventDefault();
    const {period, year, month, calendar, from, to} = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    const ends = to ? utc(Date.parse(fromLocal(`${to}T00:00`)) + DAY_MS) : '';
    this.asked = period === 'range'
      ? {period, ...(from && {from: fromLocal(`${from}T00:00`)}), ...(ends && {to: ends})}
      : {period: String(period), year: String(year), ...(month && {month: String(month)}), ...(calendar && {calendar: 'true'})};
    this.attempt(() => this.load());
  }

  /** @param {string} by @param {string} key @param {string} name @param {string} figure */
  open(by, key, name, figure) {
    this.attempt(async () => {
      const list = await reportRows({...this.asked, ...(by && {by, key}), figure});
      this.behind = {name: `${t(`reports.${figure}`)} · ${name}`, list};
    });
  }

  updated() {
    const dialog = this.querySelector('dialog');
    if (this.behind && !dialog?.open) dialog?.showModal();
  }

  render() {
    return html`<top-bar .me=${this.me} current="reports"></top-bar>
      <main>
        <h1>${t('reports.title')}</h1>
        ${alertLine(this.error)} ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : nothing}
        ${this.report ? html`${this.form()} ${this.whole(this.report)}` : nothing}
      </main>
      ${this.behind ? this.list(this.behind) : nothing}`;
  }

  form() {
    const range = this.asked.period === 'range';
    const choose = (/** @type {Event} */ {target}) => (this.asked = {...this.asked, period: /** @type {HTMLSelectElement} */ (target).value});
    return html`<form class="filters" @submit=${this.show}>
      <div class="field"><label for="period">${t('reports.period')}</label><select id="period" name="period" data-testid="report-period" @change=${choose}>
        ${['month', 'first_half', 'second_half', 'year', 'range'].map(one => html`<option value=${one} ?selected=${one === this.asked.period}>${t(`reports.${one}`)}</option>`)}</select></div>
      ${range
        ? html`<div class="field"><label for="from">${t('reports.from')}</label><input id="from" name="from" type="date" required data-testid="report-from"></div>
            <div class="field"><label for="to">${t('reports.to')}</label><input id="to" name="to" type="date" required data-testid="report-to"></div>`
        : html`<div class="field"><label for="year">${t('reports.year-of')}</label><input id="year" name="year" type="number" min="2000" max="2199" required
              .value=${this.asked.year ?? String(new Date().getFullYear())} data-testid="report-year"></div>
            ${this.asked.period === 'month' ? this.months() : html`<label class="option"><input type="checkbox" name="calendar" ?checked=${this.asked.calendar} data-testid="report-calendar"><span>${t('reports.calendar')}</span></label>`}`}
      <button class="main" data-testid="report-show">${t('reports.show')}</button>
      ${['xlsx', 'pdf'].map(format => html`<a class="button" href=${reportFile({...this.asked, format})} download data-testid="report-${format}">${icon('download')}<span>${format.toUpperCase()}</span></a>`)}
    </form>`;
  }

  months() {
    return html`<div class="field"><label for="month">${t('reports.month-of')}</label><input id="month" name="month" type="number" min="1" max="12" required
      .value=${this.asked.month ?? String(new Date().getMonth() + 1)} data-testid="report-month"></div>`;
  }

  /** @param {Report} whole */
  whole(whole) {
    const {usage} = whole;
    const peak = usage.points_at ? ` (${hourMinute(usage.points_at)} ${day(usage.points_at)})` : '';
    return html`<h2 data-testid="report-title">${whole.title}</h2>
      <p data-testid="report-usage">${t('reports.usage', usage.sessions, usage.points, usage.waited, usage.revoked, usage.refused, peak)}</p>
      ${whole.total.registered ? html`${this.chart(whole.rows.month)} ${GROUPINGS.map(by => this.table(whole, by))}`
        : html`<p class="empty" data-testid="report-none">${t('reports.none')}</p>`}
      ${whole.carriers.length ? this.carriers(whole.carriers) : nothing}`;
  }

  /** Sessions of each month as bars. @param {ReportRow[]} months */
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
      <tbody>${this.row({key: '', name: t('reports.total'), figures: whole.total, before: whole.rows[by].reduce((sum, {before}) => sum + (before ?? 0), 0)}, '', by === 'unit')}
        ${repeat(whole.rows[by], ({key}) => key, row => this.row(row, by, by === 'unit'))}</tbody>
    </table></div>`;
  }

  /** Lines of telecom enterprises, month by month. @param {CarrierRow[]} rows */
  carriers(rows) {
    return html`<h2>${t('reports.by-carrier')}</h2><div class="wide-table" tabindex="0" role="region" aria-label=${t('reports.by-carrier')}><table class="ledger" data-testid="report-carriers">
      <thead><tr><th scope="col">${t('reports.carrier')}</th>${CARRIER.map(figure => html`<th scope="col">${t(`carrier.${figure}`)}</th>`)}</tr></thead>
      <tbody>${rows.map(row => html`<tr data-testid="report-carrier"><th scope="row">${row.month.slice(5)}/${row.month.slice(0, 4)} ${row.name}</th>
        ${CARRIER.map(figure => html`<td class="number" data-figure=${figure}>${row[figure] === null ? '–' : number(row[figure])}</td>`)}</tr>`)}</tbody></table></div>`;
  }

  /** @param {ReportRow} row @param {string} by @param {boolean} compared */
  row(row, by, compared) {
    return html`<tr class=${by ? '' : 'sum'} data-key=${row.key}><th scope="row">${row.name}</th>
      ${FIGURES.map(figure => html`<td class="number">${row.figures[figure]
        ? html`<button type="button" class="quiet" data-testid="report-number" data-figure=${figure} @click=${() => this.open(by, row.key, row.name, figure)}>${number(row.figures[figure])}</button>`
        : '0'}</td>`)}
      ${compared ? html`<td class="number">${number(row.before ?? 0)}</td>` : nothing}</tr>`;
  }

  /** @param {{name: string, list: ReportEntry[]}} behind */
  list({name, list}) {
    return html`<dialog class="wide" aria-labelledby="behind" @close=${() => (this.behind = null)}>
      <div class="row between"><h2 id="behind">${name}</h2>
        <form method="dialog"><button class="quiet" data-testid="close">${icon('cross')}<span>${t('app.close')}</span></button></form></div>
      <div class="wide-table"><table class="ledger"><tbody>${list.map(entry => html`<tr data-testid="report-entry">
        <td class="stamp">${slot(entry)}</td><td>${entry.number}</td><td class="long">${entry.title} <span class="soft">${entry.unit}</span></td><td>${t(`reports.state-${entry.state}`)}</td></tr>`)}</tbody></table></div>
    </dialog>`;
  }
}

customElements.define('reports-page', ReportsPage);
