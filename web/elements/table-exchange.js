import {html, nothing} from '../vendor/lit.js';
import {act, Refusal, told} from '../api.js';
import {base64} from '../files.js';
import {t} from '../i18n.js';
import {alertLine, icon, Piece} from './base.js';

const KINDS = ['units', 'rooms', 'devices', 'people'];
const SHOWN = 200;

/** Tables of the directory out and in; what an import would do is shown before it is done. Acts `changed`. */
export class TableExchange extends Piece {
  static properties = {kind: {state: true}, file: {state: true}, preview: {state: true}, faults: {state: true}, error: {state: true}, done: {state: true}};

  constructor() {
    super();
    this.kind = KINDS[3];
    /** In base64, while its preview is looked at. */
    this.file = '';
    /** @type {ImportPreview | null} */
    this.preview = null;
    /** @type {{field: string, detail: string}[]} */
    this.faults = [];
    this.error = '';
    this.done = false;
  }

  /** @param {() => Promise<void>} run */
  async attempt(run) {
    [this.error, this.faults, this.done] = ['', [], false];
    try {
      await run();
    } catch (failure) {
      this.faults = (failure instanceof Refusal && failure.problem.errors) || [];
      this.error = this.faults.length ? t('table.faulty', this.faults.length) : told(failure);
      this.preview = null;
    }
  }

  /** @param {Event} event */
  async choose(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    await this.attempt(async () => {
      const sent = await base64(file);
      if (sent === null) return void (this.error = t('table.large'));
      this.file = sent;
      this.preview = await act(`directory/tables/${this.kind}/preview`, {file: this.file});
    });
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
      ${alertLine(this.error)} ${this.faults.length ? html`<ul class="plain" data-testid="faults">${this.faults.map(({field, detail}) => html`<li><strong>${field}</strong>: ${detail}</li>`)}</ul>` : nothing}
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
