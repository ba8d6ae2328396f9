import {html, nothing} from '../vendor/lit.js';
import {Refusal} from './api.js';
import {base64} from './files.js';
import {t} from './i18n.js';
import {Caller} from './base.js';

/** A piece that takes a table in: what a file says is looked at before anything is done, and faults are told line by line. */
export class TableFile extends Caller {
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
  failed(failure) {
    super.failed(failure);
    this.faults = (failure instanceof Refusal && failure.problem.errors) || [];
    if (this.faults.length) this.error = t('table.faulty', this.faults.length);
  }

  /** @param {Event} event */
  async choose(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    await this.attempt(async () => {
      const sent = await base64(file);
      if (sent === null) this.error = t('table.large');
      else await this.look(sent);
    });
  }

  /** Look at what was chosen; its own. @param {string} _file in base64 */
  async look(_file) {}

  /** @param {string} id the data-testid */
  faultList(id) {
    return this.faults.length ? html`<ul class="plain" data-testid=${id}>${this.faults.map(({field, detail}) => html`<li><strong>${field}</strong>: ${detail}</li>`)}</ul>` : nothing;
  }
}
