// Element `attendee-lists`: attendance and attendee lists of a session, on its readiness board.

import {html, nothing} from '../vendor/lit.js';
import {requestAttendeeLists, attendance, closedVotes, explainInterruption, submitAttendeeList, attendeeLists, attendeeListsUrl, signedUrl, speakingTimes, speeches, voteProtocolUrl} from '../core/api.js';
import {number, t} from '../core/i18n.js';
import {decision} from '../meeting/client/vote.js';
import {parsePeople} from './readiness-rows.js';
import {clock, hourMinute, span} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';

const FORMATS = /** @type {const} */ (['xlsx', 'csv']);

/** Shows who attended a session, with interruptions to explain, and the attendee lists that the host requests. */
export class AttendeeListsPanel extends RequestingElement {
  static properties = {board: {attribute: false}, signs: {type: Boolean}, lists: {state: true}, slots: {state: true}, speeches: {state: true}, speaking: {state: true}, votes: {state: true}, saved: {state: true}};

  constructor() {
    super();
    /** @type {ReadyBoard | null} */
    this.board = null;
    /** Whether the site signs files. */
    this.signs = false;
    /** @type {AttendeeLists | null} */
    this.lists = null;
    /** @type {AttendedSlot[]} */
    this.slots = [];
    /** @type {Speech[]} */
    this.speeches = [];
    /** @type {SpeakingTime[]} */
    this.speaking = [];
    /** @type {ClosedVote[]} */
    this.votes = [];
    this.saved = '';
  }

  get session() {
    return this.board?.session.id ?? '';
  }

  /** Fetch everything again whenever the page has a new board. @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has('board') && this.board) this.attempt(() => this.load(this.session));
  }

  /** @param {string} session */
  async load(session) {
    [this.lists, this.slots, this.speeches, this.speaking, this.votes] = await Promise.all([attendeeLists(session), attendance(session), speeches(session), speakingTimes(session), closedVotes(session)]);
  }

  requestLists() {
    this.attempt(async () => void (this.lists = await requestAttendeeLists(this.session)));
  }

  /** @param {SubmitEvent} event @param {string} point */
  submitList(event, point) {
    event.preventDefault();
    const {count, people} = /** @type {any} */ (Object.fromEntries(new FormData(formOf(event))));
    this.attempt(async () => {
      this.saved = '';
      this.lists = await submitAttendeeList(this.session, point, Number(count), parsePeople(people));
      this.saved = point;
    }, formOf(event), named => named.replace(/\..*/, ''));
  }

  /** @param {SubmitEvent} event @param {string} point @param {string} start */
  explain(event, point, start) {
    event.preventDefault();
    const {cause} = /** @type {any} */ (Object.fromEntries(new FormData(formOf(event))));
    this.attempt(async () => void (this.slots = await explainInterruption(this.session, point, start, cause)), formOf(event));
  }

  render() {
    const {board, lists: found} = this;
    if (!board || !found) return errorMessage(this.error);
    const own = board.points.filter(row => row.own && found.lists.some(({point}) => point === row.point));
    return html`<section class="card">
      <h2>${t('lists.title')}</h2>
      ${errorMessage(this.error)} ${this.slots.map(slot => this.attendedSlot(slot))} ${this.speechList()} ${this.voteList()}
      ${found.asked
        ? html`<p data-testid="lists-count">${t('lists.count', found.submitted, found.expected)}</p>`
        : html`<p class="soft">${t('lists.not-asked')}</p>`}
      <div class="row wrap">
        ${found.may_ask && !found.asked ? html`<button type="button" class="main" data-testid="lists-ask" @click=${this.requestLists}>${icon('list')}<span>${t('lists.ask')}</span></button>` : nothing}
        ${found.may_ask && found.asked
          ? FORMATS.map(format => html`<a class="button" data-testid="lists-${format}" href=${attendeeListsUrl(this.session, format)} download>${icon('download')}<span>${t('lists.export', format.toUpperCase())}</span></a>
            ${this.signs ? this.signed(attendeeListsUrl(this.session, format), format.toUpperCase(), `lists-${format}-signed`) : nothing}`)
          : nothing}
      </div>
      ${found.asked && !board.may_assign ? own.map(row => this.form(row, found)) : nothing}
    </section>`;
  }

  /** Draw the link to a file with the site's signature. @param {string} url @param {string} format @param {string} testid */
  signed(url, format, testid) {
    return html`<a class="button" href=${signedUrl(url)} download data-testid=${testid}>${icon('lock')}<span>${t('signed.of', format)}</span></a>`;
  }

  /** @param {ReadyPoint} row @param {AttendeeLists} found */
  form(row, found) {
    const submitted = found.lists.find(({point}) => point === row.point);
    const textRows = (submitted?.people ?? []).map(({name, position}) => (position ? `${name}; ${position}` : name)).join('\n');
    return html`<form class="list-form" @submit=${(/** @type {SubmitEvent} */ event) => this.submitList(event, row.point)}>${keptForm(`list:${this.session}:${row.point}`)}
      <h3>${row.label}</h3>
      <div class="field"><label for="count-${row.point}">${t('lists.number')}</label>
        <input id="count-${row.point}" name="count" type="number" min="0" max="10000" required data-testid="list-count" .value=${String(submitted?.count ?? '')}></div>
      <div class="field"><label for="people-${row.point}">${t('lists.people')}</label>
        <textarea id="people-${row.point}" name="people" rows="5" data-testid="list-people" .value=${textRows}></textarea></div>
      <div class="row"><button class="main" data-testid="list-give">${t('lists.give')}</button>
        ${this.saved === row.point ? html`<span class="light green" role="status" data-testid="list-saved">${t('lists.saved')}</span>` : nothing}</div>
    </form>`;
  }

  /** @param {AttendedSlot} slot */
  attendedSlot(slot) {
    const broken = slot.points.filter(({interruptions}) => interruptions.length);
    const lost = slot.points.filter(({redials}) => redials.length);
    if (!slot.present) return nothing;
    return html`<p data-testid="attended" data-kind=${slot.kind}><strong>${t(`ready.kind-${slot.kind}`)}</strong>: ${t('lists.present', slot.present, slot.expected)}</p>
      <ul class="duties">${broken.map(point => point.interruptions.map(gap => this.interruptionRow(point, gap)))}</ul>
      ${lost.map(point => this.redials(point))}`;
  }

  /** Draw each lost connection and each attempt to reconnect. @param {AttendedPoint} point */
  redials({label, redials}) {
    const count = (/** @type {Redial['kind'][]} */ ...kinds) => redials.filter(({kind}) => kinds.includes(kind)).length;
    return html`<details data-testid="redials"><summary>${label}: ${t('lists.redials', count('lost'), count('tried', 'back'))}</summary>
      <ul class="duties">${redials.map(({name, kind, at}) => html`<li data-testid="redial" data-kind=${kind}><span>${name}</span><span>${clock(at)} · ${t(`lists.redial-${kind}`)}</span></li>`)}</ul></details>`;
  }

  /** Draw how long each point spoke, and who had the floor, from when to when, and the place of the hand in the queue. */
  speechList() {
    if (!this.speeches.length && !this.speaking.length) return nothing;
    const one = (/** @type {Speech} */ {name, place, topic, start, end}) => html`<li data-testid="speech"><span>${name}<small>${place ? t('lists.hand', place) : t('lists.unasked')} ${topic ? `· ${topic}` : nothing}</small></span>
      <span>${clock(start)}–${end ? clock(end) : '…'}</span></li>`;
    return html`<h3>${t('lists.spoken')}</h3>
      ${this.speaking.length ? html`<ul class="duties">${this.speaking.map(({label, seconds}) => html`<li data-testid="speaking-time"><span>${label}</span><span>${t('lists.spoke', span(seconds))}</span></li>`)}</ul>` : nothing}
      <ul class="duties">${this.speeches.map(one)}</ul>`;
  }

  /** Draw what was voted, each vote with its protocol. */
  voteList() {
    if (!this.votes.length) return nothing;
    return html`<h3>${t('lists.votes')}</h3>
      <ul class="duties">${this.votes.map(vote => html`<li data-testid="closed-vote"><span>${vote.number}. ${vote.question}<small>${t(vote.secret ? 'vote.secret' : 'vote.open')} · ${t(...decision(vote))} · ${vote.counts?.map((count, index) => `${vote.choices[index] ?? index + 1} ${count}`).join(' · ')}</small></span>
        <a class="button" href=${voteProtocolUrl(vote.id)} data-testid="closed-vote-protocol">${icon('download')}<span>${t('vote.protocol')}</span></a>
        ${this.signs ? this.signed(voteProtocolUrl(vote.id), 'PDF', 'closed-vote-protocol-signed') : nothing}</li>`)}</ul>`;
  }

  /** @param {AttendedPoint} point @param {Interruption} gap */
  interruptionRow(point, gap) {
    const mine = this.board?.points.some(row => row.point === point.point && row.own);
    const when = `${hourMinute(gap.start)}–${gap.end ? hourMinute(gap.end) : '…'} (${span(gap.seconds)})`;
    return html`<li data-testid="interruption"><span>${point.label}<small>${when} · ${t('lists.available', number(point.availability))}</small></span>
      ${gap.cause || !mine
        ? html`<span>${gap.cause || t('lists.no-cause')}</span>`
        : html`<form class="row wrap" @submit=${(/** @type {SubmitEvent} */ event) => this.explain(event, point.point, gap.start)}>${keptForm(`cause:${this.session}:${point.point}:${gap.start}`)}
            <input name="cause" maxlength="500" required aria-label=${t('lists.cause')} placeholder=${t('lists.cause')} data-testid="cause">
            <button data-testid="explain">${t('lists.explain')}</button>
          </form>`}
    </li>`;
  }
}

customElements.define('attendee-lists', AttendeeListsPanel);
