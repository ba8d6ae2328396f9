// Element `script-spreadsheet`: a script as a spreadsheet, in script-editor.js.

import {html, nothing} from '../../vendor/lit.js';
import {readScript, writeScript} from '../../core/api.js';
import {saveAs} from '../../core/files.js';
import {t} from '../../core/i18n.js';
import {itemToSend, plannedMinutes} from '../client/script.js';
import {errorMessage, icon} from '../../core/base.js';
import {SpreadsheetImport} from '../../core/spreadsheet-file.js';

const FORMATS = ['xlsx', 'csv'];

/**
 * Exports a script as a spreadsheet and imports one; imported items are shown before they replace the script. Fires
 * `script` with them.
 */
export class ScriptSpreadsheet extends SpreadsheetImport {
  static properties = {items: {attribute: false}, points: {attribute: false}, host: {}, itemsRead: {state: true}};

  constructor() {
    super();
    /** @type {ScriptItem[]} */
    this.items = [];
    /** @type {Named[]} */
    this.points = [];
    this.host = '';
    /** @type {ScriptItem[] | null} what a file says */
    this.itemsRead = null;
  }

  /** The address says of which meeting, or draft, the script is. */
  get keptName() {
    return `${super.keptName}${location.search}`;
  }

  /** @param {string} file */
  async loadPreview(file) {
    this.itemsRead = null;
    this.itemsRead = (await readScript(file, this.points.map(({id}) => id), this.host || null)).items;
  }

  /** @param {string} format */
  download(format) {
    this.attempt(async () => saveAs(await writeScript(this.items.map(itemToSend), format), `kich-ban.${format}`));
  }

  useItems() {
    this.emit('script', this.itemsRead);
    this.leave();
  }

  leave() {
    super.leave();
    this.itemsRead = null;
  }

  render() {
    return html`<div class="row wrap">
        <label class="button">${icon('up')}<span>${t('script.import')}</span><input class="unseen" type="file" accept=".csv,.xlsx" data-testid="script-file" @change=${this.choose}></label>
        ${FORMATS.map(
          format => html`<button type="button" data-testid="script-export-${format}" @click=${() => this.download(format)}>${icon('download')}<span>${t(this.items.length ? 'script.export' : 'script.form', format.toUpperCase())}</span></button>`,
        )}
      </div>
      ${errorMessage(this.error, 'script-table-error')}
      ${this.itemsRead ? this.preview(this.itemsRead) : this.faultList('script-faults')}`;
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
        <span class="soft">${t('script.planned', plannedMinutes(items))}</span>
        <button type="button" data-testid="script-take-no" @click=${this.leave}>${t('directory.no')}</button>
        <button type="button" class="main" data-testid="script-take" ?disabled=${!items.length} @click=${this.useItems}>${t(this.items.length ? 'script.replace' : 'script.take', items.length)}</button>
      </div>`;
  }
}

customElements.define('script-spreadsheet', ScriptSpreadsheet);
