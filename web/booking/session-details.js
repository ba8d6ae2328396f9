import {html, nothing} from '../vendor/lit.js';
import {Refusal, amend, cancel, extend, extension, history, points, release, session, standing, units} from '../core/api.js';
import {t} from '../core/i18n.js';
import {central} from '../core/nav.js';
import {clock, day, fromLocal, slot, toLocal} from '../core/time.js';
import {alertLine, Caller, icon} from '../core/base.js';
import './point-picker.js';

const MINUTE_MS = 60_000;
/** A meeting nobody opened is offered to be given up from here on; the server knows the rule. */
const MISSED_MS = 30 * MINUTE_MS;

/** One session over a page: how it stands, what happened, and what may be done with it. Tells the page `changed` and `shut`. */
export class SessionDetails extends Caller {
  static properties = {
    of: {}, me: {attribute: false},
    session: {state: true}, standing: {state: true}, happenings: {state: true}, room: {state: true}, doing: {state: true},
    fields: {state: true}, chosen: {state: true}, points: {state: true}, units: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    this.of = '';
    /** @type {Me | null} */
    this.me = null;
    /** @type {Session | null} */
    this.session = null;
    /** @type {Standing | null} */
    this.standing = null;
    /** @type {Happening[]} */
    this.happenings = [];
    /** How far it could go on. @type {Extensible | null} */
    this.room = null;
    /** What is being done. @type {'' | 'amend' | 'cancel' | 'release'} */
    this.doing = '';
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
    this.session = await session(this.of);
    const waits = ['waiting', 'revoked'].includes(this.session.phase);
    [this.happenings, this.standing, this.room] = await Promise.all([
      history(this.of),
      waits ? standing(this.of) : null,
      this.session.may_control && this.session.phase === 'open' ? extension(this.of) : null,
    ]);
  }

  /** @param {() => Promise<unknown>} run */
  async attempt(run) {
    this.busy = true;
    const well = await super.attempt(run);
    this.busy = false;
    return well;
  }

  /** @param {unknown} failure */
  failed(failure) {
    super.failed(failure);
    const errors = failure instanceof Refusal ? failure.problem.errors : undefined;
    if (errors?.length) this.error = errors.map(({detail}) => detail).join(' · ');
  }

  /** Do something, then show how it stands now. @param {() => Promise<Session>} run */
  change(run) {
    return this.attempt(async () => {
      await run();
      this.doing = '';
      await this.load();
      this.act('changed');
    });
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
    this.doing = doing;
    if (doing === 'amend' && !this.points.length) await this.attempt(async () => void ([this.points, this.units] = await Promise.all([points(), units()])));
  }

  /** @param {SubmitEvent} event */
  send(event) {
    event.preventDefault();
    const {reason, start, end} = this.fields;
    if (this.doing === 'cancel') this.change(() => cancel(this.of, reason));
    else if (this.doing === 'release') this.change(() => release(this.of, reason));
    else this.change(() => amend(this.of, {official: {start: fromLocal(start), end: fromLocal(end)}, points: [...this.chosen], reason}));
  }

  render() {
    return html`<dialog class="wide details" aria-labelledby="details-title" data-testid="details" @close=${() => this.act('shut')}>
      ${this.session ? this.whole(this.session) : this.error ? nothing : html`<p role="status">${t('app.loading')}</p>`}
      ${alertLine(this.error, 'details-error')}
      <form method="dialog" class="row end"><button data-testid="details-shut">${t('app.close')}</button></form>
    </dialog>`;
  }

  /** @param {Session} session */
  whole(session) {
    return html`<div class="row between"><h2 id="details-title">${session.title}</h2>
        <span class="badge ${session.phase}" data-testid="details-state">${t(`phase.${session.phase}`)}</span></div>
      <dl class="figures">
        <div><dt>${t('details.number')}</dt><dd>${session.number}</dd></div>
        <div><dt>${t('details.host')}</dt><dd>${session.host.name}</dd></div>
        <div><dt>${t('details.official')}</dt><dd data-testid="details-official">${slot(session.official)}</dd></div>
        ${session.rehearsal ? html`<div><dt>${t('details.rehearsal')}</dt><dd>${slot(session.rehearsal)}</dd></div>` : nothing}
        <div><dt>${t('details.legs')}</dt><dd>${t('sessions.points', session.points.length + 1)}, ${t('queue.legs', session.legs)}</dd></div>
        ${session.people ? html`<div><dt>${t('details.people')}</dt><dd data-testid="details-people">${this.expected(session)}</dd></div>` : nothing}
        ${session.contact_name ? html`<div><dt>${t('details.contact')}</dt><dd>${session.contact_name} · ${session.contact_phone}</dd></div>` : nothing}
      </dl>
      ${this.standing ? this.waits(this.standing) : nothing}
      ${this.doing ? this.form() : this.acts(session)}
      <details><summary data-testid="details-history">${t('details.history', this.happenings.length)}</summary>
        <ol class="history">${this.happenings.map(each => this.happened(each))}</ol></details>`;
  }

  /** All who are expected, and by point where that was said. @param {Session} session */
  expected({people, people_at: counted, host, points: invited}) {
    const names = new Map([[host.point, host.name], ...invited.map(({id, name}) => /** @type {[string, string]} */ ([id, name]))]);
    const each = Object.entries(counted).map(([id, there]) => `${names.get(id)} ${there}`).join(', ');
    return html`${t('details.people-count', people)}${each ? html`<small class="soft"> (${each})</small>` : nothing}`;
  }

  /** @param {Standing} standing */
  waits({reason, servable, costs}) {
    return html`<div class="card warn" data-testid="details-standing">
      ${reason ? html`<p>${icon('warn')} ${t(`queue-page.${reason.limit}`, slot(reason), reason.needed, reason.usable)}</p>` : nothing}
      <p>${servable ? (costs ? t('queue-page.costs', costs) : t('queue-page.fits')) : t('queue-page.not-servable')}</p>
      ${reason?.suggestions.length ? html`<p>${icon('clock')} ${t('queue-page.free', reason.suggestions.map(free => slot(free)).join('; '))}</p>` : nothing}
    </div>`;
  }

  /** @param {Session} session */
  acts(session) {
    const before = Date.now() < Date.parse(session.official.start);
    const late = session.state === 'issued' && session.phase === 'open' && Date.now() >= Date.parse(session.official.start) + MISSED_MS;
    return html`<div class="row wrap">
      ${this.room?.steps ? Array.from({length: Math.min(2, this.room.steps)}, (_, place) => this.longer(place + 1)) : nothing}
      ${this.room && !this.room.steps ? html`<p class="soft" data-testid="no-room">${t('details.no-room')}</p>` : nothing}
      ${session.may_cancel && before ? html`<button type="button" data-testid="amend" @click=${() => this.begin('amend')}>${t('details.amend')}</button>` : nothing}
      ${session.may_cancel ? html`<button type="button" class="danger" data-testid="cancel-session" @click=${() => this.begin('cancel')}>${t('sessions.cancel')}</button>` : nothing}
      ${late && central(this.me) ? html`<button type="button" class="danger" data-testid="release" @click=${() => this.begin('release')}>${t('details.release')}</button>` : nothing}
    </div>`;
  }

  /** @param {number} steps */
  longer(steps) {
    const minutes = steps * (this.room?.step_min ?? 0);
    return html`<button type="button" data-testid="extend" data-minutes=${minutes} ?disabled=${this.busy} @click=${() => this.change(() => extend(this.of, steps))}>
      ${icon('clock')}<span>${t('details.extend', minutes)}</span></button>`;
  }

  form() {
    const amending = this.doing === 'amend';
    return html`<form class="plan" @submit=${this.send} @input=${this.edit}>
      <h3>${t(`details.${this.doing}-ask`)}</h3>
      <p class="soft">${t(`details.${this.doing}-effect`)}</p>
      ${amending ? html`<div class="pair">${this.time('start')} ${this.time('end')}</div>
        <point-picker .points=${this.points} .units=${this.units} .chosen=${this.chosen} .host=${this.session?.host.point ?? ''}
          @pick=${(/** @type {CustomEvent} */ {detail}) => (this.chosen = detail)}></point-picker>` : nothing}
      <div class="field"><label for="details-reason">${t('details.reason')}</label>
        <input id="details-reason" name="reason" data-testid="details-reason" maxlength="500" ?required=${this.doing === 'release'} .value=${this.fields.reason}></div>
      <div class="row end">
        <button type="button" @click=${() => (this.doing = '')}>${t('details.back')}</button>
        <button class=${amending ? 'main' : 'danger solid'} data-testid="details-send" ?disabled=${this.busy}>${t(`details.${this.doing}-yes`)}</button>
      </div>
    </form>`;
  }

  /** @param {'start' | 'end'} name */
  time(name) {
    return html`<div class="field"><label for="details-${name}">${t(`register.official-${name}`)}</label>
      <input id="details-${name}" name=${name} type="datetime-local" required data-testid="details-${name}" .value=${this.fields[name]}></div>`;
  }

  /** @param {Happening} each */
  happened({at, kind, by, reason, cause, profile}) {
    return html`<li data-testid="happening" data-kind=${kind}><time>${clock(at)} ${day(at)}</time> <strong>${t(`happened.${kind}`)}</strong>
      ${cause ? t('details.cause', cause) : nothing} · ${by ?? t('details.system')}${reason ? html` · <q>${reason}</q>` : nothing}${profile ? html` · <small class="soft">${profile}</small>` : nothing}</li>`;
  }
}

customElements.define('session-details', SessionDetails);
