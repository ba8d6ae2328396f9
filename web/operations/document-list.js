import {html, nothing, repeat} from '../vendor/lit.js';
import {addDocument, askMaterial, documents, documentFile, offerMaterial, removeDocument} from '../core/api.js';
import {size, t} from '../core/i18n.js';
import {alertLine, Caller, icon} from '../core/base.js';

/** The documents of a session (Điều 5.3): the host adds them and lets units have them, others fetch or ask. */
export class DocumentList extends Caller {
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
    this.run(async () => undefined);
  }

  /** Do something, then show what is there now. @param {() => Promise<unknown>} call */
  async run(call) {
    this.busy = true;
    await this.attempt(async () => {
      await call();
      const found = await documents(this.session);
      [this.list, this.host] = [found.documents, found.may_add];
    });
    this.busy = false;
  }

  /** @param {any} event */
  add(event) {
    const [file] = event.target.files;
    event.target.value = '';
    if (file) this.run(() => addDocument(this.session, file));
  }

  render() {
    const {list} = this;
    return html`<section class="documents" data-testid="documents">
      <h3>${t('documents.title')}</h3>
      ${alertLine(this.error)}
      ${list === null ? html`<p role="status">${t('app.loading')}</p>` : list.length ? html`<ul class="parts">${repeat(list, ({id}) => id, one => this.row(one))}</ul>` : html`<p class="soft">${t('documents.none')}</p>`}
      ${this.host
        ? html`<label class="button">${icon('plus')}<span>${t('documents.add')}</span><input type="file" class="hidden-file" data-testid="document-add" accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.pptx" ?disabled=${this.busy} @change=${this.add}></label>
            <p class="soft">${t('documents.hint')}</p>`
        : nothing}
    </section>`;
  }

  /** @param {SharedDocument} one */
  row(one) {
    return html`<li data-testid="document" data-id=${one.id} data-access=${one.access}>
      <strong>${one.name}</strong><span>${one.kind.toUpperCase()} · ${size(one.bytes)}</span>
      ${this.host && one.units.length ? html`<span class="badge">${t('documents.given', one.units.length)}</span>` : nothing}
      <span class="row">${this.acts(one)}</span>
    </li>`;
  }

  /** @param {SharedDocument} one */
  acts(one) {
    if (one.access === 'asked') return html`<span class="badge lobby" data-testid="document-asked">${t('documents.asked')}</span>`;
    if (one.access === 'no') return html`<button type="button" data-testid="document-ask" ?disabled=${this.busy} @click=${() => this.run(() => askMaterial(this.session, one.id, ''))}>${t('documents.ask')}</button>`;
    return html`<a class="button" href=${documentFile(one.id)} download data-testid="document-fetch">${icon('download')}<span>${t('recordings.download')}</span></a>
      ${this.host
        ? html`<button type="button" data-testid="document-give" ?disabled=${this.busy} @click=${() => this.run(() => offerMaterial(this.session, one.id))}>${t('documents.give')}</button>
            <button type="button" class="danger" data-testid="document-remove" aria-label=${t('documents.remove-of', one.name)} ?disabled=${this.busy} @click=${() => this.run(() => removeDocument(one.id))}>${t('documents.remove')}</button>`
        : nothing}`;
  }
}

customElements.define('document-list', DocumentList);
