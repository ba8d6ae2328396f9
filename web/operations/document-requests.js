// Page `materials.html`: requests for documents and recordings, which the host grants or refuses.

import {html, nothing, repeat} from '../vendor/lit.js';
import {decideMaterialRequest, materialRequests} from '../core/api.js';
import {keepProperties} from '../core/address.js';
import {errorMessage, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {dateField, formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {day, fromLocal, hourMinute, toLocal} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';

const WEEK_MS = 7 * 86_400_000;

/** Lists requests for documents and recordings, and decides them. */
class MaterialsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, text: {state: true}, granting: {state: true}};

  constructor() {
    super();
    setTitle('materials.title');
    /** @type {MaterialRequest[]} */
    this.list = [];
    this.text = '';
    keepProperties(this, {q: 'text'});
    /** The request whose dialog asks until when it is granted. @type {MaterialRequest | null} */
    this.granting = null;
  }

  async load() {
    this.list = await materialRequests();
  }

  /** @param {MaterialRequest} wish @param {boolean} granted @param {string | null} until @param {HTMLFormElement | null} [form] */
  async decide(wish, granted, until, form = null) {
    await this.attempt(async () => {
      const changed = await decideMaterialRequest(wish.id, granted, until);
      this.list = this.list.map(one => (one.id === changed.id ? changed : one));
      this.granting = null;
    }, form);
  }

  render() {
    return html`<top-bar .me=${this.me} current="materials"></top-bar>
      <main>
        <h1>${t('materials.title')}</h1>
        ${errorMessage(this.granting ? '' : this.error)}
        <div class="row filters"><input type="search" data-testid="search" aria-label=${t('materials.search')} placeholder=${t('materials.search')} .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}></div>
        ${this.loading ? loadingState() : this.rows()}
      </main>
      ${this.granting ? this.question(this.granting) : nothing}`;
  }

  rows() {
    const wanted = foldText(this.text.trim());
    const shown = this.list.filter(one => foldText(`${one.session.name} ${one.number} ${one.unit.name} ${one.subject_name} ${one.text}`).includes(wanted));
    if (!this.list.length) return emptyState({picture: 'copy', title: t('materials.none'), action: pageLink('sessions')});
    if (!shown.length) return emptyState({picture: 'search', title: t('materials.none-found'), action: clearButton(() => (this.text = ''))});
    return html`<ul class="cards">${repeat(shown, ({id}) => id, wish => this.row(wish))}</ul>`;
  }

  /** @param {MaterialRequest} wish */
  row(wish) {
    const {id, session, number, unit, subject_name: name, asked, asked_by: by, text, answer, until} = wish;
    return html`<li class="card session" data-testid="wish" data-id=${id} data-answer=${answer}>
      <div class="when"><strong>${hourMinute(asked)}</strong><span>${day(asked)}</span></div>
      <div class="what">
        <h2>${name || t('materials.recording')}</h2>
        <p>${session.name} · ${copyable(number, {shown: t('sessions.number', number)})}</p>
        <p>${t('materials.by', unit.name, by)}${text ? `: “${text}”` : ''}</p>
      </div>
      <div class="state"><span class="badge ${answer === 'granted' ? 'open' : answer === 'waiting' ? 'lobby' : 'cancelled'}" data-testid="answer">${t(`materials.${answer}`)}</span>
        ${answer === 'granted' && until ? html`<small>${t('materials.until', hourMinute(until), day(until))}</small>` : nothing}</div>
      <div class="acts">${wish.may_answer ? this.actions(wish) : nothing}</div>
    </li>`;
  }

  /** @param {MaterialRequest} wish */
  actions(wish) {
    return html`${wish.answer === 'granted' ? nothing : html`<button type="button" class="main" data-testid="grant" @click=${() => ([this.granting, this.error] = [wish, ''])}>${t('materials.grant')}</button>`}
      ${wish.answer === 'refused' ? nothing : html`<button type="button" class="danger" data-testid="refuse" @click=${() => this.decide(wish, false, null)}>${t(wish.answer === 'granted' ? 'materials.withdraw' : 'materials.refuse')}</button>`}`;
  }

  /** @param {MaterialRequest} wish */
  question(wish) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.granting = null)}>
      <h2 id="question">${t('materials.grant-title', wish.unit.name)}</h2>
      <p>${wish.subject_name || t('materials.recording')} · ${wish.session.name}</p>
      ${errorMessage(this.error, 'dialog-error')}
      <form @submit=${this.confirm}>${keptForm(`grant:${wish.id}`)}
        ${dateField({name: 'until', label: t('materials.until-label'), value: toLocal(Date.now() + WEEK_MS), withTime: true})}
        <p class="soft">${t('materials.until-hint')}</p>
        <div class="row end">
          <button type="button" data-testid="grant-cancel" @click=${() => (this.granting = null)}>${t('app.close')}</button>
          <button class="main" data-testid="grant-confirm">${t('materials.grant')}</button>
        </div>
      </form>
    </dialog>`;
  }

  /** @param {SubmitEvent} event */
  confirm(event) {
    event.preventDefault();
    const form = formOf(event);
    const until = fromLocal(String(new FormData(form).get('until') ?? ''));
    if (this.granting) this.decide(this.granting, true, until || null, form);
  }
}

customElements.define('materials-page', MaterialsPage);
