// Page `queue.html`: sessions that wait for a code, and the plan that would admit each.

import {html, nothing, repeat} from '../vendor/lit.js';
import {ProblemError, cancel, confirmPlan, holdPlan, queue} from '../core/api.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {ask, askText} from '../core/dialog.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import './approval-list.js';
import './plan-timeline.js';
import {bulkBar, movable} from './queue-bulk.js';
import {keepInAddress, keptInAddress} from '../core/address.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {isCentral} from '../core/nav.js';
import {day, hourMinute, slot, span} from '../core/time.js';
import {emptyState, loadingState} from '../core/states.js';

const MAX_REASON = 500; // docs/protocol.md: `POST /sessions/{id}/cancel`
const POLL_MS = 15_000;
const SECOND_MS = 1000;

/** Lists waiting sessions and confirms the plan that admits one. */
class QueuePage extends Page {
  static properties = {
    ...Page.properties,
    queue: {state: true}, search: {state: true}, picks: {state: true}, chosen: {state: true}, plan: {state: true}, reason: {state: true},
    override: {state: true}, done: {state: true}, fault: {state: true}, busy: {state: true}, now: {state: true},
  };

  constructor() {
    super();
    setTitle('queue-page.title');
    /** @type {Queue | null} */
    this.queue = null;
    this.search = keptInAddress(['q']).q ?? '';
    /** The sessions that are picked, to be decided at once. @type {Set<string>} */
    this.picks = new Set();
    /** The session whose plan is looked at. */
    this.chosen = '';
    /** @type {Plan | null} */
    this.plan = null;
    this.reason = '';
    this.override = false;
    this.done = '';
    this.fault = '';
    this.busy = false;
    this.now = Date.now();
    /** Server time minus the device's, milliseconds. */
    this.skew = 0;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.load()));
    repeatWhileConnected(this, SECOND_MS, () => (this.now = Date.now() + this.skew));
  }

  async load() {
    this.queue = await queue();
    this.skew = Date.parse(this.queue.now) - Date.now();
    this.now = Date.parse(this.queue.now);
  }

  get mayDecide() {
    return isCentral(this.me);
  }

  /** Return the waiting sessions that match the search text. */
  get waiting() {
    const wanted = foldText(this.search.trim());
    return (this.queue?.waiting ?? []).filter(({session}) => foldText(`${session.number} ${session.host} ${session.title}`).includes(wanted));
  }

  /** Return the picked sessions that are shown, in their order. */
  get picked() {
    return this.waiting.filter(({session}) => this.picks.has(session.id));
  }

  /** @param {QueueStanding[]} standings @param {boolean} on */
  pick(standings, on) {
    const ids = standings.map(({session}) => session.id);
    this.picks = new Set(on ? [...this.picks, ...ids] : [...this.picks].filter(id => !ids.includes(id)));
  }

  /** Run a request about the plan; its error is shown at the fields or beside the plan. @param {() => Promise<unknown>} run @param {HTMLFormElement} [form] */
  async runDecision(run, form) {
    [this.busy, this.fault] = [true, ''];
    await this.attempt(run, form);
    [this.fault, this.error, this.busy] = [this.fault || this.error, '', false];
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    if (failure instanceof ProblemError && failure.word === 'out-of-order') this.error = t('queue-page.out-of-order');
  }

  /** @param {QueueStanding} standing */
  async showPlan({session}) {
    if (this.chosen !== session.id) [this.reason, this.override] = ['', false];
    [this.chosen, this.plan, this.done] = [session.id, null, ''];
    await this.runDecision(async () => {
      this.plan = await holdPlan(session.id);
      await this.load();
    });
  }

  /**
   * Close a registration with words that reach who registered; `free` is a time that is proposed instead.
   * @param {QueueStanding} standing
   * @param {Slot} [free]
   */
  async refuse({session}, free) {
    const id = free ? 'propose' : 'refuse';
    await askText({
      id, title: t(`queue-page.${id}-title`, session.number), text: t(`queue-page.${id}-text`), label: t('queue-page.words'), max: MAX_REASON,
      value: free ? t('queue-page.proposal', slot(free)) : '', submit: t(`queue-page.${id}`), danger: !free,
      send: reason => this.sendWords(async () => {
        await cancel(session.id, reason);
        this.done = t('queue-page.refused', session.number);
        await this.load();
      }),
    });
  }

  /** Run what a dialog sends; return what went wrong, which the dialog shows. @param {() => Promise<unknown>} run */
  async sendWords(run) {
    await this.attempt(run);
    const fault = this.error;
    this.error = '';
    return fault;
  }

  /**
   * Decide picked sessions one after the other, up to the first that cannot be; say how many were.
   * @param {QueueStanding[]} standings
   * @param {(standing: QueueStanding) => Promise<unknown>} run
   */
  async decideEach(standings, run) {
    let decided = 0;
    [this.busy, this.done] = [true, ''];
    await this.attempt(async () => {
      for (const standing of standings) {
        await run(standing);
        this.pick([standing], false);
        decided += 1;
      }
    });
    const fault = this.error;
    await this.attempt(() => this.load());
    this.busy = false;
    this.error ||= fault;
    this.done = decided ? t('queue-page.decided', decided, standings.length) : '';
  }

  /** Offer each picked session its own next free time. */
  async proposeAll() {
    const standings = movable(this.picked);
    /** @param {QueueStanding} standing */
    const words = ({reason}) => t('queue-page.proposal', slot(/** @type {Reason} */ (reason).suggestions[0]));
    const text = html`<p>${t('queue-page.propose-text')}</p><ul>${standings.map(each => html`<li>${each.session.number}: ${words(each)}</li>`)}</ul>`;
    if (await ask({id: 'propose-all', title: t('queue-page.propose-all-title', standings.length), text, choices: [{value: 'send', label: t('queue-page.propose'), tone: 'main'}]}))
      await this.decideEach(standings, each => cancel(each.session.id, words(each)));
  }

  /** Refuse picked sessions with the same words. */
  async refuseAll() {
    await askText({
      id: 'refuse-all', title: t('queue-page.refuse-all-title', this.picked.length), text: t('queue-page.refuse-text'), label: t('queue-page.words'), max: MAX_REASON, submit: t('queue-page.refuse'), danger: true,
      send: async reason => {
        await this.decideEach(this.picked, ({session}) => cancel(session.id, reason));
        const fault = this.error;
        this.error = '';
        return fault;
      },
    });
  }

  /** @param {SubmitEvent} event @param {QueueStanding} standing */
  async confirm(event, {session}) {
    event.preventDefault();
    const plan = this.plan;
    if (!plan) return;
    await this.runDecision(async () => {
      const {session: served, plan: fresh} = await confirmPlan(session.id, plan.version, this.reason, this.override);
      if (served) [this.chosen, this.plan, this.done] = ['', null, t('queue-page.served', session.number, plan.victims.length)];
      else [this.plan, this.fault] = [fresh, t('queue-page.changed')];
      await this.load();
      return Boolean(served);
    }, formOf(event));
  }

  /** @param {string} text */
  look(text) {
    this.search = text;
    keepInAddress({q: text});
  }

  render() {
    return html`<top-bar .me=${this.me} current="queue"></top-bar>
      <main>
        <div class="row between"><h1>${t('queue-page.title')}</h1>
          ${this.queue ? html`<input class="find" type="search" data-testid="queue-search" aria-label=${t('queue-page.search')} placeholder=${t('queue-page.search')}
            .value=${this.search} @input=${(/** @type {any} */ {target}) => this.look(target.value)}>` : nothing}
        </div>
        ${errorMessage(this.error)}
        ${this.done ? html`<p class="fine" role="status" data-testid="served">${icon('check')}<span>${this.done}</span></p>` : nothing}
        ${this.me ? html`<approval-list .me=${this.me} @decided=${() => this.refresh(() => this.load())}></approval-list>` : nothing}
        ${this.loading ? loadingState() : this.queue ? this.queueAndOverruns(this.queue) : nothing}
      </main>`;
  }

  /** @param {Queue} queue */
  queueAndOverruns({waiting, overruns}) {
    return html`${overruns.length ? html`<h2>${t('queue-page.overruns')}</h2><ul class="cards">${overruns.map(each => this.overrun(each))}</ul>` : nothing}
      ${waiting.length === 0 ? emptyState({picture: 'check', title: t('queue-page.none'), action: html`<a class="button" href="calendar.html">${icon('calendar')}<span>${t('nav.calendar')}</span></a>`, testid: 'queue-empty'}) : nothing}
      ${waiting.length && !this.waiting.length ? emptyState({picture: 'search', title: t('queue-page.no-match'), action: html`<button type="button" @click=${() => this.look('')}>${t('table.clear')}</button>`}) : nothing}
      ${this.mayDecide && this.waiting.length > 1 ? bulkBar(this, {pickAll: on => this.pick(this.waiting, on), propose: () => this.proposeAll(), refuse: () => this.refuseAll()}) : nothing}
      <ol class="cards">${repeat(this.waiting, ({session}) => session.id, standing => this.card(standing, waiting.indexOf(standing) + 1))}</ol>`;
  }

  /** @param {Overrun} overrun */
  overrun({session, reason}) {
    return html`<li class="card warn" data-testid="overrun" data-id=${session.id}>
      <p><strong>${session.number} · ${session.host}</strong> – ${t('queue-page.until', hourMinute(session.official.end))}</p>
      <p>${icon('warn')} ${this.reasonText(reason)}</p>
      <p class="soft">${t('queue-page.holders', reason.holders.map(({number, host}) => `${number} ${host}`).join('; '))}</p>
    </li>`;
  }

  /** @param {Reason} reason */
  reasonText({limit, needed, usable, start, end}) {
    return t(`queue-page.${limit}`, slot({start, end}), needed, usable);
  }

  /** @param {QueueStanding} standing @param {number} place */
  card(standing, place) {
    const {session, state, since, reason} = standing;
    return html`<li class="card waiting" data-testid="queue-row" data-id=${session.id} data-state=${state}>
      <div class="row between top">
        ${this.mayDecide ? html`<label class="option pick"><input type="checkbox" data-testid="pick" aria-label=${t('queue-page.pick', session.number)} .checked=${this.picks.has(session.id)}
          @change=${(/** @type {any} */ {target}) => this.pick([standing], target.checked)}></label>` : nothing}
        <span class="place" aria-label=${t('queue-page.place', place)}>${place}</span>
        <div class="what">
          <h2>${copyable(session.number)} · ${session.host}</h2>
          <p>${session.title}</p>
          <p>${slot(session.official)} · ${t(`level.${session.level}`)} · ${t(`class.${session.klass}`)} · ${t('queue.legs', session.legs)}</p>
        </div>
        <div class="state"><span class="badge ${state === 'revoked' ? 'cancelled' : 'hand'}">${t(`phase.${state}`)}</span>
          <small>${t('queue-page.since', `${hourMinute(since)} ${day(since)}`)}</small></div>
      </div>
      ${reason ? html`<p data-testid="why">${icon('warn')} ${this.reasonText(reason)}</p>
        <p class="soft">${t('queue-page.holders', reason.holders.map(({number, host}) => `${number} ${host}`).join('; '))}</p>
        ${reason.largest ? html`<p class="soft">${t('queue-page.largest', reason.largest)}</p>` : nothing}
        ${reason.suggestions.length ? html`<p class="soft">${icon('clock')} ${t('queue-page.free', reason.suggestions.map(free => slot(free)).join('; '))}</p>` : nothing}` : nothing}
      ${standing.ahead.length ? html`<p class="soft" data-testid="ahead">${t('queue-page.ahead', standing.ahead.map(({number}) => number).join(', '))}</p>` : nothing}
      <div class="row wrap"><strong data-testid="cost">${this.cost(standing)}</strong>
        ${this.mayDecide && standing.servable && this.chosen !== session.id
          ? html`<button type="button" class="main" data-testid="show-plan" ?disabled=${this.busy} @click=${() => this.showPlan(standing)}>${t('queue-page.show')}</button>`
          : nothing}
        ${this.mayDecide && reason?.suggestions.length ? html`<button type="button" data-testid="propose" @click=${() => this.refuse(standing, reason.suggestions[0])}>${t('queue-page.propose')}</button>` : nothing}
        ${this.mayDecide ? html`<button type="button" class="danger" data-testid="refuse" @click=${() => this.refuse(standing)}>${t('queue-page.refuse')}</button>` : nothing}</div>
      ${this.chosen === session.id ? this.planForm(standing) : nothing}
    </li>`;
  }

  /** @param {QueueStanding} standing */
  cost({servable, costs}) {
    if (!servable) return t('queue-page.not-servable');
    return costs ? t('queue-page.costs', costs) : t('queue-page.fits');
  }

  /** @param {QueueStanding} standing */
  planForm(standing) {
    const plan = this.plan;
    if (!plan) return this.fault ? errorMessage(this.fault, 'plan-fault') : loadingState();
    const left = (Date.parse(plan.until) - this.now) / 1000;
    const live = plan.victims.filter(({phase}) => phase === 'open');
    const lost = new Set(plan.victims.map(({id}) => id));
    const kept = (standing.reason?.holders ?? []).filter(({id}) => !lost.has(id));
    return html`<form class="plan" data-testid="plan" data-version=${plan.version} @submit=${(/** @type {SubmitEvent} */ event) => this.confirm(event, standing)}>${keptForm(`plan:${standing.session.id}`)}
      <h3>${plan.victims.length ? t('queue-page.plan', plan.victims.length) : t('queue-page.plan-free')}</h3>
      <plan-timeline .asking=${standing.session} .victims=${plan.victims} .kept=${kept}></plan-timeline>
      ${plan.spared.length ? html`<p class="mark amber" data-testid="spared">${icon('warn')}<span>${t('queue-page.spared', plan.spared.map(({number, host}) => `${number} ${host}`).join('; '))}</span></p>` : nothing}
      ${live.length ? html`<p class="mark amber" data-testid="live-victims">${icon('warn')}<span>${t('queue-page.live', live.map(({number, host}) => `${number} ${host}`).join('; '))}</span></p>` : nothing}
      <p class=${left > 0 ? 'soft' : ''} role=${left > 0 ? 'timer' : 'alert'} data-testid="plan-left">${icon('clock')}
        ${left > 0 ? t('queue-page.left', span(left)) : t('queue-page.expired')}</p>
      ${errorMessage(this.fault, 'plan-fault')}
      <div class="field"><label for="reason">${t('queue-page.reason')}</label>
        <input id="reason" name="reason" data-testid="reason" required maxlength="500" .value=${this.reason} @input=${(/** @type {any} */ {target}) => (this.reason = target.value)}></div>
      ${standing.ahead.length ? html`<label class="option"><input type="checkbox" name="override" data-testid="override" .checked=${this.override}
        @change=${(/** @type {any} */ {target}) => (this.override = target.checked)}><span>${t('queue-page.override', standing.ahead.map(({number}) => number).join(', '))}</span></label>` : nothing}
      <div class="row end">
        <button type="button" data-testid="leave-plan" @click=${() => (this.chosen = '')}>${t('queue-page.leave')}</button>
        ${left > 0 ? nothing : html`<button type="button" data-testid="renew-plan" @click=${() => this.showPlan(standing)}>${t('queue-page.renew')}</button>`}
        <button class=${plan.victims.length ? 'danger solid' : 'main'} data-testid="confirm-plan"
          ?disabled=${this.busy || left <= 0 || !this.reason.trim() || (standing.ahead.length > 0 && !this.override)}>
          ${plan.victims.length ? t('queue-page.confirm', plan.victims.length) : t('queue-page.issue')}</button>
      </div>
    </form>`;
  }
}

customElements.define('queue-page', QueuePage);
