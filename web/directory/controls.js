// Page `controls.html`: the register of security controls with evidence.

import {html, nothing, repeat} from '../vendor/lit.js';
import {controlPoints, controls, controlsUrl, setControl} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import './evidence-files.js';
import './security-incidents.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/data-table.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {day} from '../core/time.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

const STATES = /** @type {const} */ (['met', 'partly', 'unmet', 'not_applicable']);
/** @type {Record<string, string>} */
const BADGES = {met: 'open', partly: 'lobby', unmet: 'cancelled', not_applicable: 'ended', unsaid: 'waiting'};

/** The columns of the points. @type {import('../core/table-state.js').Column<CheckedPoint>[]} */
const POINT_COLUMNS = [
  {id: 'point', label: t('controls.point'), value: ({label, point}) => `${label} ${point.name}`,
    cell: ({label, point}) => html`<a href="controls.html?point=${point.id}">${label}</a> <small>${point.name}</small>`},
  {id: 'open-items', label: t('controls.open-items'), number: true, value: ({open}) => open},
  {id: 'last', label: t('controls.last'), value: ({at}) => at ?? '', cell: ({by, at}) => (at ? `${by} ${day(at)}` : '–')},
  {id: 'again', label: t('controls.again'), value: ({due}) => due ?? '',
    cell: ({due, overdue}) => html`${due ? day(`${due}T00:00:00+07:00`) : ''} ${overdue ? html`<span class="badge warn">${t(due ? 'controls.overdue' : 'controls.none-said')}</span>` : nothing}`},
];

/**
 * Shows the register of security controls with evidence (Điều 7.1, 10.2): the system's for supervisors, a point's for
 * its unit.
 */
class ControlsPage extends Page {
  static properties = {...Page.properties, lists: {state: true}, points: {state: true}, point: {state: true}, editing: {state: true}};

  constructor() {
    super();
    setTitle('controls.title');
    /** @type {Checklist[]} */
    this.lists = [];
    /** @type {CheckedPoint[]} */
    this.points = [];
    /** The point whose checklists are shown; '' for the system's. */
    this.point = new URLSearchParams(location.search).get('point') ?? '';
    /** The item whose form is open. @type {{list: Checklist, row: ControlRow} | null} */
    this.editing = null;
  }

  get central() {
    return isCentral(this.me);
  }

  get supervises() {
    return this.central || Boolean(this.me?.roles.includes('supervisor'));
  }

  async load() {
    if (!this.supervises && !this.point) this.point = this.me?.point?.id ?? '';
    if (!this.supervises && !this.point) return;
    const all = this.supervises && !this.point;
    [this.lists, this.points] = await Promise.all([controls(this.point), all ? controlPoints() : []]);
  }

  /** @param {SubmitEvent} event */
  save(event) {
    event.preventDefault();
    const {state, remark} = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(formOf(event))));
    const [asked, form] = [this.editing, formOf(event)];
    if (asked)
      this.attempt(async () => {
        this.lists = await setControl({checklist: asked.list.id, point: this.point || null, item: asked.row.item, state, remark});
        this.editing = null;
      }, form);
  }

  render() {
    return html`<top-bar .me=${this.me} current="controls"></top-bar>
      <main class="sections" @changed=${() => this.refresh(() => this.load())}>
        <div class="row between wrap"><h1>${t('controls.title')}</h1>
          ${this.lists.length ? html`<a class="button" href=${controlsUrl(this.point)} download data-testid="controls-export">${icon('download')}<span>XLSX</span></a>` : nothing}</div>
        ${this.point && this.supervises ? html`<p><a href="controls.html">${t('controls.all')}</a></p>` : nothing}
        ${errorMessage(this.editing ? '' : this.error)} ${this.loading ? loadingState() : nothing}
        ${this.loading || this.error || this.lists.length ? nothing : emptyState({picture: 'lock', title: t('controls.none'), action: pageLink('directory'), testid: 'controls-none'})}
        ${repeat(this.lists, ({id}) => id, list => this.checklist(list))} ${this.points.length ? this.pointTable() : nothing}
        ${this.supervises && !this.point && !this.loading ? html`<security-incidents></security-incidents>` : nothing}
      </main>
      ${this.editing ? this.question(this.editing) : nothing}`;
  }

  /** @param {Checklist} list */
  checklist(list) {
    return html`<section class="card column" data-testid="checklist" data-id=${list.id}>
      <div class="row between wrap"><h2>${list.name}${this.point ? html` · ${this.point}` : nothing}</h2><span class="soft" data-testid="controls-open">${t('controls.open', list.open, list.rows.length)}</span></div>
      <p class="soft">${list.basis}. ${t('controls.months', list.months)}</p>
      <div class="wide-table" tabindex="0" role="region" aria-label=${list.name}><table class="ledger"><thead><tr>${['item', 'state', 'evidence', 'said'].map(one => html`<th scope="col">${t(`controls.${one}`)}</th>`)}<th scope="col"><span class="unseen">${t('controls.say')}</span></th></tr></thead>
        <tbody>${repeat(list.rows, ({item}) => item, row => this.row(list, row))}</tbody></table></div>
    </section>`;
  }

  /** @param {Checklist} list @param {ControlRow} row */
  row(list, row) {
    const stand = row.state ?? 'unsaid';
    return html`<tr data-testid="control" data-item=${row.item} data-state=${stand}>
      <th scope="row" class="long">${row.text} <span class="soft">${row.group}</span></th>
      <td><span class="badge ${BADGES[stand]}">${t(`controls.${stand}`)}</span></td>
      <td class="long">${row.proof.map(one => html`<div><code>${one}</code></div>`)}
        ${row.id ? html`<evidence-files .path=${`controls/${row.id}`} .files=${row.files} .edit=${this.central}></evidence-files>` : nothing}
        ${row.proof.length || row.files.length ? nothing : html`<span class="soft">${t('controls.no-evidence')}</span>`}</td>
      <td class="long">${row.at ? html`${row.remark} <span class="soft">${row.by} ${day(row.at)}; ${t('controls.due', day(`${row.due}T00:00:00+07:00`))}</span> ${row.overdue ? html`<span class="badge lobby">${t('controls.overdue')}</span>` : nothing}` : '–'}</td>
      <td>${list.may_set ? html`<button type="button" data-testid="control-say" @click=${() => (this.editing = {list, row})}>${t('controls.say')}</button>` : nothing}</td></tr>`;
  }

  pointTable() {
    return html`<section class="card column"><h2>${t('controls.points')}</h2><p class="soft">${t('controls.points-hint')}</p>
      <data-table name="controls-points" label=${t('controls.points')} .columns=${POINT_COLUMNS} .rows=${this.points} .rowId=${(/** @type {CheckedPoint} */ {point}) => point.id}></data-table></section>`;
  }

  /** @param {{list: Checklist, row: ControlRow}} asked */
  question({list, row}) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.editing = null)}>
      <h2 id="question">${row.text}</h2><p class="soft">${list.name}</p>${errorMessage(this.error, 'control-error')}
      <form class="column" @submit=${this.save}>${keptForm(`${this.point}:${list.id}:${row.item}`)}
        <label class="field"><span>${t('controls.state')}</span><select name="state" data-testid="control-state">${STATES.map(one => html`<option value=${one} ?selected=${one === row.state}>${t(`controls.${one}`)}</option>`)}</select></label>
        <label class="field"><span>${t('controls.remark')}</span><input name="remark" maxlength="1000" .value=${row.remark} data-testid="control-remark"></label>
        <div class="row end"><button type="button" @click=${() => (this.editing = null)}>${t('app.close')}</button><button class="main" data-testid="control-save">${t('directory.save')}</button></div>
      </form>
    </dialog>`;
  }
}

customElements.define('controls-page', ControlsPage);
