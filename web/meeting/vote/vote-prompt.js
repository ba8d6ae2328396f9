// Element `vote-prompt`: the question that a point is to vote on, in the room and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {BaseElement, icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';
import {span} from '../../core/time.js';
import {isAsked, isOpen, secondsLeft} from '../client/vote.js';

/**
 * Asks the own point: one tap in an open vote, which may be changed until it is closed; in a secret one a second tap
 * confirms the ballot, which stays. Afterwards a line says what was stored.
 */
export class VotePrompt extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, compact: {type: Boolean}, picked: {state: true}, changing: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
    /** Whether it stands in the panel of the chair, which shows the question already and keeps the focus. */
    this.compact = false;
    /** @type {number | null} the choice that a secret ballot waits to be confirmed for */
    this.picked = null;
    /** Whether the point changes its open vote. */
    this.changing = false;
    this.busy = false;
    this.shownId = '';
  }

  get vote() {
    return this.meeting?.state?.vote ?? null;
  }

  /** Return whether the choices are shown. */
  get asks() {
    return isAsked(this.vote) || (this.changing && isOpen(this.vote));
  }

  /** Choose by a key, as by a tap; without a question nothing happens. @param {number} choice */
  choose(choice) {
    if (this.asks && choice < (this.vote?.choices.length ?? 0)) this.pick(choice);
  }

  /** @param {number} choice */
  pick(choice) {
    if (this.vote?.secret) this.picked = choice;
    else this.cast(choice);
  }

  /** @param {number} choice */
  async cast(choice) {
    const vote = this.vote;
    if (!vote || this.busy) return;
    this.busy = true;
    if (await this.meeting?.sendVote({type: 'vote', vote: vote.id, choice})) this.changing = false;
    this.picked = null;
    this.busy = false;
  }

  render() {
    const {vote, meeting} = this;
    if (!vote || !isOpen(vote) || !vote.may) return nothing;
    if (!this.asks) return this.stored(vote);
    const left = secondsLeft(vote, meeting?.countedNow ?? 0);
    return html`<section class="vote-prompt ${this.compact ? 'compact' : ''} ${meeting?.connected ? '' : 'dead'}" role="group" aria-labelledby="vote-question" tabindex="-1" data-testid="vote-prompt">
      <p class="of">${icon('vote')}<span>${t(vote.secret ? 'vote.ask-secret' : 'vote.ask-open')}</span>${left === null || this.compact ? nothing : html`<strong role="timer" data-testid="vote-left">${t('vote.left', span(left))}</strong>`}</p>
      <h2 id="vote-question" dir="auto" class=${this.compact ? 'hidden' : ''}>${vote.question}</h2>
      ${this.picked === null ? this.choices(vote) : this.confirm(vote, this.picked)}
    </section>`;
  }

  /** @param {Vote} vote */
  choices(vote) {
    return html`<div class="choices">${vote.choices.map((choice, index) => html`<button type="button" data-testid="vote-choice" aria-pressed=${vote.choice === index} ?disabled=${!this.meeting?.connected || this.busy} @click=${() => this.pick(index)}><kbd aria-hidden="true">${index + 1}</kbd><span>${choice}</span></button>`)}</div>
      ${this.changing ? html`<button type="button" class="quiet" @click=${() => (this.changing = false)}>${t('vote.keep')}</button>` : nothing}`;
  }

  /** @param {Vote} vote @param {number} choice */
  confirm(vote, choice) {
    return html`<p class="sure">${t('vote.sure')} <strong>${vote.choices[choice]}</strong></p>
      <div class="choices">
        <button type="button" class="main" data-testid="vote-confirm" ?disabled=${!this.meeting?.connected || this.busy} @click=${() => this.cast(choice)}>${icon('check')}<span>${t('vote.confirm')}</span></button>
        <button type="button" data-testid="vote-back" @click=${() => (this.picked = null)}>${t('vote.back')}</button>
      </div>`;
  }

  /** @param {Vote} vote */
  stored(vote) {
    return html`<p class="vote-stored" role="status" data-testid="vote-stored">${icon('check')}
      <span>${vote.secret ? t('vote.stored-secret') : t('vote.stored', vote.choice === null ? '' : vote.choices[vote.choice])}</span>
      ${vote.secret ? nothing : html`<button type="button" data-testid="vote-change" @click=${() => (this.changing = true)}>${t('vote.change')}</button>`}</p>`;
  }

  /** Begin anew with each vote, and lead the keyboard to it unless somebody is typing. */
  updated() {
    const id = this.asks ? (this.vote?.id ?? '') : '';
    if (id === this.shownId) return;
    this.shownId = id;
    this.picked = null;
    if (id && !this.compact && !document.activeElement?.matches('input, textarea, select')) /** @type {HTMLElement | null} */ (this.querySelector('.vote-prompt'))?.focus();
    if (!isOpen(this.vote)) this.changing = false;
  }
}

customElements.define('vote-prompt', VotePrompt);
