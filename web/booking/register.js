import {html, nothing} from '../vendor/lit.js';
import {Refusal, busyPoints, capacity, confirmDraft, deadlines, draft, estimate, passOn, points, register, rules, told, units} from '../core/api.js';
import {free, legs} from './point-choice.js';
import {alertLine, guide, icon, Page, title} from '../core/base.js';
import './capacity-chart.js';
import './class-field.js';
import './people-per-point.js';
import './point-picker.js';
import '../meeting/console/script-editor.js';
import '../core/top-bar.js';
import {collator, number, t} from '../core/i18n.js';
import {grouped} from '../meeting/client/meeting-state.js';
import {central} from '../core/nav.js';
import {blank, choices, fieldsOf, kept, otherLegs, registration, reopened, slotOf, templated, weekly} from './registration.js';
import {day, hourMinute, midnight, slot as slotWords, toLocal, utc} from '../core/time.js';

const MINUTE_MS = 60_000;
const GIGABYTE = 1_000_000_000;
const DAY_MS = 86_400_000;
const TIMES = ['official-start', 'official-end', 'rehearsal-start', 'rehearsal-end'];
/** What is looked up at the server when it changes. */
const ASKED = [...TIMES, 'recording', 'voices'];
/** Where the device keeps an unfinished form. */
const KEPT = 'registration';
/** What the deadlines depend on. */
const DUE = ['class', 'official-start', 'official-end'];

/** @typedef {(Session & {unit?: undefined}) | Draft} Registered */
/** @typedef {{official: Slot, registered: Registered | null, fault: string}} Outcome */

/** @param {number} bytes */
const gigabytes = bytes => number(bytes / GIGABYTE, {maximumFractionDigits: 1});

class RegisterPage extends Page {
  static properties = {
    ...Page.properties,
    fields: {state: true}, script: {state: true}, chosen: {state: true}, points: {state: true}, units: {state: true}, rules: {state: true},
    capacity: {state: true}, taken: {state: true}, storage: {state: true}, kept: {state: true}, due: {state: true}, series: {state: true}, refusal: {state: true}, issued: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    title('register.title');
    this.fields = blank(Date.now());
    /** @type {ScriptItem[]} */
    this.script = [];
    /** @type {Set<string>} */
    this.chosen = new Set();
    /** @type {Point[]} */
    this.points = [];
    /** @type {Unit[]} */
    this.units = [];
    /** @type {Rules | null} */
    this.rules = null;
    /** @type {Capacity | null} */
    this.capacity = null;
    /** Points that are in another session at the times chosen. @type {Busy[]} */
    this.taken = [];
    /** What the recording that is wished for takes. @type {Estimate | null} */
    this.storage = null;
    /** A form that was not finished, offered back. @type {ReturnType<typeof reopened>} */
    this.kept = null;
    this.looked = 0;
    /** @type {Deadlines | null} */
    this.due = null;
    /** @type {Problem | null} */
    this.refusal = null;
    /** @type {Registered | null} */
    this.issued = null;
    /** What came of each of several registrations in one go. @type {Outcome[]} */
    this.series = [];
    /** The draft that this form confirms, if it does. */
    this.draft = new URLSearchParams(location.search).get('draft') ?? '';
    this.busy = false;
  }

  async load() {
    [this.points, this.units, this.rules] = await Promise.all([points(), units(), rules()]);
    this.set('host', this.hosts[0]?.id ?? '');
    if (this.draft) this.fill((await draft(this.draft)).content);
    else this.kept = reopened(localStorage.getItem(KEPT), this.me?.account ?? '', Date.now());
    await Promise.all([this.look(), this.count()]);
  }

  /** Fill the form with what was typed elsewhere; points that are gone are left out. @param {Record<string, any>} content */
  fill(content) {
    const known = new Set(this.points.map(({id}) => id));
    this.fields = fieldsOf(content, Date.now());
    this.chosen = new Set((Array.isArray(content.points) ? content.points : []).filter(id => known.has(id)));
    this.script = Array.isArray(content.script) ? content.script : [];
  }

  /** Keep what is typed on the device, so that neither a reload nor a lost session costs it. */
  keep() {
    if (!this.draft) localStorage.setItem(KEPT, kept(this.me?.account ?? '', this.fields, this.chosen, this.script, Date.now()));
  }

  /** Go on with the form that was kept. */
  reopen() {
    if (!this.kept) return;
    const known = new Set(this.points.map(({id}) => id));
    ({fields: this.fields, script: this.script} = this.kept);
    this.chosen = new Set(this.kept.points.filter(id => known.has(id)));
    this.kept = null;
    this.look();
    this.count();
  }

  forget() {
    localStorage.removeItem(KEPT);
    this.kept = null;
  }

  /** Points to host from: of the own unit, of those below it, of the province; all for who belongs to none of them. */
  get hosts() {
    const all = central(this.me);
    const [home, below] = [this.me?.unit?.id, new Set(this.units.filter(({parent}) => parent === this.me?.unit?.id).map(({id}) => id))];
    const near = /** @param {Point} point */ ({unit, level}) => (unit === home ? 0 : below.has(unit) ? 1 : all || level === this.rules?.registration.office_level ? 2 : 3);
    return this.points.filter(point => near(point) < 3).sort((a, b) => near(a) - near(b) || collator.compare(a.label, b.label));
  }

  /** What the form may be filled with: of the Office's sessions, which it and the centre register (Điều 16.1). */
  get templates() {
    const level = this.units.find(({id}) => id === this.me?.unit?.id)?.level;
    const office = level === this.rules?.registration.office_level || central(this.me);
    return office && !this.draft ? (this.rules?.registration.templates ?? []) : [];
  }

  /** @param {Template} template */
  apply(template) {
    ({fields: this.fields, chosen: this.chosen} = templated(template, this.fields, this.points));
    this.keep();
    this.look();
  }

  get official() {
    return slotOf(this.fields, 'official');
  }

  get rehearsal() {
    return slotOf(this.fields, 'rehearsal');
  }

  get day() {
    const from = midnight(this.official ? Date.parse(this.official.start) : Date.now());
    return {from, to: from + DAY_MS};
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    this.fields = {...this.fields, [name]: value};
    if (name === 'host') this.chosen = new Set([...this.chosen].filter(id => id !== value));
  }

  /** @param {Event} event */
  edit(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    this.set(field.name, field.type === 'checkbox' ? (field.checked ? 'yes' : '') : field.value);
    this.refusal = null;
    if (field.name === 'class') this.fields = {...this.fields, ground: '', reason: ''};
    this.keep();
    if (ASKED.includes(field.name)) this.look();
    if (DUE.includes(field.name)) this.count();
  }

  /** Count the deadlines of a registration that would come now. */
  async count() {
    const {class: kind} = this.fields;
    const start = this.official?.start;
    const due = start ? await deadlines(kind, start).catch(() => null) : null;
    if (start === this.official?.start && kind === this.fields.class) this.due = due;
  }

  /** Fetch the load of the chosen day, the points that are taken and what a recording takes; an answer for times left meanwhile is dropped. */
  async look() {
    const {from, to} = this.day;
    const slots = [this.official, this.rehearsal].filter(slot => slot !== null);
    const turn = ++this.looked;
    const [seen, taken, storage] = await Promise.all([
      capacity(utc(from), utc(to)).catch(() => null),
      Promise.all(slots.map(busyPoints)).catch(() => []),
      this.weigh().catch(() => null),
    ]);
    if (turn !== this.looked) return;
    this.capacity = seen;
    this.taken = taken.flat();
    this.storage = storage;
  }

  /** Estimate what a recording takes, if one is wished for. */
  async weigh() {
    const {official, fields} = this;
    if (!official || !fields.recording) return null;
    return estimate(Math.ceil((Date.parse(official.end) - Date.parse(official.start)) / MINUTE_MS), Boolean(fields.voices));
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    await this.give(body => (this.draft ? confirmDraft(this.draft, body) : register(body)));
  }

  /** Register all the same: what does not fit now waits in the order. */
  wait() {
    return this.give(body => (this.draft ? confirmDraft(this.draft, {...body, wait: true}) : register({...body, wait: true})));
  }

  /** @param {(body: Registration) => Promise<Session | Draft>} send */
  async give(send) {
    const official = this.official;
    this.refusal = null;
    this.error = official ? '' : t('register.bad-times');
    if (!official) return;
    this.busy = true;
    const all = weekly(registration(this.fields, this.chosen, this.script, official), this.draft ? '' : this.fields.until);
    if (all.length > 1) await this.each(all, send);
    else await this.one(all[0], send);
    this.busy = false;
    this.look();
    this.count();
  }

  /** Register several, each decided by itself. @param {Registration[]} all @param {(body: Registration) => Promise<Session | Draft>} send */
  async each(all, send) {
    /** @type {Outcome[]} */
    const outcomes = [];
    for (const body of all) {
      const told = {official: body.official, registered: /** @type {Registered | null} */ (null), fault: ''};
      await send(body).then(registered => (told.registered = /** @type {Registered} */ (registered)), failure => (told.fault = this.faults(failure)));
      outcomes.push(told);
    }
    this.series = outcomes;
    if (outcomes.every(({registered}) => registered)) this.forget();
  }

  /** @param {Registration} body @param {(body: Registration) => Promise<Session | Draft>} send */
  async one(body, send) {
    try {
      this.issued = /** @type {Registered} */ (await send(body));
      this.forget();
    } catch (failure) {
      if (failure instanceof Refusal && ['capacity', 'wrong-registrant'].includes(failure.word)) this.refusal = failure.problem;
      else this.error = this.faults(failure);
    }
  }

  /** @param {unknown} failure */
  faults(failure) {
    const errors = failure instanceof Refusal ? failure.problem.errors : undefined;
    return errors?.length ? errors.map(({detail}) => detail).join(' · ') : told(failure);
  }

  /** Take one of the free times that were offered. @param {Slot & {rehearsal: Slot | null}} offered */
  take(offered) {
    for (const [name, slot] of /** @type {[string, Slot | null][]} */ ([['official', offered], ['rehearsal', offered.rehearsal]])) {
      if (!slot) continue;
      this.set(`${name}-start`, toLocal(slot.start));
      this.set(`${name}-end`, toLocal(slot.end));
    }
    this.refusal = null;
    this.look();
  }

  render() {
    return html`<top-bar .me=${this.me} current="register"></top-bar>
      <main>${this.series.length ? this.listed() : this.issued ? (this.issued.unit ? this.waits(this.issued) : this.done(this.issued)) : this.form()}</main>`;
  }

  listed() {
    return html`<section class="card" role="status">
      <h1>${t('register.series')}</h1>
      <ul class="cards">${this.series.map(
        ({official, registered, fault}) => html`<li class="row between" data-testid="outcome">
          <strong>${slotWords(official)}</strong>
          <span>${fault || (registered?.unit ? t('register.waits', registered.unit.name) : `${t('register.done')} · ${registered?.number}`)}</span>
        </li>`,
      )}</ul>
      <div class="row"><a class="button main" href="sessions.html">${t('sessions.title')}</a></div>
    </section>`;
  }

  /** @param {Draft} lying */
  waits({unit, number}) {
    return html`<section class="card issued" role="status" data-testid="waits">
      <h1>${icon('clock')} ${t('register.waits', unit.name)}</h1>
      <p>${t('register.waits-hint', number)}</p>
      <div class="row"><a class="button main" href="register.html">${t('register.again')}</a></div>
    </section>`;
  }

  /** @param {Session} session */
  done(session) {
    if (!session.code) return this.queued(session);
    return html`<section class="card issued" role="status">
      <h1>${icon('check')} ${t('register.done')}</h1>
      <p>${session.title} · ${slotWords(session.official)}</p>
      <p class="soft">${t('register.code-is')}</p>
      <p class="code huge" data-testid="issued-code">${grouped(session.code ?? '')}</p>
      <p>${t('register.keep-code')}</p>
      ${this.receipt(session)}
      <div class="row"><a class="button main" href="sessions.html" data-testid="to-sessions">${t('sessions.title')}</a></div>
    </section>`;
  }

  /** When it came, and what counts as its receipt (R-071). @param {Session} session */
  receipt({number, received, effective}) {
    const [came, counts] = [received, effective].map(at => `${hourMinute(at)} ${day(at)}`);
    return html`<p class="soft" data-testid="receipt">${t(came === counts ? 'register.receipt' : 'register.receipt-later', number, came, counts)}</p>`;
  }

  /** @param {Session} session */
  queued(session) {
    const {title: name, official, number} = session;
    return html`<section class="card issued" role="status" data-testid="queued">
      <h1>${icon('clock')} ${t('register.waiting')}</h1>
      <p>${name} · ${slotWords(official)}</p>
      <p>${t('register.waiting-number', number)}</p>
      ${this.receipt(session)}
      <div class="row"><a class="button main" href="sessions.html" data-testid="to-sessions">${t('sessions.title')}</a></div>
    </section>`;
  }

  form() {
    return html`<form class="register" @submit=${this.submit}>
      <div class="row between"><h1>${t('register.title')}</h1>${guide('register')}</div>
      ${this.kept ? this.offer(this.kept) : nothing} ${this.templates.length ? this.fillIn(this.templates) : nothing}
      <div class="columns">
        <div class="column" @input=${this.edit}>${this.what()} ${this.when()}</div>
        <div class="column">
          <point-picker .points=${this.points} .units=${this.units} .chosen=${this.chosen} .host=${this.fields.host} .busy=${this.taken}
            @pick=${this.pick}></point-picker>
          <div class="column" @input=${this.edit}>${this.contacts()} ${this.support()}</div>
        </div>
      </div>
      <details class="card" ?open=${this.script.length > 0}>
        <summary data-testid="script-fold">${t('script.optional')}</summary>
        <script-editor .items=${this.script} .points=${this.points.filter(({id}) => this.chosen.has(id))} .host=${this.fields.host}
          @script=${this.write}></script-editor>
      </details>
      ${this.capacityCard()} ${this.refusal ? (this.refusal.limit ? this.refused(this.refusal) : this.elsewhere(this.refusal)) : nothing} ${alertLine(this.error)}
      <div class="row end submit">
        <span>${t('register.legs')} <output data-testid="legs">${legs(this.points, this.fields.host, this.chosen, this.rules ? otherLegs(this.rules, this.fields) : 0)}</output></span>
        <button class="main" data-testid="submit" ?disabled=${this.busy || this.loading}>${t('register.submit')}</button>
      </div>
    </form>`;
  }

  /** @param {CustomEvent} event */
  pick({detail}) {
    this.chosen = detail;
    this.keep();
  }

  /** @param {CustomEvent} event */
  write({detail}) {
    this.script = detail;
    this.keep();
  }

  /** @param {Template[]} templates */
  fillIn(templates) {
    return html`<div class="row wrap"><span class="soft">${t('register.templates')}</span>
      ${templates.map(template => html`<button type="button" data-testid="template" data-purpose=${template.purpose} @click=${() => this.apply(template)}>${icon('copy')}<span>${template.name}</span></button>`)}</div>`;
  }

  /** @param {{at: number, fields: Record<string, string>}} kept */
  offer({at, fields}) {
    return html`<section class="card warn row between wrap" role="status" data-testid="kept">
      <span>${t('register.kept', fields.title || t('register.untitled'), `${hourMinute(at)} ${day(at)}`)}</span>
      <span class="row">
        <button type="button" class="main" data-testid="reopen" @click=${this.reopen}>${t('register.reopen')}</button>
        <button type="button" class="quiet" data-testid="forget" @click=${this.forget}>${t('register.forget')}</button>
      </span>
    </section>`;
  }

  what() {
    const {purposes = {}, kinds = {}, forms = {}} = this.rules?.registration ?? {};
    return html`<fieldset>
      <legend>${t('register.what')}</legend>
      ${this.field('title', 'text', {required: true, maxlength: 200, label: 'register.subject'})} ${this.hostField()}
      <div class="pair">${this.choice('purpose', purposes)} ${this.choice('kind', kinds)}</div>
      <div class="pair">${this.choice('form', forms)} ${this.field('people', 'number')}</div>
      <people-at .fields=${this.fields} .points=${this.points.filter(({id}) => id === this.fields.host || this.chosen.has(id))}></people-at>
      <div class="field secrecy" role="radiogroup" aria-labelledby="secret">
        <span id="secret">${t('register.secret')}</span>
        <div class="row wrap">${['no', 'yes'].map(
          said => html`<label class="option"><input type="radio" name="secret" value=${said} required data-testid="secret-${said}" .checked=${this.fields.secret === said}>
            <span>${t(`register.secret-${said}`)}</span></label>`,
        )}</div>
      </div>
    </fieldset>`;
  }

  when() {
    return html`<fieldset>
        <legend>${t('register.official')}</legend>
        <div class="pair">${this.field('official-start', 'datetime-local', {required: true})} ${this.field('official-end', 'datetime-local', {required: true})}</div>
      </fieldset>
      <fieldset>
        <legend>${t('register.rehearsal')}</legend>
        <div class="pair">${this.field('rehearsal-start', 'datetime-local')} ${this.field('rehearsal-end', 'datetime-local')}</div>
      </fieldset>
      ${this.draft ? nothing : this.field('until', 'date')}
      <class-field .fields=${this.fields} .rules=${this.rules} .deadlines=${this.due}></class-field>`;
  }

  contacts() {
    return html`<fieldset>
        <legend>${t('register.contact')}</legend>
        <div class="pair">${this.field('contact-name', 'text', {required: true})} ${this.field('contact-phone', 'tel', {required: true})}</div>
      </fieldset>
      <fieldset>
        <legend>${t('register.second')}</legend>
        <div class="pair">${this.field('second-name', 'text')} ${this.field('second-phone', 'tel')}</div>
      </fieldset>`;
  }

  support() {
    return html`<fieldset>
      <legend>${t('register.support')}</legend>
      ${this.tick('recording', html`${t('register.recording')}<small>${t('register.recording-hint')}</small>`)} ${this.tick('voices', t('register.voices'))}
      <p class="soft" role="status" data-testid="storage">${this.storage ? this.stored(this.storage) : nothing}</p>
      ${choices(this.rules?.registration.support ?? {}).map(([code, name]) => this.tick(`support:${code}`, name))}
      ${this.field('support-note', 'text', {maxlength: 200})}
    </fieldset>`;
  }

  /** @param {Estimate} storage */
  stored({bytes, free, reserve}) {
    const said = t('register.storage', gigabytes(bytes), gigabytes(free), gigabytes(reserve));
    return bytes <= free ? said : html`<span class="mark amber">${icon('warn')}<span>${said} ${t('register.no-storage')}</span></span>`;
  }

  /** @param {string} name @param {unknown} label */
  tick(name, label) {
    return html`<label class="option"><input type="checkbox" name=${name} data-testid=${name} .checked=${Boolean(this.fields[name])}><span>${label}</span></label>`;
  }

  /** A choice among codes of the profile. @param {string} name @param {Record<string, string>} codes */
  choice(name, codes) {
    return html`<div class="field">
      <label for=${name}>${t(`register.${name}`)}</label>
      <select id=${name} name=${name} data-testid=${name} required>
        <option value="">${t('register.choose')}</option>
        ${choices(codes).map(([code, said]) => html`<option value=${code} ?selected=${code === this.fields[name]}>${said}</option>`)}
      </select>
    </div>`;
  }

  /** @param {string} name @param {string} type @param {{required?: boolean, maxlength?: number, label?: string}} [rules] */
  field(name, type, {required = false, maxlength = 100, label = `register.${name}`} = {}) {
    return html`<div class="field">
      <label for=${name}>${t(label)}</label>
      <input id=${name} name=${name} type=${type} data-testid=${name} maxlength=${maxlength} ?required=${required} .value=${this.fields[name]}>
    </div>`;
  }

  hostField() {
    return html`<div class="field">
      <label for="host">${t('register.host')}</label>
      <select id="host" name="host" data-testid="host-point" required>
        ${this.hosts.map(({id, name, label}) => html`<option value=${id} ?selected=${id === this.fields.host}>${label} (${name})</option>`)}
      </select>
    </div>`;
  }

  capacityCard() {
    if (!this.capacity) return nothing;
    const {from, to} = this.day;
    const slots = [this.official, this.rehearsal].filter(slot => slot !== null).filter(slot => Date.parse(slot.start) < to && Date.parse(slot.end) > from);
    const left = this.official && free(this.capacity, this.official);
    return html`<section class="card capacity" aria-live="polite">
      ${left && this.official
        ? html`<p data-testid="capacity">${t('capacity.free', slotWords(this.official), left.sessions, this.capacity.sessions.usable, left.points, this.capacity.points.usable)}</p>`
        : nothing}
      <div class="columns">
        ${['sessions', 'points'].map(
          what => html`<capacity-chart .capacity=${this.capacity} .what=${what} .from=${from} .to=${to} .slots=${slots}></capacity-chart>`,
        )}
      </div>
      <p class="soft">${t('capacity.rule')}</p>
    </section>`;
  }

  /** Another body registers such sessions: it may be asked to. @param {Problem} problem */
  elsewhere({detail, registrant, may_pass_on}) {
    return html`<section class="alert block" role="alert" data-testid="elsewhere">
      <p><strong>${detail}</strong></p>
      ${may_pass_on ? html`<button type="button" data-testid="pass-on" ?disabled=${this.busy} @click=${() => this.give(passOn)}>${t('register.pass-on', registrant ?? '')}</button>` : nothing}
    </section>`;
  }

  /** @param {Problem} problem */
  refused({limit, usable, needed, start, end, suggestions}) {
    const when = slotWords({start: start ?? '', end: end ?? ''});
    return html`<section class="alert block" role="alert" data-testid="refusal">
      <p><strong>${t(`refusal.${limit}`, needed, usable, when)}</strong></p>
      ${suggestions?.length
        ? html`<p>${t('refusal.try')}</p>
            <div class="row wrap">${suggestions.map(
              offered => html`<button type="button" data-testid="suggestion" @click=${() => this.take(offered)}>${icon('clock')}<span>${slotWords(offered)}</span></button>`,
            )}</div>`
        : html`<p>${t('refusal.none')}</p>`}
      <p>${t('register.wait-hint')}</p>
      <button type="button" data-testid="wait" ?disabled=${this.busy} @click=${this.wait}>${t('register.wait')}</button>
    </section>`;
  }
}

customElements.define('register-page', RegisterPage);
