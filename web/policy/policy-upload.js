// Element `policy-upload`: an administrator uploads a policy profile, on the page of the rules; and the table of
// differences.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, uploadProfile, previewProfile} from '../core/api.js';
import {differences} from '../booking/timeline.js';
import {t} from '../core/i18n.js';
import {day} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {keptForms} from '../core/kept-form.js';

const KEPT = 'policy-upload';
/** A profile has no more: docs/protocol.md, `POST /profiles/preview`. */
const MAX_CHARS = 60_000;

/** Draw the differences between two profiles as a table. @param {any} before @param {any} after */
export function differenceTable(before, after) {
  const changed = differences(before, after);
  if (!changed.length) return html`<p class="empty">${t('profile.no-difference')}</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('filing.changes', changed.length)}><table>
    <thead><tr><th>${t('profile.rule')}</th><th>${t('profile.before')}</th><th>${t('profile.after')}</th></tr></thead>
    <tbody>${changed.map(({path, before: old, after: fresh}) => html`<tr data-testid="difference"><td><code>${path}</code></td><td>${old ?? '–'}</td><td>${fresh ?? '–'}</td></tr>`)}</tbody>
  </table></div>`;
}

/**
 * Uploads a policy profile: the server checks it, its changes are shown, and once confirmed it holds from its day
 * (R-108). The chosen file is kept until then, or until it is left. Fires `filed` with all profiles.
 */
export class PolicyUpload extends RequestingElement {
  static properties = {file: {state: true}, preview: {state: true}, faults: {state: true}, busy: {state: true}, done: {state: true}};

  constructor() {
    super();
    /** What was chosen. @type {{name: string, text: string} | null} */
    this.file = null;
    /** @type {ProfilePreview | null} */
    this.preview = null;
    /** @type {string[]} */
    this.faults = [];
    this.busy = false;
    this.done = '';
  }

  /** Check the file again that was chosen before a reload or a lost session. */
  connectedCallback() {
    super.connectedCallback();
    const kept = /** @type {{name: string, text: string} | null} */ (keptForms.kept(KEPT));
    if (kept) this.check(kept);
  }

  /** Show what went wrong; a preview stays unless the server refused it. @param {unknown} failure */
  onFailure(failure) {
    const problem = failure instanceof ProblemError ? failure.problem : null;
    this.faults = (problem?.errors ?? []).map(({detail}) => detail);
    if (!this.faults.length) super.onFailure(failure);
    if (problem && problem.status < 500) this.preview = null;
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    [this.busy, this.faults, this.done] = [true, [], ''];
    const well = await super.attempt(run);
    this.busy = false;
    await this.updateComplete;
    if (this.faults.length) this.input.focus();
    return well;
  }

  get input() {
    return /** @type {HTMLInputElement} */ (this.querySelector('[type=file]'));
  }

  async choose() {
    const [chosen] = this.input.files ?? [];
    if (!chosen) return;
    const text = await chosen.text();
    this.input.value = '';
    this.leave();
    if (text.length > MAX_CHARS) this.error = t('filing.large');
    else await this.check({name: chosen.name, text});
  }

  /** Preview a file and keep it. @param {{name: string, text: string}} file */
  check(file) {
    [this.file, this.preview] = [file, null];
    keptForms.keep(KEPT, file);
    return this.attempt(async () => void (this.preview = await previewProfile(file.text)));
  }

  /** Drop the file: it holds, or is not wanted. */
  leave() {
    [this.file, this.preview, this.faults, this.error] = [null, null, [], ''];
    keptForms.drop(KEPT);
  }

  /** @param {string} text @param {ProfilePreview} shown */
  upload(text, shown) {
    return this.attempt(async () => {
      this.emit('filed', await uploadProfile(text, shown.digest));
      this.leave();
      this.done = t('filing.done', `${shown.id}/${shown.version}`, this.startDay(shown));
    });
  }

  /** @param {ProfilePreview} shown */
  startDay({effective_from: date}) {
    return day(`${date}T12:00:00+07:00`);
  }

  render() {
    const {file, preview, faults, busy} = this;
    return html`<section class="card" data-testid="filing">
      <div class="row between wrap"><h2>${t('filing.title')}</h2>
        <label class="button">${icon('up')}<span>${t('filing.choose')}</span><input class="unseen" type="file" accept=".yaml,.yml" data-testid="profile-file" ?disabled=${busy}
          aria-invalid=${faults.length ? 'true' : nothing} aria-describedby=${faults.length ? 'profile-faults' : nothing} @change=${this.choose}></label></div>
      <p class="soft">${t('filing.hint')}</p>
      ${errorMessage(this.error)}
      ${faults.length ? html`<ul class="alert plain block" role="alert" id="profile-faults" data-testid="profile-faults">${faults.map(fault => html`<li>${fault}</li>`)}</ul>` : nothing}
      ${this.done ? html`<p class="fine" role="status" data-testid="profile-filed">${icon('check')}<span>${this.done}</span></p>` : nothing}
      ${file ? (preview ? this.previewCard(file.text, preview) : this.unchecked(file)) : nothing}
    </section>`;
  }

  /** Draw a file that was not found faultless. @param {{name: string, text: string}} file */
  unchecked(file) {
    return html`<div class="row between wrap"><span data-testid="profile-chosen">${file.name}</span>
      <span class="row">${this.leaveButton()}
        <button type="button" data-testid="profile-check" ?disabled=${this.busy} @click=${() => this.check(file)}>${t('filing.check')}</button></span></div>`;
  }

  leaveButton() {
    return html`<button type="button" data-testid="profile-leave" @click=${this.leave}>${t('filing.leave')}</button>`;
  }

  /** @param {string} text @param {ProfilePreview} shown */
  previewCard(text, shown) {
    return html`<h3 data-testid="profile-preview">${shown.id}/${shown.version} · ${shown.title}</h3>
      <p><strong>${t('filing.from', this.startDay(shown))}</strong> ${t('filing.follows', shown.follows)}</p>
      ${differenceTable(shown.before, shown.content)}
      <div class="row end">
        ${this.leaveButton()}
        <button type="button" class="main" data-testid="profile-hold" ?disabled=${this.busy} @click=${() => this.upload(text, shown)}>${t('filing.hold', this.startDay(shown))}</button>
      </div>`;
  }
}

customElements.define('policy-upload', PolicyUpload);
