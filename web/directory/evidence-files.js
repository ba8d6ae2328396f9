import {html, nothing, repeat} from '../vendor/lit.js';
import {addEvidence, evidenceFile, removeEvidence} from '../core/api.js';
import {size, t} from '../core/i18n.js';
import {alertLine, Caller, icon} from '../core/base.js';

/** Files behind an assessment or a document (Điều 6, 8): fetched by who sees the card, kept by the centre. Acts `changed`. */
export class EvidenceFiles extends Caller {
  static properties = {path: {attribute: false}, files: {attribute: false}, edit: {attribute: false}, busy: {state: true}};

  constructor() {
    super();
    /** What the files are behind, as the API calls it. */
    this.path = '';
    /** @type {EvidenceFile[]} */
    this.files = [];
    this.edit = false;
    this.busy = false;
  }

  /** @param {() => Promise<unknown>} call */
  async run(call) {
    this.busy = true;
    if (await this.attempt(call)) this.act('changed');
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
    return html`${alertLine(this.error)}
      ${files.length ? html`<ul class="parts">${repeat(files, ({id}) => id, one => this.row(one))}</ul>` : nothing}
      ${edit
        ? html`<label class="button quiet">${icon('plus')}<span>${t('evidence.add')}</span><input type="file" class="hidden-file" data-testid="evidence-add" accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.pptx" ?disabled=${this.busy} @change=${this.add}></label>`
        : nothing}`;
  }

  /** @param {EvidenceFile} one */
  row(one) {
    return html`<li data-testid="evidence" data-id=${one.id}>
      <strong>${one.name}</strong><span>${size(one.bytes)}</span>
      <span class="row"><a class="button" href=${evidenceFile(one.id)} download data-testid="evidence-fetch">${icon('download')}<span>${t('recordings.download')}</span></a>
        ${this.edit
          ? html`<button type="button" class="danger" data-testid="evidence-remove" aria-label=${t('documents.remove-of', one.name)} ?disabled=${this.busy} @click=${() => this.run(() => removeEvidence(one.id))}>${t('documents.remove')}</button>`
          : nothing}</span>
    </li>`;
  }
}

customElements.define('evidence-files', EvidenceFiles);
