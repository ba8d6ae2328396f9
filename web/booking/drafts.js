import {html, nothing, repeat} from '../vendor/lit.js';
import {discardDraft, drafts} from '../core/api.js';
import {alertLine, Page, title} from '../core/base.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {fold} from '../meeting/client/meeting-state.js';
import {day, hourMinute, slot} from '../core/time.js';

/** @param {string} at */
const moment = at => `${hourMinute(at)} ${day(at)}`;

/** When a draft is to be held, if it says so. @param {Draft} draft */
function times({content}) {
  const {start, end} = content.official ?? {};
  return Number.isNaN(Date.parse(start)) || Number.isNaN(Date.parse(end)) ? '' : slot({start, end});
}

/** The inbox of a unit: registrations that wait to be confirmed, and what became of others. */
class DraftsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, asking: {state: true}, text: {state: true}};

  constructor() {
    super();
    title('drafts.title');
    /** @type {Draft[]} */
    this.list = [];
    /** The draft to be discarded, once a reason is given. @type {Draft | null} */
    this.asking = null;
    this.text = '';
  }

  async load() {
    this.list = await drafts();
  }

  /** @param {SubmitEvent} event */
  async discard(event) {
    event.preventDefault();
    const draft = this.asking;
    const reason = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('reason'));
    this.asking = null;
    if (!draft) return;
    await this.attempt(async () => {
      const settled = await discardDraft(draft.id, reason);
      this.list = this.list.map(one => (one.id === settled.id ? settled : one));
    });
  }

  get found() {
    const wanted = fold(this.text.trim());
    return this.list.filter(({number, content, unit, origin, source}) =>
      [number, String(content.title ?? ''), unit.name, origin?.name ?? '', source].some(said => fold(said).includes(wanted)),
    );
  }

  render() {
    const [open, settled] = [this.found.filter(({state}) => state === 'open'), this.found.filter(({state}) => state !== 'open')];
    return html`<top-bar .me=${this.me} current="drafts"></top-bar>
      <main>
        <h1>${t('drafts.title')}</h1>
        <div class="field search">
          <label for="search">${t('drafts.search')}</label>
          <input id="search" type="search" data-testid="drafts-search" autocomplete="off" .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
        </div>
        ${alertLine(this.error)}
        ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : this.rows(open, 'drafts.none')}
        ${settled.length ? html`<h2>${t('drafts.settled')}</h2>${this.rows(settled, '')}` : nothing}
      </main>
      ${this.asking ? this.question(this.asking) : nothing}`;
  }

  /** @param {Draft[]} list @param {string} none */
  rows(list, none) {
    if (!list.length) return html`<p class="empty">${t(none)}</p>`;
    return html`<ul class="cards">${repeat(list, ({id}) => id, draft => this.row(draft))}</ul>`;
  }

  /** @param {Draft} draft */
  row(draft) {
    return html`<li class="card session" data-testid="draft-row" data-state=${draft.state}>
      <div class="when"><strong>${draft.number}</strong><span>${moment(draft.arrived)}</span></div>
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
      <button type="button" class="danger" data-testid="draft-discard" @click=${() => (this.asking = draft)}>${t('drafts.discard')}</button>`;
  }

  /** @param {Draft} draft */
  question(draft) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.asking = null)}>
      <h2 id="question">${t('drafts.discard-ask', draft.number)}</h2>
      <form @submit=${this.discard}>
        <div class="field"><label for="reason">${t('drafts.reason')}</label><input id="reason" name="reason" required maxlength="200" data-testid="discard-reason"></div>
        <div class="row end">
          <button type="button" @click=${() => (this.asking = null)}>${t('drafts.keep')}</button>
          <button class="danger solid" data-testid="discard-yes">${t('drafts.discard')}</button>
        </div>
      </form>
    </dialog>`;
  }
}

customElements.define('drafts-page', DraftsPage);
