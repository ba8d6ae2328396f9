// Element `readiness-board`: the points of a session and their checks, on the page of readiness.

import {html, nothing, repeat} from '../vendor/lit.js';
import {recordCheck, recordStep} from '../core/api.js';
import {t} from '../core/i18n.js';
import {keepProperties} from '../core/address.js';
import {ITEMS, filterRows, groupRows, markOf} from './readiness-rows.js';
import {keptForm, keptForms} from '../core/kept-form.js';
import {hourMinute} from '../core/time.js';
import {BaseElement, icon} from '../core/base.js';
import {clearButton, emptyState} from '../core/states.js';

const RESULTS = /** @type {const} */ (['ok', 'faulty', 'waived']);

/**
 * Lists the points of a session, red first, and records checks of those that are ticked. Fires `change-board` with
 * the request to make, and the form that it is from.
 */
export class ReadinessBoard extends BaseElement {
  static properties = {board: {attribute: false}, text: {state: true}, colour: {state: true}, ticked: {state: true}, words: {state: true}};

  constructor() {
    super();
    /** @type {ReadyBoard | null} */
    this.board = null;
    this.text = '';
    this.colour = '';
    keepProperties(this, {q: 'text', colour: 'colour'});
    /** @type {Set<string>} */
    this.ticked = new Set();
    this.words = '';
  }

  /** Under which name the ticked points are kept, which are no fields of the form. */
  get keptPoints() {
    return `check-points:${this.board?.session.id}`;
  }

  /** @param {Map<string, any>} changed */
  willUpdate(changed) {
    if (!changed.has('board') || !this.board || this.board.session.id === changed.get('board')?.session.id) return;
    const may = this.board.points.filter(({may_check}) => may_check).map(({point}) => point);
    this.ticked = new Set(may.filter(point => keptForms.kept(this.keptPoints)?.points.includes(point)));
  }

  /** @param {string[]} points @param {boolean} on */
  tick(points, on) {
    const next = new Set(this.ticked);
    for (const point of points) {
      if (on) next.add(point);
      else next.delete(point);
    }
    this.ticked = next;
    keptForms.keep(this.keptPoints, {points: [...next]});
  }

  /** @param {ReadyBoard} board @param {CheckResult} result @param {HTMLFormElement | null} form */
  recordCheck(board, result, form) {
    const {id, kind} = board.session;
    const check = {points: [...this.ticked], kind, result, words: this.words};
    const run = async () => {
      const changed = await recordCheck(id, check);
      this.ticked = new Set();
      keptForms.drop(this.keptPoints);
      this.words = '';
      return changed;
    };
    this.emit('change-board', {run, form});
  }

  render() {
    const {board} = this;
    if (!board) return nothing;
    const rows = filterRows(board.points, this.text, this.colour);
    return html`<section class="card">
      <h2>${t('ready.points', board.points.length)}</h2>
      ${this.filters()} ${board.points.some(({may_check}) => may_check) ? this.checkButtons(board, rows) : nothing}
      ${board.may_assign ? nothing : board.points.filter(({own}) => own).map(row => this.steps(board, row))}
      ${rows.length ? this.table(rows) : emptyState({picture: 'search', title: t('ready.no-point'), action: clearButton(() => ([this.text, this.colour] = ['', ''])), testid: 'ready-empty'})}
    </section>`;
  }

  /**
   * Draw the steps of switching on and off, for the people of a point (Điều 11.2).
   * @param {ReadyBoard} board
   * @param {ReadyPoint} row
   */
  steps(board, row) {
    return html`<fieldset class="steps">
      <legend>${t('ready.steps', row.label)}</legend>
      ${row.steps.map(
        ({id, name, done}) => html`<label class="option"><input type="checkbox" data-testid="ready-step" data-step=${id} .checked=${Boolean(done)}
          @change=${(/** @type {any} */ event) => {
            const on = event.target.checked;
            this.emit('change-board', {run: () => recordStep(board.session.id, {point: row.point, step: id, done: on})});
          }}><span>${name}${done ? html`<small>${hourMinute(done)}</small>` : nothing}</span></label>`,
      )}
    </fieldset>`;
  }

  filters() {
    return html`<div class="row wrap">
      <div class="field grow">
        <label for="ready-search">${t('ready.search')}</label>
        <input id="ready-search" type="search" data-testid="ready-search" autocomplete="off" .value=${this.text}
          @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
      </div>
      <div class="field">
        <label for="ready-colours">${t('ready.filter')}</label>
        <select id="ready-colours" data-testid="ready-filter" @change=${(/** @type {any} */ event) => (this.colour = event.target.value)}>
          <option value="">${t('ready.every')}</option>
          ${['red', 'amber', 'green'].map(colour => html`<option value=${colour} .selected=${colour === this.colour}>${t(`ready.colour-${colour}`)}</option>`)}
        </select>
      </div>
    </div>`;
  }

  /** Draw the buttons that record a check of the ticked points. @param {ReadyBoard} board @param {ReadyPoint[]} rows */
  checkButtons(board, rows) {
    const may = rows.filter(({may_check}) => may_check).map(({point}) => point);
    const all = may.length > 0 && may.every(point => this.ticked.has(point));
    const results = RESULTS.filter(result => result !== 'waived' || (board.urgent && board.may_assign));
    return html`<form class="row wrap checks" @submit=${(/** @type {SubmitEvent} */ event) => event.preventDefault()}>${keptForm(`check:${board.session.id}`)}
      <label class="option"><input type="checkbox" data-testid="ready-all-points" .checked=${all}
        @change=${(/** @type {any} */ event) => this.tick(may, event.target.checked)}><span>${t('ready.ticked', this.ticked.size)}</span></label>
      <div class="field grow">
        <label for="ready-words">${t('ready.words')}</label>
        <input id="ready-words" name="words" data-testid="ready-words" maxlength="500" .value=${this.words}
          @input=${(/** @type {any} */ event) => (this.words = event.target.value)}>
      </div>
      ${results.map(
        result => html`<button type="button" class=${result === 'ok' ? 'main' : result === 'faulty' ? 'danger' : ''} data-testid="check-${result}"
          ?disabled=${!this.ticked.size || (result !== 'ok' && !this.words.trim())} @click=${(/** @type {any} */ {target}) => this.recordCheck(board, result, target.form)}>${t(`ready.result-${result}`)}</button>`,
      )}
    </form>`;
  }

  /** @param {ReadyPoint[]} rows */
  table(rows) {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('ready.table')}>
      <table class="ready">
        <thead><tr><th scope="col">${t('ready.point')}</th>${ITEMS.map(item => html`<th scope="col">${t(`ready.item-${item}`)}</th>`)}</tr></thead>
        ${groupRows(rows).map(
          group => html`<tbody>
            <tr class="head"><th colspan=${ITEMS.length + 1} scope="rowgroup"><span class="light ${group.colour}">${t(`ready.colour-${group.colour}`)}</span> ${group.district} (${group.rows.length})</th></tr>
            ${repeat(group.rows, ({point}) => point, row => this.row(row))}
          </tbody>`,
        )}
      </table>
    </div>`;
  }

  /** @param {ReadyPoint} row */
  row(row) {
    const done = row.steps.filter(step => step.done).length;
    const name = html`<span>${row.label}<small>${row.name}${done ? ` · ${t('ready.steps-done', done, row.steps.length)}` : ''}</small></span>`;
    return html`<tr data-testid="ready-point" data-point=${row.point} data-colour=${row.colour}>
      <th scope="row">${row.may_check
        ? html`<label class="option"><input type="checkbox" data-testid="ready-tick" .checked=${this.ticked.has(row.point)}
            @change=${(/** @type {any} */ event) => this.tick([row.point], event.target.checked)}>${name}</label>`
        : name}</th>
      ${ITEMS.map(item => this.cell(markOf(row, item)))}
    </tr>`;
  }

  /** @param {ReadyMark} mark */
  cell({item, colour, word, value}) {
    const picture = colour === 'green' ? 'check' : colour === 'none' ? '' : 'warn';
    const words = word === 'ok' && value ? value : t(`ready.word-${word}`);
    const why = word === 'failed' ? value.split(', ').map(fault => t(`self.failed-${fault}`)).join(', ') : value;
    const more = word !== 'ok' && value ? html`<small>${why}</small>` : nothing;
    return html`<td data-testid="ready-${item}" data-colour=${colour}><span class="mark ${colour}">${picture ? icon(picture) : nothing}<span>${words}${more}</span></span></td>`;
  }
}

customElements.define('readiness-board', ReadinessBoard);
