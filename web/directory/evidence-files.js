// Element `evidence-files`: files behind assessments, documents and controls.

import {html, nothing, repeat} from '../vendor/lit.js';
import {addEvidence, evidenceUrl, removeEvidence} from '../core/api.js';
import {fileSize, t} from '../core/i18n.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';

/**
 * Lists the evidence files of an assessment or document (Điều 6, 8); the centre adds and removes them. Fires
 * `changed`.
 */
export class EvidenceFiles extends RequestingElement {
  static properties = {path: {attribute: false}, files: {attribute: false}, edit: {attribute: false}, busy: {state: true}};

  constructor() {
    super();
    /** The API path of the assessment or document that the files belong to. */
    this.path = '';
    /** @type {EvidenceFile[]} */
    this.files = [];
    this.edit = false;
    this.busy = false;
  }

  /** @param {() => Promise<unknown>} request */
  async run(request) {
    this.busy = true;
    if (await this.attempt(request)) this.emit('changed');
    this.busy = false;
  }

  /** @param {any} event */
  add(event) {
    const [file] = event.target.files;
    event.target.value = '';
    if (file) this.run(() => addEvidence(this.path, file));
  }

  render() {
    const {files, edit} = this;
    return html`${errorMessage(this.error)}
      ${files.length ? html`<ul class="parts">${repeat(files, ({id}) => id, one => this.row(one))}</ul>` : nothing}
      ${edit
        ? html`<label class="button quiet">${icon('plus')}<span>${t('evidence.add')}</span><input type="file" class="hidden-file" data-testid="evidence-add" accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.pptx" ?disabled=${this.busy} @change=${this.add}></label>`
        : nothing}`;
  }

  /** @param {EvidenceFile} one */
  row(one) {
    return html`<li data-testid="evidence" data-id=${one.id}>
      <strong>${one.name}</strong><span>${fileSize(one.bytes)}</span>
      <span class="row"><a class="button" href=${evidenceUrl(one.id)} download data-testid="evidence-fetch">${icon('download')}<span>${t('recordings.download')}</span></a>
        ${this.edit
          ? html`<button type="button" class="danger" data-testid="evidence-remove" aria-label=${t('documents.remove-of', one.name)} ?disabled=${this.busy} @click=${() => this.run(() => removeEvidence(one.id))}>${t('documents.remove')}</button>`
          : nothing}</span>
    </li>`;
  }
}

customElements.define('evidence-files', EvidenceFiles);
