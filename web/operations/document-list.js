// Element `document-list`: the documents of a session, on the page of sessions.

import {html, nothing, repeat} from '../vendor/lit.js';
import {addDocument, requestMaterial, documents, documentUrl, grantMaterial, removeDocument} from '../core/api.js';
import {fileSize, t} from '../core/i18n.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {loadingState} from '../core/states.js';

/** Lists the documents of a session (Điều 5.3): the host adds and grants them, others download or request them. */
export class DocumentList extends RequestingElement {
  static properties = {session: {attribute: false}, host: {state: true}, list: {state: true}, busy: {state: true}};

  constructor() {
    super();
    this.session = '';
    this.host = false;
    /** @type {SharedDocument[] | null} */
    this.list = null;
    this.busy = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.runAndReload(async () => undefined);
  }

  /** Run a request, then load the list again. @param {() => Promise<unknown>} run */
  async runAndReload(run) {
    this.busy = true;
    await this.attempt(async () => {
      await run();
      const found = await documents(this.session);
      [this.list, this.host] = [found.documents, found.may_add];
    });
    this.busy = false;
  }

  /** @param {any} event */
  add(event) {
    const [file] = event.target.files;
    event.target.value = '';
    if (file) this.runAndReload(() => addDocument(this.session, file));
  }

  render() {
    const {list} = this;
    return html`<section class="documents" data-testid="documents">
      <h3>${t('documents.title')}</h3>
      ${errorMessage(this.error)}
      ${list === null ? loadingState() : list.length ? html`<ul class="parts">${repeat(list, ({id}) => id, one => this.row(one))}</ul>` : html`<p class="soft">${t('documents.none')}</p>`}
      ${this.host
        ? html`<label class="button">${icon('plus')}<span>${t('documents.add')}</span><input type="file" class="hidden-file" data-testid="document-add" accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.pptx" ?disabled=${this.busy} @change=${this.add}></label>
            <p class="soft">${t('documents.hint')}</p>`
        : nothing}
    </section>`;
  }

  /** @param {SharedDocument} one */
  row(one) {
    return html`<li data-testid="document" data-id=${one.id} data-access=${one.access}>
      <strong>${one.name}</strong><span>${one.kind.toUpperCase()} · ${fileSize(one.bytes)}</span>
      ${this.host && one.units.length ? html`<span class="badge">${t('documents.given', one.units.length)}</span>` : nothing}
      <span class="row">${this.actions(one)}</span>
    </li>`;
  }

  /** @param {SharedDocument} one */
  actions(one) {
    if (one.access === 'asked') return html`<span class="badge lobby" data-testid="document-asked">${t('documents.asked')}</span>`;
    if (one.access === 'no') return html`<button type="button" data-testid="document-ask" ?disabled=${this.busy} @click=${() => this.runAndReload(() => requestMaterial(this.session, one.id, ''))}>${t('documents.ask')}</button>`;
    return html`<a class="button" href=${documentUrl(one.id)} download data-testid="document-fetch">${icon('download')}<span>${t('recordings.download')}</span></a>
      ${this.host
        ? html`<button type="button" data-testid="document-give" ?disabled=${this.busy} @click=${() => this.runAndReload(() => grantMaterial(this.session, one.id))}>${t('documents.give')}</button>
            <button type="button" class="danger" data-testid="document-remove" aria-label=${t('documents.remove-of', one.name)} ?disabled=${this.busy} @click=${() => this.runAndReload(() => removeDocument(one.id))}>${t('documents.remove')}</button>`
        : nothing}`;
  }
}

customElements.define('document-list', DocumentList);
