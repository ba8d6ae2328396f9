// Page `drafts.html`: registrations that wait for a unit to confirm them.

import {html, nothing, repeat} from '../vendor/lit.js';
import {discardDraft, drafts} from '../core/api.js';
import {keepProperties} from '../core/address.js';
import {errorMessage, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {day, hourMinute, slot} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';

/** @param {string} at */
const moment = at => `${hourMinute(at)} ${day(at)}`;

/** Return the time of a draft's session, or '' when the draft has none. @param {Draft} draft */
function times({content}) {
  const {start, end} = content.official ?? {};
  return Number.isNaN(Date.parse(start)) || Number.isNaN(Date.parse(end)) ? '' : slot({start, end});
}

/** Lists the drafts of a unit: those that wait to be confirmed, and those that were settled. */
class DraftsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, discarding: {state: true}, text: {state: true}};

  constructor() {
    super();
    setTitle('drafts.title');
    /** @type {Draft[]} */
    this.list = [];
    /** The draft whose dialog asks for the reason to discard it. @type {Draft | null} */
    this.discarding = null;
    this.text = '';
    keepProperties(this, {q: 'text'});
  }

  async load() {
    this.list = await drafts();
  }

  /** @param {SubmitEvent} event */
  async discard(event) {
    event.preventDefault();
    const draft = this.discarding;
    const form = formOf(event);
    const reason = String(new FormData(form).get('reason'));
    if (!draft) return;
    await this.attempt(async () => {
      const settled = await discardDraft(draft.id, reason);
      this.list = this.list.map(one => (one.id === settled.id ? settled : one));
      this.discarding = null;
    }, form);
  }

  get matchingDrafts() {
    const wanted = foldText(this.text.trim());
    return this.list.filter(({number, content, unit, origin, source}) =>
      [number, String(content.title ?? ''), unit.name, origin?.name ?? '', source].some(text => foldText(text).includes(wanted)),
    );
  }

  render() {
    const [open, settled] = [this.matchingDrafts.filter(({state}) => state === 'open'), this.matchingDrafts.filter(({state}) => state !== 'open')];
    return html`<top-bar .me=${this.me} current="drafts"></top-bar>
      <main>
        <h1>${t('drafts.title')}</h1>
        <div class="field search">
          <label for="search">${t('drafts.search')}</label>
          <input id="search" type="search" data-testid="drafts-search" autocomplete="off" .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
        </div>
        ${errorMessage(this.discarding ? '' : this.error)}
        ${this.loading ? loadingState() : this.rows(open)}
        ${settled.length ? html`<h2>${t('drafts.settled')}</h2>${this.rows(settled)}` : nothing}
      </main>
      ${this.discarding ? this.question(this.discarding) : nothing}`;
  }

  /** @param {Draft[]} list */
  rows(list) {
    if (!list.length && this.text) return emptyState({picture: 'search', title: t('drafts.none-found'), action: clearButton(() => (this.text = ''))});
    if (!list.length) return emptyState({picture: 'edit', title: t('drafts.none'), action: pageLink('register')});
    return html`<ul class="cards">${repeat(list, ({id}) => id, draft => this.row(draft))}</ul>`;
  }

  /** @param {Draft} draft */
  row(draft) {
    return html`<li class="card session" data-testid="draft-row" data-state=${draft.state}>
      <div class="when"><strong>${copyable(draft.number)}</strong><span>${moment(draft.arrived)}</span></div>
      <div class="what">
        <h2>${draft.content.title || t('drafts.untitled')}</h2>
        <p>${times(draft)}</p>
        <p class="soft">${t('drafts.from', draft.origin?.name ?? draft.source)} · ${t('drafts.to', draft.unit.name)}</p>
        ${draft.reason ? html`<p class="soft">${draft.reason}</p>` : nothing}
      </div>
      <div class="state"><span class="badge" data-testid="draft-state">${t(`drafts.${draft.state}`)}</span></div>
      <div class="acts">${draft.may_settle ? this.acts(draft) : nothing}</div>
    </li>`;
  }

  /** @param {Draft} draft */
  acts(draft) {
    return html`<a class="button main" href="register.html?draft=${draft.id}" data-testid="draft-confirm">${t('drafts.confirm')}</a>
      <button type="button" class="danger" data-testid="draft-discard" @click=${() => ([this.discarding, this.error] = [draft, ''])}>${t('drafts.discard')}</button>`;
  }

  /** @param {Draft} draft */
  question(draft) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.discarding = null)}>
      <h2 id="question">${t('drafts.discard-ask', draft.number)}</h2>
      ${errorMessage(this.error, 'dialog-error')}
      <form @submit=${this.discard}>${keptForm(`discard:${draft.id}`)}
        <div class="field"><label for="reason">${t('drafts.reason')}</label><input id="reason" name="reason" required maxlength="200" data-testid="discard-reason"></div>
        <div class="row end">
          <button type="button" @click=${() => (this.discarding = null)}>${t('drafts.keep')}</button>
          <button class="danger solid" data-testid="discard-yes">${t('drafts.discard')}</button>
        </div>
      </form>
    </dialog>`;
  }
}

customElements.define('drafts-page', DraftsPage);
