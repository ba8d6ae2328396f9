// Page `capacity.html`: rated capacity, its changes, its use, and the media workers.

import {html, nothing} from '../vendor/lit.js';
import {capacity, capacityImpact, drainWorker, ratedCapacity, sessionCosts, speechRecognition, setCapacity, shedSessions, undrainWorker, usage, workers} from '../core/api.js';
import {ratedAt} from '../booking/timeline.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import {dateField, formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../booking/capacity-chart.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {day, fromLocal, hourMinute, midnight, slot, utc} from '../core/time.js';
import {loadingState} from '../core/states.js';

const DAY_MS = 86_400_000;
const POLL_MS = 5000;
const YEAR_DAYS = 365;
const SPANS = [7, 30, 90];

/** Shows rated capacity, load and media workers, and changes the capacity. */
class CapacityPage extends Page {
  static properties = {
    ...Page.properties,
    from: {state: true}, span: {state: true}, capacity: {state: true}, maximum: {state: true}, usage: {state: true}, costs: {state: true}, machines: {state: true}, speech: {state: true}, fields: {state: true},
    victims: {state: true}, dueVictims: {state: true}, fault: {state: true}, saved: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    setTitle('capacity-page.title');
    this.from = midnight(Date.now());
    this.span = 30;
    /** @type {Capacity | null} */
    this.capacity = null;
    /** @type {RatedCapacity | null} */
    this.maximum = null;
    /** @type {Usage | null} */
    this.usage = null;
    /** What a session costs, and when recordings are composed. @type {Costs | null} */
    this.costs = null;
    /** @type {SpeechRecognition | null} */
    this.speech = null;
    /** @type {MediaMachine[]} */
    this.machines = [];
    /** @type {Record<string, string>} */
    this.fields = {since: '', until: '', sessions: '', points: '', reason: ''};
    /**
     * Sessions that would lose their code by the planned change; null before the question was sent.
     * @type {SessionBrief[] | null}
     */
    this.victims = null;
    /** Sessions that must lose their code now. @type {SessionBrief[]} */
    this.dueVictims = [];
    this.fault = '';
    this.saved = '';
    this.busy = false;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.loadWorkers()));
  }

  get to() {
    return this.from + this.span * DAY_MS;
  }

  get mayDecide() {
    return isCentral(this.me);
  }

  async loadWorkers() {
    this.machines = await workers();
  }

  async load() {
    const now = Date.now();
    const {from, to} = this;
    const [seen, steps, used, costs, speech] = await Promise.all([capacity(utc(from), utc(to)), ratedCapacity(), usage(utc(now - YEAR_DAYS * DAY_MS), utc(now)), sessionCosts(), speechRecognition(), this.loadWorkers()]);
    if (from !== this.from || to !== this.to) return;
    [this.capacity, this.maximum, this.usage, this.costs, this.speech] = [seen, steps, used, costs, speech];
    const {sessions, points} = ratedAt(steps.steps, now);
    if (!this.fields.sessions) this.fields = {...this.fields, sessions: String(sessions.max), points: String(points.max)};
  }

  /** Empty a media worker, or let it take rooms again. @param {MediaWorker} worker */
  toggleDrained({name, drained}) {
    return this.attempt(async () => {
      this.machines = await (drained ? undrainWorker : drainWorker)(name);
    });
  }

  /** @param {number} from @param {number} [span] */
  showPeriod(from, span = this.span) {
    [this.from, this.span] = [from, span];
    this.attempt(() => this.load());
  }

  /** @param {Event} event */
  edit(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    this.fields = {...this.fields, [field.name]: field.value};
    [this.victims, this.saved] = [null, ''];
  }

  /** @returns {CapacityChange} */
  get change() {
    const {since, until, sessions, points, reason} = this.fields;
    return {since: fromLocal(since) || null, until: fromLocal(until) || null, sessions: Number(sessions), points: Number(points), reason};
  }

  /** Run a request of the form; its error is shown at the fields or in the form. @param {() => Promise<unknown>} run @param {HTMLFormElement | null} form */
  async runDecision(run, form) {
    [this.busy, this.fault] = [true, ''];
    await this.attempt(run, form);
    [this.fault, this.error, this.busy] = [this.fault || this.error, '', false];
  }

  /**
   * Ask what the change would cost; sent a second time, once that is shown, make the change.
   * @param {SubmitEvent} event
   */
  send(event) {
    event.preventDefault();
    return this.runDecision(async () => {
      if (!this.victims) {
        this.victims = (await capacityImpact(this.change)).victims;
        return false;
      }
      this.dueVictims = (await setCapacity(this.change)).victims;
      [this.victims, this.saved] = [null, t('capacity-page.saved')];
      await this.load();
    }, formOf(event));
  }

  /** @param {Event} event */
  shedDue({target}) {
    return this.runDecision(async () => {
      const lost = this.dueVictims.length;
      this.dueVictims = (await shedSessions(this.dueVictims.map(({id}) => id), this.fields.reason)).victims;
      this.saved = this.dueVictims.length ? '' : t('capacity-page.shed-done', lost);
      if (this.dueVictims.length) this.fault = t('queue-page.changed');
      await this.load();
    }, /** @type {HTMLButtonElement} */ (target).form);
  }

  render() {
    return html`<top-bar .me=${this.me} current="capacity"></top-bar>
      <main class="capacity-page">
        <h1>${t('capacity-page.title')}</h1>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : nothing}
        ${this.capacity && this.maximum && this.usage ? this.all(this.capacity, this.maximum, this.usage) : nothing}
      </main>`;
  }

  /** @param {Capacity} capacity @param {RatedCapacity} maximum @param {Usage} usage */
  all(capacity, maximum, usage) {
    const length = this.span * DAY_MS;
    return html`<section class="card">
        <div class="row wrap between">
          <h2>${day(this.from)} – ${day(this.to - 1)}</h2>
          <div class="row wrap">
            <button type="button" aria-label=${t('calendar.back')} data-testid="back" @click=${() => this.showPeriod(this.from - length)}>${icon('previous')}</button>
            <button type="button" data-testid="today" @click=${() => this.showPeriod(midnight(Date.now()))}>${t('calendar.today')}</button>
            <button type="button" aria-label=${t('calendar.on')} data-testid="on" @click=${() => this.showPeriod(this.from + length)}>${icon('next')}</button>
            ${SPANS.map(span => html`<button type="button" class="chip" aria-pressed=${span === this.span} data-testid="span-${span}" @click=${() => this.showPeriod(this.from, span)}>${t('capacity-page.days', span)}</button>`)}
          </div>
        </div>
        <div class="columns">${['sessions', 'points'].map(what => html`<capacity-chart .capacity=${capacity} .what=${what} .from=${this.from} .to=${this.to} .slots=${[]} .rated=${maximum.steps}></capacity-chart>`)}</div>
        <p class="soft">${t('capacity.rule')}</p>
      </section>
      <div class="columns">
        <section class="card"><h2>${t('capacity-page.steps')}</h2>${this.steps(maximum.steps)}</section>
        <section class="card"><h2>${t('capacity-page.year')}</h2>${this.figures(usage, capacity)}</section>
      </div>
      <section class="card"><h2>${t('capacity-page.costs')}</h2>
        ${this.costs?.session ? this.sessionCosts(this.costs.session) : html`<p class="soft" data-testid="no-costs">${t('capacity-page.no-costs')}</p>`}
        ${this.costs ? html`<p data-testid="recordings-composed" data-when=${this.costs.recordings}>${t(`capacity-page.recordings-${this.costs.recordings}`)}</p>` : nothing}
      </section>
      <section class="card"><h2>${t('capacity-page.machines')}</h2>${this.workerTable(this.machines)}${this.lossOf(this.machines)}<p class="soft">${t('capacity-page.machines-hint')}</p> ${this.speech ? this.recognition(this.speech) : nothing}</section>
      ${this.mayDecide ? this.plan() : nothing}`;
  }

  /** Draw one row for each media worker, and one for a machine without any. @param {MediaMachine[]} machines */
  workerTable(machines) {
    /** @param {MediaMachine} machine */
    const called = ({name}) => name ?? t('capacity-page.own');
    return html`<table data-testid="machines"><thead><tr>${['machine', 'state', 'rooms', 'seats', 'captions', 'records'].map(column => html`<th>${t(`capacity-page.${column}`)}</th>`)}${this.mayDecide ? html`<th>${t('capacity-page.action')}</th>` : nothing}</tr></thead>
      <tbody>${machines.map(machine => machine.workers.length
        ? machine.workers.map(worker => this.workerRow(called(machine), worker))
        : html`<tr data-testid="worker"><td>${called(machine)}</td><td><span class="badge cancelled">${t('capacity-page.away')}</span></td><td>–</td><td>–</td><td>–</td><td>–</td>${this.mayDecide ? html`<td></td>` : nothing}</tr>`)}</tbody></table>`;
  }

  /** Name the machine whose loss would leave the most seats without a place. @param {MediaMachine[]} machines */
  lossOf(machines) {
    const [worst] = [...machines].sort((a, b) => (b.without_place ?? 0) - (a.without_place ?? 0));
    return worst?.without_place ? html`<p role="status" data-testid="loss">${t('capacity-page.loss', worst.name ?? t('capacity-page.own'), worst.without_place)}</p>` : nothing;
  }

  /** @param {string} machine @param {MediaWorker} worker */
  workerRow(machine, worker) {
    const {name, rooms, seats, records, drained, caption_pct} = worker;
    const state = !drained ? 'here' : rooms ? 'draining' : 'drained';
    return html`<tr data-testid="worker" data-name=${name} data-state=${state}>
      <td>${t('capacity-page.process', machine, name.slice(name.indexOf('/') + 1))}</td><td role="status"><span class=${drained ? 'badge' : 'badge open'}>${t(`capacity-page.${state}`)}</span></td>
      <td>${rooms}</td><td>${seats}</td><td>${caption_pct === null ? '–' : t('capacity-page.captions-cost', caption_pct)}</td><td>${t(records ? 'capacity-page.records-yes' : 'capacity-page.records-no')}</td>
      ${this.mayDecide ? html`<td><button type="button" data-testid="drain" @click=${() => this.toggleDrained(worker)}>${t(drained ? 'capacity-page.undrain' : 'capacity-page.drain')}</button></td>` : nothing}</tr>`;
  }

  /** Draw whether there are transcripts and captions, and what they come from. @param {SpeechRecognition} speech */
  recognition({transcripts, captions: {kind, missing}}) {
    return html`<h3>${t('capacity-page.speech')}</h3>
      <p data-testid="speech-transcripts" data-on=${transcripts}>${t(transcripts ? 'capacity-page.transcripts-on' : 'capacity-page.transcripts-off')}</p>
      <p data-testid="speech-captions" data-kind=${kind}>${t(missing ? 'capacity-page.captions-missing' : `capacity-page.captions-${kind}`, missing)}</p>`;
  }

  /** @param {RatedStep[]} steps */
  steps(steps) {
    const now = Date.now();
    const current = ratedAt(steps, now);
    return html`<table data-testid="steps"><thead><tr><th>${t('capacity-page.since')}</th><th>${t('capacity.sessions')}</th><th>${t('capacity.points')}</th></tr></thead>
      <tbody>${steps.map(step => html`<tr data-testid="step" aria-current=${step === current ? 'true' : nothing}>
        <td>${step.since ? `${hourMinute(step.since)} ${day(step.since)}` : t('capacity-page.first')}${step === current ? html` <span class="badge open">${t('capacity-page.now')}</span>` : nothing}
          ${step.since && Date.parse(step.since) > now ? html` <span class="badge">${t('capacity-page.planned')}</span>` : nothing}</td>
        <td>${step.sessions.usable} / ${step.sessions.max}</td><td>${step.points.usable} / ${step.points.max}</td></tr>`)}</tbody></table>`;
  }

  /** @param {Usage} usage @param {Capacity} capacity */
  figures({sessions, points, waited, revoked, refused}, capacity) {
    /** @param {LoadPeak} peak @param {number} usable */
    const peak = ({load, at}, usable) => html`<strong>${load}</strong> / ${usable}${at ? html` <small>${hourMinute(at)} ${day(at)}</small>` : nothing}`;
    return html`<dl class="figures" data-testid="usage">
      <div><dt>${t('capacity-page.peak-sessions')}</dt><dd data-testid="peak-sessions">${peak(sessions, capacity.sessions.usable)}</dd></div>
      <div><dt>${t('capacity-page.peak-points')}</dt><dd data-testid="peak-points">${peak(points, capacity.points.usable)}</dd></div>
      <div><dt>${t('capacity-page.waited')}</dt><dd data-testid="waited">${waited}</dd></div>
      <div><dt>${t('capacity-page.revoked')}</dt><dd>${revoked}</dd></div>
      <div><dt>${t('capacity-page.refused')}</dt><dd data-testid="refused">${refused}</dd></div>
    </dl>`;
  }

  /** Draw what a session takes of a core: forwarded, composed, recorded. @param {SessionCosts} costs */
  sessionCosts({measured, machine, cores, points, forwarded, composed, recorded}) {
    /** @param {number} value */
    const percent = value => t('capacity-page.core-percent', number(value, {maximumFractionDigits: 1}));
    return html`<p class="soft">${t('capacity-page.costs-hint', points)}</p>
      <dl class="figures" data-testid="costs">
        <div><dt>${t('capacity-page.forwarded')}</dt><dd data-testid="cost-forwarded">${percent(forwarded)}</dd></div>
        <div><dt>${t('capacity-page.composed')}</dt><dd data-testid="cost-composed">${percent(composed)}</dd></div>
        <div><dt>${t('capacity-page.recorded')}</dt><dd data-testid="cost-recorded">+ ${percent(recorded)}</dd></div>
      </dl>
      <p class="soft">${t('capacity-page.costs-measured', `${hourMinute(measured)} ${day(measured)}`, machine, cores)}</p>`;
  }

  plan() {
    const {victims, dueVictims} = this;
    return html`<form class="card column" data-testid="capacity-plan" @submit=${this.send} @input=${this.edit}>${keptForm('plan')}
      <h2>${t('capacity-page.plan')}</h2>
      <div class="quad">${this.field('since', 'datetime-local')} ${this.field('until', 'datetime-local')} ${this.field('sessions', 'number', true)} ${this.field('points', 'number', true)}</div>
      ${this.field('reason', 'text', true)}
      ${victims ? html`<div class=${victims.length ? 'alert block' : 'fine'} role="status" data-testid="impact" data-count=${victims.length}>
        <p>${victims.length ? t('capacity-page.impact', victims.length) : t('capacity-page.no-impact')}</p>${this.list(victims)}</div>` : nothing}
      ${dueVictims.length ? html`<div class="alert block" role="alert" data-testid="due"><p>${t('capacity-page.due', dueVictims.length)}</p>${this.list(dueVictims)}
        <button type="button" class="danger solid" data-testid="shed" ?disabled=${this.busy || !this.fields.reason.trim()} @click=${this.shedDue}>${t('capacity-page.shed', dueVictims.length)}</button></div>` : nothing}
      ${this.saved ? html`<p class="fine" role="status" data-testid="saved">${icon('check')}<span>${this.saved}</span></p>` : nothing}
      ${errorMessage(this.fault, 'plan-fault')}
      <div class="row end"><button class=${victims?.length ? 'danger solid' : 'main'} data-testid="capacity-send" ?disabled=${this.busy}>
        ${t(victims ? 'capacity-page.save' : 'capacity-page.ask')}</button></div>
    </form>`;
  }

  /** @param {SessionBrief[]} briefs */
  list(briefs) {
    return briefs.length ? html`<ul>${briefs.map(one => html`<li>${one.number} · ${one.host} · ${slot(one.official)} · ${t('queue.legs', one.legs)}</li>`)}</ul>` : nothing;
  }

  /** @param {string} name @param {string} type @param {boolean} [required] */
  field(name, type, required = false) {
    if (type === 'datetime-local') return dateField({name, label: t(`capacity-page.${name}-field`), value: this.fields[name], testid: `plan-${name}`, withTime: true});
    return html`<div class="field"><label for=${name}>${t(`capacity-page.${name}-field`)}</label>
      <input id=${name} name=${name} type=${type} data-testid="plan-${name}" min=${type === 'number' ? 0 : nothing} maxlength=${type === 'text' ? 500 : nothing} ?required=${required} .value=${this.fields[name]}></div>`;
  }
}

customElements.define('capacity-page', CapacityPage);
