// Element `import-export`: tables of the directory as spreadsheets, on the page of the directory.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, postTo} from '../core/api.js';
import {t} from '../core/i18n.js';
import {errorMessage, icon} from '../core/base.js';
import {SpreadsheetImport} from '../core/spreadsheet-file.js';

const KINDS = ['units', 'rooms', 'devices', 'people'];
const MAX_SHOWN = 200;

/** Exports and imports tables of the directory; an import is previewed before it is done. Fires `changed`. */
export class ImportExport extends SpreadsheetImport {
  static properties = {kind: {state: true}, file: {state: true}, preview: {state: true}, done: {state: true}};

  constructor() {
    super();
    this.kind = KINDS[3];
    /** The chosen file in base64, while its preview is shown. */
    this.file = '';
    /** @type {ImportPreview | null} */
    this.preview = null;
    this.done = false;
  }

  /** @param {Record<string, any>} kept */
  restore(kept) {
    super.restore(kept);
    this.kind = kept.kind;
  }

  get keepable() {
    return {...super.keepable, kind: this.kind};
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    this.done = false;
    return super.attempt(run);
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    if (failure instanceof ProblemError && failure.status < 500) this.preview = null;
  }

  /** @param {string} file */
  async loadPreview(file) {
    [this.file, this.preview] = [file, null];
    this.preview = await postTo(`directory/tables/${this.kind}/preview`, {file});
  }

  async confirm() {
    await this.attempt(async () => {
      await postTo(`directory/tables/${this.kind}/import`, {file: this.file, seal: this.preview?.seal});
      this.leave();
      this.done = true;
      this.emit('changed');
    });
  }

  leave() {
    super.leave();
    this.preview = null;
  }

  render() {
    return html`<div class="row wrap">
        <label class="field">${t('table.kind')}
          <select data-testid="table-kind" @change=${(/** @type {any} */ {target}) => ([this.kind, this.preview] = [target.value, null])}>
            ${KINDS.map(kind => html`<option value=${kind} ?selected=${kind === this.kind}>${t(`table.${kind}`)}</option>`)}
          </select></label>
        ${['xlsx', 'csv'].map(
          format => html`<a class="button" data-testid="export-${format}" href="api/v1/directory/tables/${this.kind}?format=${format}" download>${icon('download')}<span>${format.toUpperCase()}</span></a>`,
        )}
        <label class="button">${icon('up')}<span>${t('table.import')}</span><input class="unseen" type="file" accept=".csv,.xlsx" data-testid="import-file" @change=${this.choose}></label>
      </div>
      ${errorMessage(this.error)} ${this.preview ? this.importPlan(this.preview) : this.faultList('faults')}
      ${this.done ? html`<p class="good" role="status" data-testid="imported">${t('table.done')}</p>` : nothing}`;
  }

  /** @param {ImportPreview} preview */
  importPlan({steps, same}) {
    return html`<h2>${t('table.preview')}</h2>
      <ul class="plain" data-testid="steps">${steps.slice(0, MAX_SHOWN).map(({line, what, text}) => html`<li>${t('table.line', line)} · <strong>${t(`table.${what}`)}</strong> · ${text}</li>`)}</ul>
      <p class="soft">${t('table.same', same)}${steps.length > MAX_SHOWN ? ` ${t('table.more', steps.length - MAX_SHOWN)}` : ''}</p>
      <div class="row end">
        <button type="button" data-testid="import-no" @click=${this.leave}>${t('directory.no')}</button>
        <button type="button" class="main" data-testid="import-yes" ?disabled=${!steps.length} @click=${this.confirm}>${t('table.confirm', steps.length)}</button>
      </div>`;
  }
}

customElements.define('import-export', ImportExport);
