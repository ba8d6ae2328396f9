import {html, nothing} from '../../vendor/lit.js';
import {readScript, writeScript} from '../../core/api.js';
import {keep} from '../../core/files.js';
import {t} from '../../core/i18n.js';
import {plain, planned} from '../client/script.js';
import {alertLine, icon} from '../../core/base.js';
import {TableFile} from '../../core/spreadsheet-file.js';

const FORMATS = ['xlsx', 'csv'];

/** A script as a table, out and in; what a file says is shown before it takes the place of the items. Acts `script` with them. */
export class ScriptTable extends TableFile {
  static properties = {items: {attribute: false}, points: {attribute: false}, host: {}, read: {state: true}};

  constructor() {
    super();
    /** @type {ScriptItem[]} */
    this.items = [];
    /** @type {Named[]} */
    this.points = [];
    this.host = '';
    /** @type {ScriptItem[] | null} what a file says */
    this.read = null;
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    this.read = null;
    return super.attempt(run);
  }

  /** @param {string} file */
  async look(file) {
    this.read = (await readScript(file, this.points.map(({id}) => id), this.host || null)).items;
  }

  /** @param {string} format */
  download(format) {
    this.attempt(async () => keep(await writeScript(this.items.map(plain), format), `kich-ban.${format}`));
  }

  take() {
    this.act('script', this.read);
    this.read = null;
  }

  render() {
    return html`<div class="row wrap">
        <label class="button">${icon('up')}<span>${t('script.import')}</span><input class="unseen" type="file" accept=".csv,.xlsx" data-testid="script-file" @change=${this.choose}></label>
        ${FORMATS.map(
          format => html`<button type="button" data-testid="script-export-${format}" @click=${() => this.download(format)}>${icon('download')}<span>${t(this.items.length ? 'script.export' : 'script.form', format.toUpperCase())}</span></button>`,
        )}
      </div>
      ${alertLine(this.error, 'script-table-error')}
      ${this.faultList('script-faults')}
      ${this.read ? this.preview(this.read) : nothing}`;
  }

  /** @param {ScriptItem[]} items */
  preview(items) {
    const nameOf = (/** @type {string | null} */ point) => this.points.find(({id}) => id === point)?.name ?? t('script.host');
    return html`<h3>${t('table.preview')}</h3>
      <ol data-testid="script-preview">${items.map(
        ({title, kind, point, layout, minutes}) => html`<li><strong>${title}</strong>
          <span class="soft">${t(`script.kind-${kind}`)} · ${nameOf(point)} · ${layout ? t(`layout.${layout}`) : t('script.as-is')} · ${t('script.lasts', minutes)}</span></li>`,
      )}</ol>
      <div class="row end wrap">
        <span class="soft">${t('script.planned', planned(items))}</span>
        <button type="button" data-testid="script-take-no" @click=${() => (this.read = null)}>${t('directory.no')}</button>
        <button type="button" class="main" data-testid="script-take" ?disabled=${!items.length} @click=${this.take}>${t(this.items.length ? 'script.replace' : 'script.take', items.length)}</button>
      </div>`;
  }
}

customElements.define('script-table', ScriptTable);
