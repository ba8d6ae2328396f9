// Element `vote-panel`: the tab of the console in which the chair asks, sees who has voted, and closes.

import {html, live, nothing, repeat} from '../../vendor/lit.js';
import {voteProtocolUrl} from '../../core/api.js';
import {BaseElement, errorMessage, icon} from '../../core/base.js';
import {ask} from '../../core/dialog.js';
import {t} from '../../core/i18n.js';
import {span} from '../../core/time.js';
import {showFaults} from '../../core/validation.js';
import {properName} from '../client/meeting-state.js';
import {decision, draftOf, faultsOf, isOpen, LIMITS, MAX_QUESTION, messageOf, pointsOf, secondsLeft, votersInOrder} from '../client/vote.js';
import {countBars} from './count-bars.js';
import './vote-prompt.js';

/** Asks, counts and announces. What is typed outlives a look at another tab. */
export class VotePanel extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, draft: {state: true}, faults: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
    /** @type {VoteDraft | null} */
    this.draft = null;
    /** @type {Record<string, string>} */
    this.faults = {};
    this.busy = false;
  }

  get draftKey() {
    return `vote:${this.meeting?.protocol.code}`;
  }

  /** Return an empty draft. @returns {VoteDraft} */
  blank() {
    return {question: '', choices: ['agree', 'disagree', 'other'].map(each => t(`vote.${each}`)).join('\n'), secret: false, quorum: 'half', majority: 'half', base: 'entitled', minutes: 0, points: null, item: null};
  }

  render() {
    const state = this.meeting?.state;
    if (!state) return nothing;
    this.draft ??= JSON.parse(sessionStorage.getItem(this.draftKey) ?? 'null') ?? this.blank();
    const {vote} = state;
    return html`<section class="vote" aria-label=${t('tab.vote')} data-testid="vote-panel">
      ${vote && isOpen(vote) ? this.running(vote) : html`${vote ? this.latest(vote) : nothing}${this.form(state, /** @type {VoteDraft} */ (this.draft))}`}
    </section>`;
  }

  /** @param {Vote} vote */
  running(vote) {
    const left = secondsLeft(vote, this.meeting?.countedNow ?? 0);
    return html`<div class="vote-head">
        <p class="of">${t('vote.number', vote.number)} · ${t(vote.secret ? 'vote.secret' : 'vote.open')}</p>
        <h2 dir="auto">${vote.question}</h2>
        <p class="turnout"><strong data-testid="vote-turnout">${t('vote.turnout', vote.cast ?? 0, vote.entitled)}</strong>${left === null ? nothing : html` <span role="timer">${t('vote.left', span(left))}</span>`}</p>
        <progress max=${vote.entitled} .value=${vote.cast ?? 0} aria-label=${t('vote.turnout', vote.cast ?? 0, vote.entitled)}></progress>
        ${countBars(vote)}
        <vote-prompt .meeting=${this.meeting} .tick=${this.tick} .compact=${true}></vote-prompt>
        <div class="row">
          <button type="button" class="main" data-testid="vote-close" ?disabled=${this.busy} @click=${() => this.send({type: 'vote-close', vote: vote.id})}>${icon('check')}<span>${t('vote.close')}</span></button>
          <button type="button" data-testid="vote-close-only" ?disabled=${this.busy} @click=${() => this.send({type: 'vote-close', vote: vote.id, announce: false})}>${t('vote.close-only')}</button>
          <button type="button" class="danger" data-testid="vote-cancel" ?disabled=${this.busy} @click=${() => this.cancel(vote)}>${icon('cross')}<span>${t('vote.cancel')}</span></button>
        </div>
      </div>
      <ul class="rows" aria-label=${t('vote.voters')}>${repeat(votersInOrder(vote), ({point}) => point, voter => this.voter(vote, voter))}</ul>`;
  }

  /** @param {Vote} vote @param {VotingPoint} voter */
  voter(vote, voter) {
    const said = voter.choice === null ? t('vote.has-voted') : vote.choices[voter.choice];
    return html`<li class="seat-row ${voter.voted ? '' : 'nobody'}" data-testid="voter" data-voted=${voter.voted}>${icon(voter.voted ? 'check' : 'clock')}
      <span class="name"><strong>${voter.label || voter.name}</strong></span>
      ${voter.voted ? html`<span class="word">${said}${voter.aloud ? html` · ${t('vote.aloud')}` : nothing}</span>` : vote.secret || vote.closed ? html`<span class="word">${t('vote.not-yet')}</span>` : this.recordSelect(vote, voter)}</li>`;
  }

  /** @param {Vote} vote @param {VotingPoint} voter */
  recordSelect(vote, voter) {
    return html`<select class="record-aloud" aria-label=${t('vote.record', voter.label || voter.name)} data-testid="vote-record" .value=${live('')} @change=${(/** @type {any} */ {target}) => this.send({type: 'vote-record', vote: vote.id, point: voter.point, choice: Number(target.value)})}>
      <option value="">${t('vote.record-short')}</option>${vote.choices.map((choice, index) => html`<option value=${index}>${choice}</option>`)}</select>`;
  }

  /** Draw the vote that was closed last. @param {Vote} vote */
  latest(vote) {
    return html`<div class="vote-head" data-testid="vote-latest">
      <p class="of">${t('vote.result', vote.number)} · ${t(vote.cancelled ? 'vote.was-cancelled' : vote.announced ? 'vote.announced' : 'vote.unannounced')}</p>
      <h2 dir="auto">${vote.question}</h2>
      ${countBars(vote)}
      <p class="decided">${t(...decision(vote))} · ${t('vote.turnout', vote.cast ?? 0, vote.entitled)}</p>
      <div class="row">
        ${vote.cancelled ? nothing : html`<button type="button" class=${vote.announced ? '' : 'main'} data-testid="vote-show" ?disabled=${this.busy} @click=${() => this.send({type: 'vote-show', vote: vote.id, on: !vote.shown})}>${t(vote.shown ? 'vote.hide' : vote.announced ? 'vote.show' : 'vote.announce')}</button>`}
        <a class="button" href=${voteProtocolUrl(vote.id)} data-testid="vote-protocol">${icon('download')}<span>${t('vote.protocol')}</span></a>
      </div>
    </div>`;
  }

  /** @param {MeetingState} state @param {VoteDraft} draft */
  form(state, draft) {
    return html`<form class="vote-form" @submit=${this.open}>
      <label>${t('vote.question')}
        <textarea name="question" rows="2" maxlength=${MAX_QUESTION} required data-testid="vote-text" .value=${live(draft.question)} @input=${(/** @type {any} */ {target}) => this.change({question: target.value, item: null})} @keydown=${this.onEnter}></textarea></label>
      <fieldset class="row"><legend class="hidden">${t('vote.kind')}</legend>
        ${[false, true].map(secret => html`<label class="option"><input type="radio" name="secret" data-testid=${secret ? 'vote-secret' : 'vote-open-kind'} .checked=${live(draft.secret === secret)} @change=${() => this.change({secret})}><span>${t(secret ? 'vote.secret' : 'vote.open')}</span></label>`)}
      </fieldset>
      <details data-testid="vote-more"><summary>${t('vote.more')}</summary>
        <label>${t('vote.choices')}
          <textarea name="choices" rows="3" data-testid="vote-choices" .value=${live(draft.choices)} @input=${(/** @type {any} */ {target}) => this.change({choices: target.value})}></textarea></label>
        ${this.fault('choices')}
        ${this.select('quorum', ['none', 'half', 'two-thirds'])} ${this.select('majority', ['half', 'two-thirds'])} ${this.select('base', ['entitled', 'cast'])}
        <label>${t('vote.minutes')}
          <select data-testid="vote-minutes" .value=${live(String(draft.minutes))} @change=${(/** @type {any} */ {target}) => this.change({minutes: Number(target.value)})}>${LIMITS.map(minutes => html`<option value=${minutes} ?selected=${minutes === draft.minutes}>${minutes ? t('vote.in-minutes', minutes) : t('vote.no-limit')}</option>`)}</select></label>
        ${this.pointList(state, draft)}
      </details>
      ${this.fault('points')}
      <button class="main" data-testid="vote-ask" ?disabled=${!this.meeting?.connected || this.busy}>${icon('vote')}<span>${t('vote.ask')}</span></button>
    </form>`;
  }

  /** @param {'quorum' | 'majority' | 'base'} name @param {string[]} values */
  select(name, values) {
    const chosen = this.draft?.[name];
    return html`<label>${t(`vote.${name}`)}
      <select data-testid="vote-${name}" .value=${live(chosen)} @change=${(/** @type {any} */ {target}) => this.change({[name]: target.value})}>${values.map(value => html`<option value=${value} ?selected=${value === chosen}>${t(`vote.${name}-${value}`)}</option>`)}</select></label>`;
  }

  /** @param {MeetingState} state @param {VoteDraft} draft */
  pointList(state, draft) {
    const points = pointsOf(state.seats);
    const here = points.filter(seat => seat.here).map(seat => String(seat.point));
    const chosen = new Set(draft.points ?? points.map(({point}) => String(point)));
    return html`<fieldset class="vote-points"><legend>${t('vote.points', chosen.size)}</legend>
      <div class="row"><button type="button" data-testid="vote-all" @click=${() => this.change({points: null})}>${t('vote.all')}</button><button type="button" data-testid="vote-here" @click=${() => this.change({points: here})}>${t('vote.here', here.length)}</button></div>
      ${points.map(seat => html`<label class="option"><input type="checkbox" data-testid="vote-point" .checked=${live(chosen.has(String(seat.point)))} @change=${(/** @type {any} */ {target}) => this.choosePoint(chosen, String(seat.point), target.checked)}><span>${properName(seat)}</span></label>`)}
    </fieldset>`;
  }

  /** @param {Set<string>} chosen @param {string} point @param {boolean} on */
  choosePoint(chosen, point, on) {
    const next = new Set(chosen);
    if (on) next.add(point);
    else next.delete(point);
    this.change({points: [...next]});
  }

  /** @param {string} field */
  fault(field) {
    return this.faults[field] ? errorMessage(t(this.faults[field])) : nothing;
  }

  /** @param {Partial<VoteDraft>} changed */
  change(changed) {
    this.draft = {...(this.draft ?? this.blank()), ...changed};
    this.faults = {};
    sessionStorage.setItem(this.draftKey, JSON.stringify(this.draft));
  }

  /** Ask by Enter, as by the button. @param {KeyboardEvent} event */
  onEnter(event) {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    /** @type {HTMLFormElement} */ (/** @type {HTMLElement} */ (event.target).closest('form')).requestSubmit();
  }

  /** Ask; a refusal is shown at the question. @param {SubmitEvent} event */
  async open(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const draft = this.draft ?? this.blank();
    this.faults = faultsOf(draft);
    if (Object.keys(this.faults).length) return this.showFault();
    if (!messageOf(draft).question) return;
    this.busy = true;
    const fault = await this.meeting?.requestVote(messageOf(draft));
    this.busy = false;
    if (fault) return void showFaults(form, [{field: 'question', detail: t(...fault)}]);
    this.draft = {...draft, question: '', item: null};
    sessionStorage.setItem(this.draftKey, JSON.stringify(this.draft));
  }

  /** Cancel a vote once it is confirmed; its question comes back into an empty form, to be mended. @param {Vote} vote */
  async cancel(vote) {
    const sure = await ask({id: 'vote-cancelling', title: t('vote.cancelling', vote.number), text: t('vote.cancelling-text'), cancel: t('vote.go-on'), choices: [{value: 'confirm', label: t('vote.cancel'), tone: 'danger'}]});
    if (!sure || !(await this.send({type: 'vote-cancel', vote: vote.id}))) return;
    const draft = this.draft ?? this.blank();
    if (!draft.question) this.change(draftOf(draft, vote));
  }

  /** Show the settings, in which something is wrong. */
  showFault() {
    const details = this.querySelector('details');
    if (details) details.open = true;
  }

  /** @param {Message} message */
  async send(message) {
    this.busy = true;
    const done = await this.meeting?.sendVote(message);
    this.busy = false;
    return done;
  }
}

customElements.define('vote-panel', VotePanel);
