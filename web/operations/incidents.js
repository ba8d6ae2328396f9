// Page `incidents.html`: incidents of meetings and what technicians do about them.

import {html, nothing, repeat} from '../vendor/lit.js';
import {actOnIncident, incidents} from '../core/api.js';
import {keepProperties} from '../core/address.js';
import {errorMessage, repeatWhileConnected, guideLink, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {clock, day, hourMinute, span} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';

/** Technicians see an incident within two seconds (R-088). */
const POLL_MS = 1500;

/** Next steps by state; the first one is the usual. @type {Record<string, string[]>} */
const NEXT_STEPS = {
  open: ['taken', 'escalated', 'provider', 'resolved'],
  taken: ['resolved', 'escalated', 'provider'],
  provider: ['resolved', 'taken', 'escalated'],
  resolved: ['reopened'],
};

/** Lists incidents with their history and carries out steps. */
class IncidentsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, settled: {state: true}, text: {state: true}, level: {state: true}, pendingStep: {state: true}};

  constructor() {
    super();
    setTitle('incidents.title');
    /** @type {Incident[]} */
    this.list = [];
    this.settled = false;
    this.text = '';
    this.level = '';
    keepProperties(this, {q: 'text', level: 'level', settled: 'settled'});
    /** The step whose dialog asks for a text. @type {{incident: Incident, step: string} | null} */
    this.pendingStep = null;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.load()));
  }

  async load() {
    const settled = this.settled;
    const list = await incidents(settled);
    if (settled === this.settled) this.list = list;
  }

  /** @param {boolean} settled */
  show(settled) {
    this.settled = settled;
    this.list = [];
    this.loading = true;
    this.attempt(() => this.load()).then(() => (this.loading = false));
  }

  get shown() {
    const wanted = foldText(this.text.trim());
    return this.list
      .filter(({level}) => !this.level || String(level) === this.level)
      .filter(one => foldText(`${one.point?.label ?? ''} ${one.point?.name ?? ''} ${one.session.name} ${one.session.number} ${t(`fault.${one.kind}`)} ${one.text}`).includes(wanted));
  }

  /** @param {Incident} incident @param {string} step @param {string} [text] @param {HTMLFormElement | null} [form] */
  async carryOut(incident, step, text = '', form = null) {
    const asked = this.pendingStep;
    await this.attempt(async () => {
      const changed = await actOnIncident(incident.id, step, text);
      this.list = this.list.map(one => (one.id === changed.id ? changed : one)).filter(one => (one.state === 'resolved') === this.settled);
      if (this.pendingStep === asked) this.pendingStep = null; // not the question of a later step
    }, form);
  }

  /** Carry out a step, after asking for a text unless it is `taken`. @param {Incident} incident @param {string} step */
  choose(incident, step) {
    if (step === 'taken') return this.carryOut(incident, step);
    [this.pendingStep, this.error] = [{incident, step}, ''];
  }

  render() {
    return html`<top-bar .me=${this.me} current="incidents"></top-bar>
      <main>
        <div class="row between"><h1>${t('incidents.title')}</h1>${guideLink('centre')}</div>
        ${errorMessage(this.pendingStep ? '' : this.error)} ${this.filters()}
        ${this.loading ? loadingState() : this.rows()}
      </main>
      ${this.pendingStep ? this.question(this.pendingStep) : nothing}`;
  }

  filters() {
    return html`<div class="row wrap filters">
      ${[false, true].map(
        settled => html`<button type="button" class="chip" data-testid=${settled ? 'show-settled' : 'show-open'} aria-pressed=${this.settled === settled} @click=${() => this.show(settled)}>${t(settled ? 'incidents.settled' : 'incidents.unsettled')}</button>`,
      )}
      <input type="search" data-testid="search" aria-label=${t('incidents.search')} placeholder=${t('incidents.search')} .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
      <select data-testid="level" aria-label=${t('incidents.level')} @change=${(/** @type {any} */ event) => (this.level = event.target.value)}>
        <option value="" .selected=${!this.level}>${t('incidents.all-levels')}</option>
        ${[2, 1].map(level => html`<option value=${level} .selected=${this.level === String(level)}>${t(`incidents.level-${level}`)}</option>`)}
      </select>
    </div>`;
  }

  rows() {
    const {shown} = this;
    if (!this.list.length) return emptyState({picture: 'check', title: t(this.settled ? 'incidents.none-settled' : 'incidents.none'), action: pageLink('readiness'), testid: 'none'});
    if (!shown.length) return emptyState({picture: 'search', title: t('incidents.none-found'), action: clearButton(() => ([this.text, this.level] = ['', ''])), testid: 'none'});
    return html`<ul class="cards" aria-live="polite">${repeat(shown, ({id}) => id, incident => this.row(incident))}</ul>`;
  }

  /** @param {Incident} incident */
  row(incident) {
    const {id, level, state, opened, point, kind, session, text, reporter, assignee, steps} = incident;
    const answer = steps.findLast(({kind}) => kind === 'answered');
    return html`<li class="card incident level-${level}" data-testid="incident-row" data-id=${id} data-state=${state} data-level=${level}>
      <div class="when"><strong>${hourMinute(opened)}</strong><span>${day(opened)}</span></div>
      <div class="what">
        <h2>${icon(kind === 'help' ? 'phone' : 'warn')} ${t(`fault.${kind}`)} – ${point?.label ?? t('incidents.whole')}</h2>
        <p>${session.name} · ${copyable(session.number, {shown: t('sessions.number', session.number)})}</p>
        ${text ? html`<p class="said">“${text}”</p>` : nothing} ${this.measurements(incident)}
        ${answer ? html`<p data-testid="provider-answer">${t('step.answered')}: <strong>${answer.text}</strong></p>` : nothing}
        <p class="soft">${reporter ? t('incidents.by', reporter) : t('incidents.by-server')}${assignee ? ` · ${t(state === 'open' ? 'incidents.assigned' : 'aid.taken', assignee)}` : ''}</p>
      </div>
      <div class="state">
        <span class="badge ${state}" data-testid="incident-state">${t(`incident.${state}`)}</span>
        ${level === 2 ? html`<span class="badge urgent">${t('incidents.level-2')}</span>` : nothing}
      </div>
      <div class="acts">${incident.may_act ? this.actions(incident) : nothing}
        ${point ? html`<a class="button quiet" data-testid="to-quality" href="quality.html?${new URLSearchParams({session: session.id, point: point.id})}">${icon('network')}<span>${t('quality-of.why')}</span></a>` : nothing}</div>
      ${this.timeline(incident)}
    </li>`;
  }

  /** @param {Incident} incident */
  measurements({measured}) {
    if (!measured) return nothing;
    const whole = {maximumFractionDigits: 1};
    return html`<p class="soft" data-testid="measured">${t('incidents.measured', number(measured.up, whole), number(measured.down, whole), number(measured.round_trip), number(measured.jitter, whole))}</p>`;
  }

  /** @param {Incident} incident */
  actions(incident) {
    const steps = NEXT_STEPS[incident.state].filter(step => step !== 'escalated' || incident.level === 1);
    return steps.map(
      (step, place) => html`<button type="button" class=${place ? '' : 'main'} data-testid="act-${step}" @click=${() => this.choose(incident, step)}>${t(`step.do-${step}`)}</button>`,
    );
  }

  /** @param {Incident} incident */
  timeline(incident) {
    const {steps, opened, resolved} = incident;
    return html`<details>
      <summary data-testid="timeline">${t('incidents.timeline', steps.length)}${resolved ? ` · ${t('incidents.lasted', span((Date.parse(resolved) - Date.parse(opened)) / 1000))}` : ''}</summary>
      <ol>${steps.map(({at, kind, by, text}) => html`<li data-testid="step" data-kind=${kind}><time>${clock(at)}</time><span>${t(`step.${kind}`)}${by ? ` – ${by}` : ''}${text ? `: ${text}` : ''}</span></li>`)}</ol>
      ${incident.may_act ? html`<button type="button" data-testid="act-noted" @click=${() => this.choose(incident, 'noted')}>${t('step.do-noted')}</button>` : nothing}
    </details>`;
  }

  /** @param {{incident: Incident, step: string}} doing */
  question({incident, step}) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.pendingStep = null)}>
      <h2 id="question">${t(`step.do-${step}`)}</h2>
      <p>${t(`fault.${incident.kind}`)} – ${incident.point?.label ?? t('incidents.whole')}</p>
      ${errorMessage(this.error, 'dialog-error')}
      <form @submit=${this.confirm}>${keptForm(`${step}:${incident.id}`)}
        <label class="field"><span>${t('incidents.words')}</span><input name="text" maxlength="500" autofocus data-testid="step-text" ?required=${step === 'noted'}></label>
        <p></p>
        <div class="row end">
          <button type="button" data-testid="step-cancel" @click=${() => (this.pendingStep = null)}>${t('app.close')}</button>
          <button class="main" data-testid="step-confirm">${t(`step.do-${step}`)}</button>
        </div>
      </form>
    </dialog>`;
  }

  /** @param {SubmitEvent} event */
  confirm(event) {
    event.preventDefault();
    const {pendingStep} = this;
    const form = formOf(event);
    const text = String(new FormData(form).get('text') ?? '');
    if (pendingStep) this.carryOut(pendingStep.incident, pendingStep.step, text, form);
  }
}

customElements.define('incidents-page', IncidentsPage);
