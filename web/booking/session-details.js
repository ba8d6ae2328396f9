// Element `session-details`: the dialog of one session, in the calendar and the pages of sessions and emergencies.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, amend, cancel, cascade, extend, extension, history, points, release, session, queueStanding, units} from '../core/api.js';
import {t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {clock, day, fromLocal, slot, toLocal} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {loadingState} from '../core/states.js';
import {copyable} from '../core/copy.js';
import {dateField, formOf} from '../core/fields.js';
import {keptForm, keptForms} from '../core/kept-form.js';
import './point-picker.js';

const MINUTE_MS = 60_000;
/**
 * The button that releases a meeting nobody opened appears so long after its start; the server applies the rule
 * itself.
 */
const MISSED_MS = 30 * MINUTE_MS;

/** Return the form's name of a field of an amendment. @param {string} named */
const formName = named => (named === 'official' ? 'start' : named.replace(/^official\./, ''));

/**
 * Shows one session in a dialog: its state, its history, and the actions that the user may take. Fires `changed` and
 * `shut`.
 */
export class SessionDetails extends RequestingElement {
  static properties = {
    sessionId: {}, me: {attribute: false},
    session: {state: true}, standing: {state: true}, history: {state: true}, below: {state: true}, extension: {state: true}, action: {state: true},
    fields: {state: true}, chosen: {state: true}, points: {state: true}, units: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    this.sessionId = '';
    /** @type {SignedInUser | null} */
    this.me = null;
    /** @type {Session | null} */
    this.session = null;
    /** @type {QueueStanding | null} */
    this.standing = null;
    /** @type {Happening[]} */
    this.history = [];
    /** What became of the session at systems below. @type {CascadeReservation[]} */
    this.below = [];
    /** By how many steps the meeting could be extended. @type {Extensible | null} */
    this.extension = null;
    /** The action whose form is open. @type {'' | 'amend' | 'cancel' | 'release'} */
    this.action = '';
    /** @type {Record<string, string>} */
    this.fields = {};
    /** @type {Set<string>} */
    this.chosen = new Set();
    /** @type {Point[]} */
    this.points = [];
    /** @type {Unit[]} */
    this.units = [];
    this.busy = false;
  }

  firstUpdated() {
    this.querySelector('dialog')?.showModal();
    this.attempt(() => this.load());
  }

  async load() {
    this.session = await session(this.sessionId);
    const waits = ['waiting', 'revoked'].includes(this.session.phase);
    [this.history, this.below, this.standing, this.extension] = await Promise.all([
      history(this.sessionId),
      cascade(this.sessionId),
      waits ? queueStanding(this.sessionId) : null,
      this.session.may_control && this.session.phase === 'open' ? extension(this.sessionId) : null,
    ]);
  }

  /** @param {() => Promise<unknown>} run @param {HTMLFormElement | null} [form] */
  async attempt(run, form = null) {
    this.busy = true;
    const well = await super.attempt(run, form, formName);
    this.busy = false;
    return well;
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    const errors = failure instanceof ProblemError ? failure.problem.errors : undefined;
    if (errors?.length) this.error = errors.map(({detail}) => detail).join(' · ');
  }

  /** Send a change, then load and show the session again. @param {() => Promise<Session>} run @param {HTMLFormElement} [form] */
  change(run, form) {
    return this.attempt(async () => {
      await run();
      keptForms.drop(this.keptPoints);
      this.action = '';
      await this.load();
      this.emit('changed');
    }, form);
  }

  /** @param {Event} event */
  edit(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.name) this.fields = {...this.fields, [field.name]: field.value};
  }

  /** @param {'amend' | 'cancel' | 'release'} doing */
  async begin(doing) {
    const {official, points: invited} = /** @type {Session} */ (this.session);
    this.fields = {reason: '', start: toLocal(official.start), end: toLocal(official.end)};
    this.chosen = new Set(invited.map(({id}) => id));
    if (doing === 'amend') this.chosen = new Set(keptForms.kept(this.keptPoints)?.points ?? this.chosen);
    this.action = doing;
    if (doing === 'amend' && !this.points.length) await this.attempt(async () => void ([this.points, this.units] = await Promise.all([points(), units()])));
  }

  /** The name under which the points of an amendment are kept, which are no fields. */
  get keptPoints() {
    return `points:${this.sessionId}`;
  }

  /** @param {CustomEvent<Set<string>>} event */
  pick({detail}) {
    this.chosen = detail;
    keptForms.keep(this.keptPoints, {points: [...detail]});
  }

  /** @param {SubmitEvent} event */
  send(event) {
    event.preventDefault();
    const {reason, start, end} = this.fields;
    const form = formOf(event);
    if (this.action === 'cancel') this.change(() => cancel(this.sessionId, reason), form);
    else if (this.action === 'release') this.change(() => release(this.sessionId, reason), form);
    else this.change(() => amend(this.sessionId, {official: {start: fromLocal(start), end: fromLocal(end)}, points: [...this.chosen], reason}), form);
  }

  render() {
    return html`<dialog class="wide details" aria-labelledby="details-title" data-testid="details" @close=${() => this.emit('shut')}>
      ${this.session ? this.sessionDetails(this.session) : this.error ? nothing : loadingState()}
      ${errorMessage(this.error, 'details-error')}
      <form method="dialog" class="row end"><button data-testid="details-shut">${t('app.close')}</button></form>
    </dialog>`;
  }

  /** @param {Session} session */
  sessionDetails(session) {
    return html`<div class="row between"><h2 id="details-title">${session.title}</h2>
        <span class="badge ${session.phase}" data-testid="details-state">${t(`phase.${session.phase}`)}</span></div>
      ${session.phase === 'cancelled' ? this.whyCancelled() : nothing}
      <dl class="figures">
        <div><dt>${t('details.number')}</dt><dd>${copyable(session.number)}</dd></div>
        <div><dt>${t('details.host')}</dt><dd>${session.host.label} <small class="soft">${session.host.name}</small></dd></div>
        <div><dt>${t('details.official')}</dt><dd data-testid="details-official">${slot(session.official)}</dd></div>
        ${session.rehearsal ? html`<div><dt>${t('details.rehearsal')}</dt><dd>${slot(session.rehearsal)}</dd></div>` : nothing}
        <div><dt>${t('details.legs')}</dt><dd>${t('sessions.points', session.points.length + 1)}, ${t('queue.legs', session.legs)}</dd></div>
        ${session.people ? html`<div><dt>${t('details.people')}</dt><dd data-testid="details-people">${this.expected(session)}</dd></div>` : nothing}
        ${session.contact_name ? html`<div><dt>${t('details.contact')}</dt><dd>${session.contact_name} ${session.contact_phone ? copyable(session.contact_phone) : nothing}</dd></div>` : nothing}
        ${this.below.length ? html`<div><dt>${t('details.below')}</dt><dd>${this.below.map(each => this.reservation(each))}</dd></div>` : nothing}
      </dl>
      ${session.withheld ? html`<p class="soft">${t('audit.withheld')}</p>` : nothing}
      ${this.standing ? this.queueStanding(this.standing) : nothing}
      ${this.action ? this.form() : this.actions(session)}
      <details><summary data-testid="details-history">${t('details.history', this.history.length)}</summary>
        <ol class="history">${this.history.map(each => this.historyEntry(each))}</ol></details>`;
  }

  /** Draw the words with which the session was cancelled, or its registration refused. */
  whyCancelled() {
    const last = this.history.findLast(({kind}) => kind === 'cancelled');
    return last?.reason ? html`<p class="mark amber" data-testid="details-why">${icon('mail')}<span>${last.reason}</span></p>` : nothing;
  }

  /** Draw how many people are expected, in all and at each point where a number was given. @param {Session} session */
  expected({people, people_at: counted, host, points: invited}) {
    const names = new Map([[host.point, host.label], ...invited.map(({id, label}) => /** @type {[string, string]} */ ([id, label]))]);
    const each = Object.entries(counted).map(([id, there]) => `${names.get(id)} ${there}`).join(', ');
    return html`${t('details.people-count', people)}${each ? html`<small class="soft"> (${each})</small>` : nothing}`;
  }

  /** @param {CascadeReservation} each */
  reservation({label, state, number, detail}) {
    return html`<p data-testid="details-below" data-state=${state}>${label}: ${t(`cascade.${state}`)}${number ? html` · ${copyable(number)}` : nothing}
      ${detail ? html`<small class="soft">${detail}</small>` : nothing}</p>`;
  }

  /** @param {QueueStanding} standing */
  queueStanding({reason, servable, costs}) {
    return html`<div class="card warn" data-testid="details-standing">
      ${reason ? html`<p>${icon('warn')} ${t(`queue-page.${reason.limit}`, slot(reason), reason.needed, reason.usable)}</p>` : nothing}
      <p>${servable ? (costs ? t('queue-page.costs', costs) : t('queue-page.fits')) : t('queue-page.not-servable')}</p>
      ${reason?.suggestions.length ? html`<p>${icon('clock')} ${t('queue-page.free', reason.suggestions.map(free => slot(free)).join('; '))}</p>` : nothing}
    </div>`;
  }

  /** @param {Session} session */
  actions(session) {
    const before = Date.now() < Date.parse(session.official.start);
    const late = session.state === 'issued' && session.phase === 'open' && Date.now() >= Date.parse(session.official.start) + MISSED_MS;
    return html`<div class="row wrap">
      ${this.extension?.steps ? Array.from({length: Math.min(2, this.extension.steps)}, (_, place) => this.extendButton(place + 1)) : nothing}
      ${this.extension && !this.extension.steps ? html`<p class="soft" data-testid="no-room">${t('details.no-room')}</p>` : nothing}
      ${session.may_cancel && before ? html`<button type="button" data-testid="amend" @click=${() => this.begin('amend')}>${t('details.amend')}</button>` : nothing}
      ${session.may_cancel ? html`<button type="button" class="danger" data-testid="cancel-session" @click=${() => this.begin('cancel')}>${t('sessions.cancel')}</button>` : nothing}
      ${late && isCentral(this.me) ? html`<button type="button" class="danger" data-testid="release" @click=${() => this.begin('release')}>${t('details.release')}</button>` : nothing}
    </div>`;
  }

  /** @param {number} steps */
  extendButton(steps) {
    const minutes = steps * (this.extension?.step_min ?? 0);
    return html`<button type="button" data-testid="extend" data-minutes=${minutes} ?disabled=${this.busy} @click=${() => this.change(() => extend(this.sessionId, steps))}>
      ${icon('clock')}<span>${t('details.extend', minutes)}</span></button>`;
  }

  form() {
    const amending = this.action === 'amend';
    return html`<form class="plan" @submit=${this.send} @input=${this.edit}>${keptForm(`${this.action}:${this.sessionId}`)}
      <h3>${t(`details.${this.action}-ask`)}</h3>
      <p class="soft">${t(`details.${this.action}-effect`)}</p>
      ${amending ? html`<div class="pair">${this.time('start')} ${this.time('end')}</div>
        <point-picker .points=${this.points} .units=${this.units} .chosen=${this.chosen} .host=${this.session?.host.point ?? ''}
          @pick=${this.pick}></point-picker>` : nothing}
      <div class="field"><label for="details-reason">${t('details.reason')}</label>
        <input id="details-reason" name="reason" data-testid="details-reason" maxlength="500" ?required=${this.action === 'release'} .value=${this.fields.reason}></div>
      <div class="row end">
        <button type="button" @click=${() => (this.action = '')}>${t('details.back')}</button>
        <button class=${amending ? 'main' : 'danger solid'} data-testid="details-send" ?disabled=${this.busy}>${t(`details.${this.action}-yes`)}</button>
      </div>
    </form>`;
  }

  /** @param {'start' | 'end'} name */
  time(name) {
    return dateField({name, label: t(`register.official-${name}`), value: this.fields[name], testid: `details-${name}`, required: true, withTime: true});
  }

  /** @param {Happening} each */
  historyEntry({at, kind, by, reason, cause, profile}) {
    return html`<li data-testid="happening" data-kind=${kind}><time>${clock(at)} ${day(at)}</time> <strong>${t(`happened.${kind}`)}</strong>
      ${cause ? t('details.cause', cause) : nothing} · ${by ?? t('details.system')}${reason ? html` · <q>${reason}</q>` : nothing}${profile ? html` · <small class="soft">${profile}</small>` : nothing}</li>`;
  }
}

customElements.define('session-details', SessionDetails);
