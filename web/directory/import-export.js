import {html, nothing} from '../vendor/lit.js';
import {act} from '../core/api.js';
import {t} from '../core/i18n.js';
import {alertLine, icon} from '../core/base.js';
import {TableFile} from '../core/spreadsheet-file.js';

const KINDS = ['units', 'rooms', 'devices', 'people'];
const SHOWN = 200;

/** Tables of the directory out and in; what an import would do is shown before it is done. Acts `changed`. */
export class TableExchange extends TableFile {
  static properties = {kind: {state: true}, file: {state: true}, preview: {state: true}, done: {state: true}};

  constructor() {
    super();
    this.kind = KINDS[3];
    /** In base64, while its preview is looked at. */
    this.file = '';
    /** @type {ImportPreview | null} */
    this.preview = null;
    this.done = false;
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    this.done = false;
    return super.attempt(run);
  }

  /** @param {unknown} failure */
  failed(failure) {
    super.failed(failure);
    this.preview = null;
  }

  /** @param {string} file */
  async look(file) {
    this.file = file;
    this.preview = await act(`directory/tables/${this.kind}/preview`, {file});
  }

  async confirm() {
    await this.attempt(async () => {
      await act(`directory/tables/${this.kind}/import`, {file: this.file, seal: this.preview?.seal});
      this.preview = null;
      this.done = true;
      this.act('changed');
    });
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
      ${alertLine(this.error)} ${this.faultList('faults')}
      ${this.preview ? this.plan(this.preview) : nothing} ${this.done ? html`<p class="good" role="status" data-testid="imported">${t('table.done')}</p>` : nothing}`;
  }

  /** @param {ImportPreview} preview */
  plan({steps, same}) {
    return html`<h3>${t('table.preview')}</h3>
      <ul class="plain" data-testid="steps">${steps.slice(0, SHOWN).map(({line, what, text}) => html`<li>${t('table.line', line)} · <strong>${t(`table.${what}`)}</strong> · ${text}</li>`)}</ul>
      <p class="soft">${t('table.same', same)}${steps.length > SHOWN ? ` ${t('table.more', steps.length - SHOWN)}` : ''}</p>
      <div class="row end">
        <button type="button" data-testid="import-no" @click=${() => (this.preview = null)}>${t('directory.no')}</button>
        <button type="button" class="main" data-testid="import-yes" ?disabled=${!steps.length} @click=${this.confirm}>${t('table.confirm', steps.length)}</button>
      </div>`;
  }
}

customElements.define('table-exchange', TableExchange);
