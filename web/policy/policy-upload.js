// Element `policy-upload`: an administrator uploads a policy profile, on the page of the rules; and the table of
// differences.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, uploadProfile, previewProfile} from '../core/api.js';
import {differences} from '../booking/timeline.js';
import {t} from '../core/i18n.js';
import {day} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';

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
 * (R-108). Fires `filed` with all profiles.
 */
export class PolicyUpload extends RequestingElement {
  static properties = {text: {state: true}, preview: {state: true}, faults: {state: true}, busy: {state: true}, done: {state: true}};

  constructor() {
    super();
    this.text = '';
    /** @type {ProfilePreview | null} */
    this.preview = null;
    /** @type {string[]} */
    this.faults = [];
    this.busy = false;
    this.done = '';
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    const errors = failure instanceof ProblemError ? failure.problem.errors : undefined;
    this.faults = (errors ?? []).map(({detail}) => detail);
    if (!this.faults.length) super.onFailure(failure);
    this.preview = null;
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    [this.busy, this.faults, this.done] = [true, [], ''];
    const well = await super.attempt(run);
    this.busy = false;
    return well;
  }

  /** @param {Event} event */
  choose({target}) {
    const input = /** @type {HTMLInputElement} */ (target);
    const file = input.files?.[0];
    if (!file) return;
    this.attempt(async () => {
      this.text = await file.text();
      this.preview = await previewProfile(this.text);
    });
    input.value = '';
  }

  upload() {
    const shown = /** @type {ProfilePreview} */ (this.preview);
    this.attempt(async () => {
      this.emit('filed', await uploadProfile(this.text, shown.digest));
      this.preview = null;
      this.done = t('filing.done', `${shown.id}/${shown.version}`, this.startDay(shown));
    });
  }

  /** @param {ProfilePreview} shown */
  startDay({effective_from: date}) {
    return day(`${date}T12:00:00+07:00`);
  }

  render() {
    return html`<section class="card" data-testid="filing">
      <div class="row between wrap"><h2>${t('filing.title')}</h2>
        <label class="button">${icon('up')}<span>${t('filing.choose')}</span><input class="unseen" type="file" accept=".yaml,.yml" data-testid="profile-file" ?disabled=${this.busy} @change=${this.choose}></label></div>
      <p class="soft">${t('filing.hint')}</p>
      ${errorMessage(this.error)}
      ${this.faults.length ? html`<ul class="alert plain block" role="alert" data-testid="profile-faults">${this.faults.map(fault => html`<li>${fault}</li>`)}</ul>` : nothing}
      ${this.done ? html`<p class="fine" role="status" data-testid="profile-filed">${icon('check')}<span>${this.done}</span></p>` : nothing}
      ${this.preview ? this.previewCard(this.preview) : nothing}
    </section>`;
  }

  /** @param {ProfilePreview} shown */
  previewCard(shown) {
    return html`<h3 data-testid="profile-preview">${shown.id}/${shown.version} · ${shown.title}</h3>
      <p><strong>${t('filing.from', this.startDay(shown))}</strong> ${t('filing.follows', shown.follows)}</p>
      ${differenceTable(shown.before, shown.content)}
      <div class="row end">
        <button type="button" data-testid="profile-leave" @click=${() => (this.preview = null)}>${t('filing.leave')}</button>
        <button type="button" class="main" data-testid="profile-hold" ?disabled=${this.busy} @click=${this.upload}>${t('filing.hold', this.startDay(shown))}</button>
      </div>`;
  }
}

customElements.define('policy-upload', PolicyUpload);
