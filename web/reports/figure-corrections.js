// Page `figures.html`: units check their figures of a period.

import {html, nothing, repeat} from '../vendor/lit.js';
import {submitFigures, requestFigures, figureRequests} from '../core/api.js';
import {errorMessage, Page, setTitle} from '../core/base.js';
import {dateField, formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {day, fromLocal, hourMinute} from '../core/time.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

const MINUTE_MS = 60_000;
/** The CSS class of each standing of a unit's reply. */
const BADGES = {waiting: 'lobby', overdue: 'cancelled', confirmed: 'open', corrected: 'upcoming'};

/** Lets the centre ask units to check their figures, and each unit correct or confirm them (Điều 19.5). */
class FiguresPage extends Page {
  static properties = {...Page.properties, list: {state: true}, sent: {state: true}};

  constructor() {
    super();
    setTitle('figures.title');
    /** @type {FigureRequest[]} */
    this.list = [];
    this.sent = '';
  }

  get central() {
    return isCentral(this.me);
  }

  async load() {
    this.list = await figureRequests();
  }

  /** @param {SubmitEvent} event */
  ask(event) {
    event.preventDefault();
    const form = formOf(event);
    const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    this.attempt(async () => {
      const made = await requestFigures({period: fields.period, year: fields.year}, {title: fields.title, due: fromLocal(`${fields.due}T17:00`)});
      this.list = [made, ...this.list];
      this.sent = t('figures.asked', made.asked);
      form.reset();
    }, form);
  }

  /** @param {SubmitEvent} event @param {FigureRequest} request @param {FigureAnswer} answer */
  submit(event, request, answer) {
    event.preventDefault();
    const data = new FormData(formOf(event));
    const figures = Object.fromEntries(Object.keys(answer.counted).map(name => [name, Number(data.get(name))]));
    this.attempt(async () => {
      await submitFigures(request.id, {figures, remark: String(data.get('remark') ?? '')});
      await this.load();
      this.sent = t('figures.said');
    }, formOf(event), named => named.replace(/^figures\./, ''));
  }

  render() {
    return html`<top-bar .me=${this.me} current="figures"></top-bar>
      <main class="sections">
        <h1>${t('figures.title')}</h1>
        ${errorMessage(this.error)} ${this.sent ? html`<p role="status" data-testid="figures-sent">${this.sent}</p>` : nothing}
        ${this.central ? this.requestForm() : nothing}
        ${this.loading ? loadingState() : nothing}
        ${this.loading || this.list.length ? nothing : emptyState({title: t('figures.none'), action: pageLink(this.central ? 'reports' : 'today'), testid: 'figures-none'})}
        ${repeat(this.list, ({id}) => id, request => this.request(request))}
      </main>`;
  }

  requestForm() {
    const soon = new Date(Date.now() + 7 * 24 * 60 * MINUTE_MS).toISOString().slice(0, 10);
    return html`<form class="card column" @submit=${this.ask}>${keptForm('ask')}
      <h2>${t('figures.ask')}</h2>
      <p class="soft">${t('figures.ask-hint')}</p>
      <div class="filters">
        <label class="field"><span>${t('figures.what')}</span><input name="title" maxlength="1000" required data-testid="figures-what"></label>
        <label class="field"><span>${t('reports.period')}</span><select name="period" data-testid="figures-period">
          ${['first_half', 'second_half', 'year'].map(one => html`<option value=${one}>${t(`reports.${one}`)}</option>`)}</select></label>
        <label class="field"><span>${t('reports.year-of')}</span><input name="year" type="number" min="2000" max="2199" required .value=${String(new Date().getFullYear())} data-testid="figures-year"></label>
        ${dateField({name: 'due', label: t('figures.due'), value: soon, testid: 'figures-due', required: true})}
        <button class="main" data-testid="figures-ask">${t('figures.send')}</button>
      </div>
    </form>`;
  }

  /** @param {FigureRequest} request */
  request(request) {
    const own = request.may_answer ? request.answers.find(({unit}) => unit.id === this.me?.unit?.id) : undefined;
    return html`<section class="card column" data-testid="figures-request" data-id=${request.id}>
      <div class="row between wrap"><h2>${request.title}</h2><span class="soft">${t('figures.answered', request.answered, request.asked)}</span></div>
      <p class="soft">${t('figures.of', day(request.period.start), day(new Date(Date.parse(request.period.end) - MINUTE_MS).toISOString()), hourMinute(request.due), day(request.due))}</p>
      ${own ? this.form(request, own) : nothing}
      ${request.answers.every(one => one === own) ? nothing : this.answerTable(request)}
    </section>`;
  }

  /** @param {FigureRequest} request @param {FigureAnswer} own */
  form(request, own) {
    return html`<form class="column" @submit=${(/** @type {SubmitEvent} */ event) => this.submit(event, request, own)}>${keptForm(`figures:${request.id}`)}
      <div class="wide-table" tabindex="0" role="region" aria-label=${request.title}><table class="ledger"><thead><tr><th scope="col">${t('figures.figure')}</th><th scope="col">${t('figures.counted')}</th><th scope="col">${t('figures.yours')}</th></tr></thead>
        <tbody>${Object.entries(own.counted).map(([name, counted]) => html`<tr><th scope="row">${t(`reports.${name}`)}</th><td class="number">${number(counted)}</td>
          <td><input type="number" name=${name} min="0" max="10000000" required aria-label=${t(`reports.${name}`)} .value=${String(own.said?.[name] ?? counted)} data-testid="figure" data-figure=${name}></td></tr>`)}</tbody></table></div>
      <label class="field"><span>${t('figures.remark')}</span><input name="remark" maxlength="1000" .value=${own.remark} data-testid="figures-remark"></label>
      <div class="row between wrap"><span>${this.badge(own)}</span><button class="main" data-testid="figures-say">${t('figures.say')}</button></div>
    </form>`;
  }

  /** Draw the replies of units, those that are missing first. @param {FigureRequest} request */
  answerTable(request) {
    const order = ['overdue', 'waiting', 'corrected', 'confirmed'];
    const rows = [...request.answers].sort((one, other) => order.indexOf(one.standing) - order.indexOf(other.standing));
    return html`<div class="wide-table" tabindex="0" role="region" aria-label=${request.title}><table class="ledger"><thead><tr>${['unit', 'standing', 'changed', 'remark-of'].map(column => html`<th scope="col">${t(`figures.${column}`)}</th>`)}</tr></thead>
      <tbody>${rows.map(one => html`<tr data-testid="figures-unit" data-unit=${one.unit.id} data-standing=${one.standing}><th scope="row">${one.unit.name}</th><td>${this.badge(one)}</td>
        <td>${changedFigures(one).map(([name, counted, said]) => html`<div>${t('figures.change', t(`reports.${name}`), number(counted), number(said))}</div>`)}</td>
        <td class="long">${one.remark}</td></tr>`)}</tbody></table></div>`;
  }

  /** @param {FigureAnswer} one */
  badge(one) {
    return html`<span class="badge ${BADGES[one.standing]}">${t(`figures.${one.standing}`)}</span> ${one.at ? html`<span class="soft">${one.by} ${hourMinute(one.at)} ${day(one.at)}</span>` : nothing}`;
  }
}

/**
 * Return the figures that a unit corrected, as [name, counted, corrected].
 * @param {FigureAnswer} one
 * @returns {[string, number, number][]}
 */
function changedFigures({counted, said}) {
  return Object.entries(said ?? {}).filter(([name, value]) => value !== counted[name]).map(([name, value]) => [name, counted[name], value]);
}

customElements.define('figures-page', FiguresPage);
