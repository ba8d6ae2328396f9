import {html, nothing} from '../vendor/lit.js';
import {Refusal, capacity, impact, maximum, setCapacity, shed, told, usage, workers} from '../core/api.js';
import {rated} from '../booking/timeline.js';
import {alertLine, every, icon, Page, title} from '../core/base.js';
import '../booking/capacity-chart.js';
import '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {central} from '../core/nav.js';
import {day, fromLocal, hourMinute, midnight, slot, utc} from '../core/time.js';

const DAY_MS = 86_400_000;
const AGAIN_MS = 5000;
const YEAR_DAYS = 365;
const SPANS = [7, 30, 90];

class CapacityPage extends Page {
  static properties = {
    ...Page.properties,
    from: {state: true}, span: {state: true}, capacity: {state: true}, maximum: {state: true}, usage: {state: true}, machines: {state: true}, fields: {state: true},
    victims: {state: true}, due: {state: true}, fault: {state: true}, saved: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    title('capacity-page.title');
    this.from = midnight(Date.now());
    this.span = 30;
    /** @type {Capacity | null} */
    this.capacity = null;
    /** @type {Maximum | null} */
    this.maximum = null;
    /** @type {Usage | null} */
    this.usage = null;
    /** @type {Machine[]} */
    this.machines = [];
    /** @type {Record<string, string>} */
    this.fields = {since: '', until: '', sessions: '', points: '', reason: ''};
    /** Who would lose a code by what is planned; null while nobody asked. @type {Brief[] | null} */
    this.victims = null;
    /** Who must lose a code now. @type {Brief[]} */
    this.due = [];
    this.fault = '';
    this.saved = '';
    this.busy = false;
    every(this, AGAIN_MS, () => this.refresh(() => this.look()));
  }

  get to() {
    return this.from + this.span * DAY_MS;
  }

  get decides() {
    return central(this.me);
  }

  async look() {
    this.machines = await workers();
  }

  async load() {
    const now = Date.now();
    const {from, to} = this;
    const [seen, steps, used] = await Promise.all([capacity(utc(from), utc(to)), maximum(), usage(utc(now - YEAR_DAYS * DAY_MS), utc(now)), this.look()]);
    if (from !== this.from || to !== this.to) return;
    [this.capacity, this.maximum, this.usage] = [seen, steps, used];
    const {sessions, points} = rated(steps.steps, now);
    if (!this.fields.sessions) this.fields = {...this.fields, sessions: String(sessions.max), points: String(points.max)};
  }

  /** @param {number} from @param {number} [span] */
  go(from, span = this.span) {
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

  /** @param {() => Promise<void>} run */
  async decide(run) {
    [this.busy, this.fault] = [true, ''];
    try {
      await run();
    } catch (failure) {
      const errors = failure instanceof Refusal ? failure.problem.errors : undefined;
      this.fault = errors?.length ? errors.map(({detail}) => detail).join(' · ') : told(failure);
    }
    this.busy = false;
  }

  /** First what it would cost, then, seen, the same for good. @param {SubmitEvent} event */
  send(event) {
    event.preventDefault();
    return this.decide(async () => {
      if (!this.victims) {
        this.victims = (await impact(this.change)).victims;
        return;
      }
      this.due = (await setCapacity(this.change)).victims;
      [this.victims, this.saved] = [null, t('capacity-page.saved')];
      await this.load();
    });
  }

  shed() {
    return this.decide(async () => {
      const lost = this.due.length;
      this.due = (await shed(this.due.map(({id}) => id), this.fields.reason)).victims;
      this.saved = this.due.length ? '' : t('capacity-page.shed-done', lost);
      if (this.due.length) this.fault = t('queue-page.changed');
      await this.load();
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="capacity"></top-bar>
      <main class="capacity-page">
        <h1>${t('capacity-page.title')}</h1>
        ${alertLine(this.error)}
        ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : nothing}
        ${this.capacity && this.maximum && this.usage ? this.all(this.capacity, this.maximum, this.usage) : nothing}
      </main>`;
  }

  /** @param {Capacity} capacity @param {Maximum} maximum @param {Usage} usage */
  all(capacity, maximum, usage) {
    const length = this.span * DAY_MS;
    return html`<section class="card">
        <div class="row wrap between">
          <h2>${day(this.from)} – ${day(this.to - 1)}</h2>
          <div class="row wrap">
            <button type="button" aria-label=${t('calendar.back')} data-testid="back" @click=${() => this.go(this.from - length)}>${icon('previous')}</button>
            <button type="button" data-testid="today" @click=${() => this.go(midnight(Date.now()))}>${t('calendar.today')}</button>
            <button type="button" aria-label=${t('calendar.on')} data-testid="on" @click=${() => this.go(this.from + length)}>${icon('next')}</button>
            ${SPANS.map(span => html`<button type="button" class="chip" aria-pressed=${span === this.span} data-testid="span-${span}" @click=${() => this.go(this.from, span)}>${t('capacity-page.days', span)}</button>`)}
          </div>
        </div>
        <div class="columns">${['sessions', 'points'].map(what => html`<capacity-chart .capacity=${capacity} .what=${what} .from=${this.from} .to=${this.to} .slots=${[]} .rated=${maximum.steps}></capacity-chart>`)}</div>
        <p class="soft">${t('capacity.rule')}</p>
      </section>
      <div class="columns">
        <section class="card"><h2>${t('capacity-page.steps')}</h2>${this.steps(maximum.steps)}</section>
        <section class="card"><h2>${t('capacity-page.year')}</h2>${this.figures(usage, capacity)}</section>
      </div>
      <section class="card"><h2>${t('capacity-page.machines')}</h2>${this.media(this.machines)}</section>
      ${this.decides ? this.plan() : nothing}`;
  }

  /** One row for each worker, one for a machine without. @param {Machine[]} machines */
  media(machines) {
    /** @param {Machine} machine */
    const called = ({name}) => name ?? t('capacity-page.own');
    return html`<table data-testid="machines"><thead><tr>${['machine', 'state', 'rooms', 'seats', 'records'].map(column => html`<th>${t(`capacity-page.${column}`)}</th>`)}</tr></thead>
      <tbody>${machines.map(machine => machine.workers.length
        ? machine.workers.map(({name, rooms, seats, records}) => html`<tr data-testid="worker" data-name=${name}>
          <td>${t('capacity-page.process', called(machine), name.slice(name.indexOf('/') + 1))}</td><td><span class="badge open">${t('capacity-page.here')}</span></td>
          <td>${rooms}</td><td>${seats}</td><td>${t(records ? 'capacity-page.records-yes' : 'capacity-page.records-no')}</td></tr>`)
        : html`<tr data-testid="worker"><td>${called(machine)}</td><td><span class="badge cancelled">${t('capacity-page.away')}</span></td><td>–</td><td>–</td><td>–</td></tr>`)}</tbody></table>`;
  }

  /** @param {Rated[]} steps */
  steps(steps) {
    const now = Date.now();
    const current = rated(steps, now);
    return html`<table data-testid="steps"><thead><tr><th>${t('capacity-page.since')}</th><th>${t('capacity.sessions')}</th><th>${t('capacity.points')}</th></tr></thead>
      <tbody>${steps.map(step => html`<tr data-testid="step" aria-current=${step === current ? 'true' : nothing}>
        <td>${step.since ? `${hourMinute(step.since)} ${day(step.since)}` : t('capacity-page.first')}${step === current ? html` <span class="badge open">${t('capacity-page.now')}</span>` : nothing}
          ${step.since && Date.parse(step.since) > now ? html` <span class="badge">${t('capacity-page.planned')}</span>` : nothing}</td>
        <td>${step.sessions.usable} / ${step.sessions.max}</td><td>${step.points.usable} / ${step.points.max}</td></tr>`)}</tbody></table>`;
  }

  /** @param {Usage} usage @param {Capacity} capacity */
  figures({sessions, points, waited, revoked, refused}, capacity) {
    /** @param {Peak} peak @param {number} usable */
    const peak = ({load, at}, usable) => html`<strong>${load}</strong> / ${usable}${at ? html` <small>${hourMinute(at)} ${day(at)}</small>` : nothing}`;
    return html`<dl class="figures" data-testid="usage">
      <div><dt>${t('capacity-page.peak-sessions')}</dt><dd data-testid="peak-sessions">${peak(sessions, capacity.sessions.usable)}</dd></div>
      <div><dt>${t('capacity-page.peak-points')}</dt><dd data-testid="peak-points">${peak(points, capacity.points.usable)}</dd></div>
      <div><dt>${t('capacity-page.waited')}</dt><dd data-testid="waited">${waited}</dd></div>
      <div><dt>${t('capacity-page.revoked')}</dt><dd>${revoked}</dd></div>
      <div><dt>${t('capacity-page.refused')}</dt><dd data-testid="refused">${refused}</dd></div>
    </dl>`;
  }

  plan() {
    const {victims, due} = this;
    return html`<form class="card column" data-testid="capacity-plan" @submit=${this.send} @input=${this.edit}>
      <h2>${t('capacity-page.plan')}</h2>
      <div class="quad">${this.field('since', 'datetime-local')} ${this.field('until', 'datetime-local')} ${this.field('sessions', 'number', true)} ${this.field('points', 'number', true)}</div>
      ${this.field('reason', 'text', true)}
      ${victims ? html`<div class=${victims.length ? 'alert block' : 'fine'} role="status" data-testid="impact" data-count=${victims.length}>
        <p>${victims.length ? t('capacity-page.impact', victims.length) : t('capacity-page.no-impact')}</p>${this.list(victims)}</div>` : nothing}
      ${due.length ? html`<div class="alert block" role="alert" data-testid="due"><p>${t('capacity-page.due', due.length)}</p>${this.list(due)}
        <button type="button" class="danger solid" data-testid="shed" ?disabled=${this.busy || !this.fields.reason.trim()} @click=${this.shed}>${t('capacity-page.shed', due.length)}</button></div>` : nothing}
      ${this.saved ? html`<p class="fine" role="status" data-testid="saved">${icon('check')}<span>${this.saved}</span></p>` : nothing}
      ${alertLine(this.fault, 'plan-fault')}
      <div class="row end"><button class=${victims?.length ? 'danger solid' : 'main'} data-testid="capacity-send" ?disabled=${this.busy}>
        ${t(victims ? 'capacity-page.save' : 'capacity-page.ask')}</button></div>
    </form>`;
  }

  /** @param {Brief[]} briefs */
  list(briefs) {
    return briefs.length ? html`<ul>${briefs.map(one => html`<li>${one.number} · ${one.host} · ${slot(one.official)} · ${t('queue.legs', one.legs)}</li>`)}</ul>` : nothing;
  }

  /** @param {string} name @param {string} type @param {boolean} [required] */
  field(name, type, required = false) {
    return html`<div class="field"><label for=${name}>${t(`capacity-page.${name}-field`)}</label>
      <input id=${name} name=${name} type=${type} data-testid="plan-${name}" min=${type === 'number' ? 0 : nothing} maxlength=${type === 'text' ? 500 : nothing} ?required=${required} .value=${this.fields[name]}></div>`;
  }
}

customElements.define('capacity-page', CapacityPage);
