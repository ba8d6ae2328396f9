// Base class of the elements that import a spreadsheet: import-export.js and script-spreadsheet.js. Rows of a CSV file
// with an error are mended in the page, and kept until they are used; those of a workbook, in the program that wrote it.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError} from './api.js';
import {csvText, lineOf, parseCsv} from './csv.js';
import {toBase64} from './files.js';
import {t} from './i18n.js';
import {RequestingElement, icon} from './base.js';
import {keptForms} from './kept-form.js';

/** An element that imports a spreadsheet: it previews the file before anything changes, and lists errors row by row. */
export class SpreadsheetImport extends RequestingElement {
  /** @type {Record<string, object>} */
  static properties = {faults: {state: true}, rows: {state: true}};

  constructor() {
    super();
    /** @type {{field: string, detail: string}[]} */
    this.faults = [];
    /** The rows of the chosen file, when it is CSV. @type {string[][]} */
    this.rows = [];
  }

  /** The name under which rows with an error are kept. */
  get keptName() {
    return this.localName;
  }

  /** Show the rows again that were being mended before a reload or a lost session. */
  connectedCallback() {
    super.connectedCallback();
    const kept = keptForms.kept(this.keptName);
    if (!kept) return;
    this.restore(kept);
    for (let fold = this.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null) fold.open = true;
  }

  /** Put back what was kept. @param {Record<string, any>} kept */
  restore({rows, faults}) {
    [this.rows, this.faults, this.error] = [rows, faults, t('table.faulty', faults.length)];
  }

  /** Return what is to be kept of rows with an error. @returns {Record<string, any>} */
  get keepable() {
    return {rows: this.rows, faults: this.faults};
  }

  /** Keep the rows until they are used. */
  keepRows() {
    keptForms.keep(this.keptName, this.keepable);
  }

  /** Leave the file: it is used, or not wanted. */
  leave() {
    this.faults = [];
    keptForms.drop(this.keptName);
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    const faults = failure instanceof ProblemError ? failure.problem.errors ?? [] : [];
    if (!faults.length) return;
    this.faults = faults;
    this.error = t('table.faulty', this.faults.length);
    if (this.rows.length) this.keepRows();
  }

  /** @param {Event} event */
  async choose(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    this.leave();
    this.rows = file.name.endsWith('.csv') ? parseCsv((await file.text()).replace('\ufeff', '')) : [];
    await this.send(file);
  }

  /** Send a file for its preview. @param {Blob} file */
  async send(file) {
    await this.attempt(async () => {
      const sent = await toBase64(file);
      if (sent === null) this.error = t('table.large');
      else await this.loadPreview(sent);
    });
  }

  /** Send the rows as they were mended. */
  sendMended() {
    return this.send(new Blob([csvText(this.rows)]));
  }

  /** Fetch the preview of the chosen file; each element overrides it. @param {string} _file in base64 */
  async loadPreview(_file) {}

  /** @param {string} id the data-testid */
  faultList(id) {
    if (!this.faults.length) return nothing;
    const lines = new Set(this.faults.map(({field}) => lineOf(field) ?? 0).filter(line => line > 1 && this.rows[line - 1]));
    return html`<ul class="plain" data-testid=${id}>${this.faults.map(({field, detail}) => html`<li><strong>${field}</strong>: ${detail}</li>`)}</ul>
      ${lines.size ? html`${[...lines].map(line => this.mendFields(line))}
        <div class="row end"><button type="button" class="main" data-testid="mend" @click=${this.sendMended}>${icon('check')}<span>${t('table.mend')}</span></button></div>` : nothing}`;
  }

  /** Draw the cells of a row, to be mended. @param {number} line from 1, the titles' */
  mendFields(line) {
    const [titles, cells] = [this.rows[0], this.rows[line - 1]];
    const mend = (/** @type {number} */ at, /** @type {string} */ text) => {
      cells[at] = text;
      this.keepRows();
    };
    return html`<fieldset class="mend" data-testid="mend-row" data-line=${line}><legend>${t('table.line', line)}</legend>${titles.map(
      (title, at) => html`<label class="field"><span>${title}</span><input .value=${cells[at] ?? ''} data-testid="mend-cell" @input=${(/** @type {any} */ {target}) => mend(at, target.value)}></label>`,
    )}</fieldset>`;
  }
}
