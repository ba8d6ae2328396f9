// Base class of the elements that import a spreadsheet: import-export.js and script-spreadsheet.js.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError} from './api.js';
import {toBase64} from './files.js';
import {t} from './i18n.js';
import {RequestingElement} from './base.js';

/** An element that imports a spreadsheet: it previews the file before anything changes, and lists errors row by row. */
export class SpreadsheetImport extends RequestingElement {
  /** @type {Record<string, object>} */
  static properties = {faults: {state: true}};

  constructor() {
    super();
    /** @type {{field: string, detail: string}[]} */
    this.faults = [];
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    this.faults = [];
    return super.attempt(run);
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    this.faults = (failure instanceof ProblemError && failure.problem.errors) || [];
    if (this.faults.length) this.error = t('table.faulty', this.faults.length);
  }

  /** @param {Event} event */
  async choose(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    await this.attempt(async () => {
      const sent = await toBase64(file);
      if (sent === null) this.error = t('table.large');
      else await this.loadPreview(sent);
    });
  }

  /** Fetch the preview of the chosen file; each element overrides it. @param {string} _file in base64 */
  async loadPreview(_file) {}

  /** @param {string} id the data-testid */
  faultList(id) {
    return this.faults.length ? html`<ul class="plain" data-testid=${id}>${this.faults.map(({field, detail}) => html`<li><strong>${field}</strong>: ${detail}</li>`)}</ul>` : nothing;
  }
}
