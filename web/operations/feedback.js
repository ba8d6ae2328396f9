// Page `feedback.html`: difficulties that units report, and breaches of the regulation.

import {html, nothing, repeat} from '../vendor/lit.js';
import {replyToFeedback, breaches, breachesUrl, feedback, sendFeedback} from '../core/api.js';
import {keepProperties} from '../core/address.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {day, hourMinute} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';

/** Outcomes of feedback in the order of the buttons. */
const STATUSES = ['handled', 'forwarded'];

/** Reports difficulties, replies to them, and lists breaches. */
class FeedbackPage extends Page {
  static properties = {...Page.properties, list: {state: true}, breachList: {state: true}, text: {state: true}, replyingTo: {state: true}, sent: {state: true}, chosen: {state: true}};

  constructor() {
    super();
    setTitle('feedback.title');
    /** @type {Feedback[]} */
    this.list = [];
    /** @type {Breach[]} */
    this.breachList = [];
    this.text = '';
    keepProperties(this, {q: 'text'});
    /** @type {Feedback | null} */
    this.replyingTo = null;
    this.sent = false;
    /**
     * The unit, and kind, whose breaches are shown; null for all.
     * @type {{unit: string, kind: string, name: string} | null}
     */
    this.chosen = null;
  }

  async load() {
    [this.list, this.breachList] = await Promise.all([feedback(), breaches()]);
  }

  /** @param {SubmitEvent} event */
  send(event) {
    event.preventDefault();
    const form = formOf(event);
    this.attempt(async () => {
      const created = await sendFeedback(String(new FormData(form).get('text') ?? ''));
      this.list = [created, ...this.list];
      this.sent = true;
      form.reset();
    }, form);
  }

  /** @param {SubmitEvent} event */
  reply(event) {
    event.preventDefault();
    const status = /** @type {HTMLButtonElement} */ (event.submitter).value;
    const form = formOf(event);
    const words = String(new FormData(form).get('answer') ?? '');
    const feedback = this.replyingTo;
    if (feedback)
      this.attempt(async () => {
        const changed = await replyToFeedback(feedback.id, status, words);
        this.list = this.list.map(one => (one.id === changed.id ? changed : one));
        this.replyingTo = null;
      }, form);
  }

  render() {
    return html`<top-bar .me=${this.me} current="feedback"></top-bar>
      <main class="feedback">
        <h1>${t('feedback.title')}</h1>
        ${errorMessage(this.replyingTo ? '' : this.error)}
        ${this.loading ? loadingState() : html`${this.me?.unit ? this.form() : nothing} ${this.feedbackList()} ${this.breaches()}`}
      </main>
      ${this.replyingTo ? this.replyDialog(this.replyingTo) : nothing}`;
  }

  form() {
    return html`<form class="card column" @submit=${this.send}>${keptForm('send')}
      <label class="field"><span>${t('feedback.words')}</span><input name="text" maxlength="2000" required data-testid="feedback-text"></label>
      <div class="row between"><p class="soft" role="status">${this.sent ? t('feedback.sent') : t('feedback.hint')}</p>
        <button class="main" data-testid="feedback-send">${t('feedback.send')}</button></div>
    </form>`;
  }

  feedbackList() {
    if (!this.list.length) return emptyState({picture: 'chat', title: t('feedback.none'), action: pageLink('readiness')});
    return html`<ul class="cards">${repeat(this.list, ({id}) => id, one => this.row(one))}</ul>`;
  }

  /** @param {Feedback} one */
  row(one) {
    return html`<li class="card session" data-testid="feedback" data-status=${one.status}>
      <div class="when"><strong>${hourMinute(one.at)}</strong><span>${day(one.at)}</span></div>
      <div class="what"><h2>${one.text}</h2><p>${t('materials.by', one.unit.name, one.by)}</p>${one.answer ? html`<p>${t('feedback.answered', one.answer)}</p>` : nothing}</div>
      <div class="state"><span class="badge ${one.status === 'new' ? 'lobby' : 'open'}">${t(`feedback.${one.status}`)}</span></div>
      <div class="acts">${one.may_answer ? html`<button type="button" data-testid="feedback-answer" @click=${() => ([this.replyingTo, this.error] = [one, ''])}>${t('feedback.answer')}</button>` : nothing}</div>
    </li>`;
  }

  breaches() {
    const wanted = foldText(this.text.trim());
    const {chosen} = this;
    const shown = this.breachList.filter(one => (!chosen || (one.unit.id === chosen.unit && (!chosen.kind || one.kind === chosen.kind))) && foldText(`${one.unit.name} ${one.number} ${one.session?.name ?? ''} ${one.point?.label ?? ''} ${one.point?.name ?? ''} ${t(`breach.${one.kind}`)}`).includes(wanted));
    return html`<div class="row between"><h2>${t('breach.title')}</h2>
        <a class="button" href=${breachesUrl()} download data-testid="breaches-export">${icon('download')}<span>CSV</span></a></div>
      <p class="soft">${t('breach.hint')}</p>
      ${this.breachList.length ? this.byUnit() : nothing}
      ${chosen ? html`<p class="row between wrap"><span data-testid="breach-chosen">${t('breach.of-unit', chosen.name)}</span><button type="button" class="quiet" data-testid="breach-all" @click=${() => (this.chosen = null)}>${t('breach.all')}</button></p>` : nothing}
      <div class="row filters"><input type="search" data-testid="search" aria-label=${t('breach.search')} placeholder=${t('breach.search')} .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}></div>
      ${shown.length
        ? html`<div class="wide-table" tabindex="0" role="region" aria-label=${t('breach.title')}><table class="ledger"><thead><tr>${['at', 'unit', 'what', 'session'].map(column => html`<th scope="col">${t(`breach.${column}`)}</th>`)}</tr></thead>
            <tbody>${shown.map(one => this.breachRow(one))}</tbody></table></div>`
        : this.breachList.length
          ? emptyState({picture: 'search', title: t('breach.none-found'), action: clearButton(() => ([this.text, this.chosen] = ['', null])), testid: 'breach-none-found'})
          : emptyState({picture: 'check', title: t('breach.none'), action: pageLink('sessions'), testid: 'breach-none'})}`;
  }

  /** Draw a table of breaches by unit and kind; each number filters the list. */
  byUnit() {
    const {units, kinds} = countBreaches(this.breachList);
    const cell = (/** @type {{id: string, name: string}} */ unit, /** @type {string} */ kind, /** @type {number} */ count) => html`<td class="number">${count
      ? html`<button type="button" class="quiet" data-testid="breach-count" data-kind=${kind} @click=${() => (this.chosen = {unit: unit.id, kind, name: kind ? `${unit.name}, ${t(`breach.${kind}`)}` : unit.name})}>${number(count)}</button>` : '0'}</td>`;
    return html`<div class="wide-table" tabindex="0" role="region" aria-label=${t('breach.by-unit')}><table class="ledger" data-testid="breach-units">
      <thead><tr><th scope="col">${t('breach.by-unit')}</th>${kinds.map(kind => html`<th scope="col">${t(`breach.${kind}`)}</th>`)}<th scope="col">${t('breach.sum')}</th></tr></thead>
      <tbody>${units.map(unit => html`<tr data-unit=${unit.id}><th scope="row">${unit.name}</th>${kinds.map(kind => cell(unit, kind, unit.counts[kind] ?? 0))}${cell(unit, '', unit.sum)}</tr>`)}</tbody></table></div>`;
  }

  /** @param {Breach} one */
  breachRow(one) {
    return html`<tr data-testid="breach" data-kind=${one.kind}><td>${hourMinute(one.at)} ${day(one.at)}</td><td>${one.point ? html`${one.point.label} <small>${one.point.name}</small>` : one.unit.name}</td>
      <td>${t(`breach.${one.kind}`)} <small>${one.article}</small></td><td>${one.session ? html`<a href="readiness.html?session=${one.session.id}">${one.number}</a>` : one.number}<small>${one.session?.name ?? ''}</small></td></tr>`;
  }

  /** @param {Feedback} one */
  replyDialog(one) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.replyingTo = null)}>
      <h2 id="question">${t('feedback.answer')}</h2>
      <p>${one.unit.name}: “${one.text}”</p>${errorMessage(this.error, 'dialog-error')}
      <form @submit=${this.reply}>${keptForm(`reply:${one.id}`)}
        <label class="field"><span>${t('feedback.answer-words')}</span><input name="answer" maxlength="2000" autofocus data-testid="answer-text" .value=${one.answer}></label>
        <p></p>
        <div class="row end">
          <button type="button" @click=${() => (this.replyingTo = null)}>${t('app.close')}</button>
          ${STATUSES.map((status, place) => html`<button class=${place ? '' : 'main'} value=${status} data-testid="answer-${status}">${t(`feedback.do-${status}`)}</button>`)}
        </div>
      </form>
    </dialog>`;
  }
}

/** Count breaches by unit and kind; units with most breaches come first. @param {Breach[]} facts */
function countBreaches(facts) {
  /** @type {Map<string, {id: string, name: string, sum: number, counts: Record<string, number>}>} */
  const units = new Map();
  for (const {unit, kind} of facts) {
    const row = units.get(unit.id) ?? {...unit, sum: 0, counts: {}};
    row.sum += 1;
    row.counts[kind] = (row.counts[kind] ?? 0) + 1;
    units.set(unit.id, row);
  }
  return {units: [...units.values()].sort((one, other) => other.sum - one.sum), kinds: [...new Set(facts.map(({kind}) => kind))].sort()};
}

customElements.define('feedback-page', FeedbackPage);
