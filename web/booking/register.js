// Page `register.html`: registers a session, or confirms a draft (`?draft=`).

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, busyPoints, capacity, confirmDraft, deadlines, draft, estimate, passOnRegistration, points, register, rules, errorText, units} from '../core/api.js';
import {freeCapacity, countLegs} from './point-choice.js';
import {errorMessage, guideLink, icon, Page, setTitle} from '../core/base.js';
import {copyable, copyText} from '../core/copy.js';
import {dateField} from '../core/fields.js';
import {keptForms} from '../core/kept-form.js';
import './capacity-chart.js';
import './class-field.js';
import './free-times.js';
import './people-per-point.js';
import './point-picker.js';
import '../meeting/console/script-editor.js';
import '../core/top-bar.js';
import {collator, number, t} from '../core/i18n.js';
import {formatCode} from '../core/meeting-code.js';
import {invitationUrl, meetingUrl} from '../core/code-field.js';
import {isCentral, mayRegister} from '../core/nav.js';
import {loadingState} from '../core/states.js';
import {toast} from '../core/toast.js';
import {isDue} from './session-groups.js';
import {blankFields, formName, sortedChoices, toFields, serializeForm, extraLegs, toRegistration, restoreForm, slotFromFields, fieldsFromTemplate, repeatWeekly} from './registration.js';
import {day, hourMinute, midnight, slot as slotWords, toLocal, utc} from '../core/time.js';

const MINUTE_MS = 60_000;
const GIGABYTE = 1_000_000_000;
const DAY_MS = 86_400_000;
const TIME_FIELDS = ['official-start', 'official-end', 'rehearsal-start', 'rehearsal-end'];
/** Fields whose change makes the form ask the server for load, taken points and recording size. */
const CHECKED_FIELDS = [...TIME_FIELDS, 'recording', 'voices'];
/** The localStorage key under which an unfinished form is kept. */
const STORAGE_KEY = 'registration';
/** Fields that the deadlines depend on. */
const DEADLINE_FIELDS = ['class', 'official-start', 'official-end'];

/** @typedef {(Session & {unit?: undefined}) | Draft} Registered */
/** What became of one date of a repeat: it was registered, or `failure` says why not. @typedef {{body: Registration, registered: Registered | null, failure: unknown}} Outcome */

/** Return whether the server found faults of fields. @param {unknown} failure */
const hasFieldFaults = failure => failure instanceof ProblemError && Boolean(failure.problem.errors?.length);

/** @param {unknown} failure */
const failureWords = failure => (failure instanceof ProblemError && failure.problem.errors?.map(({detail}) => detail).join(' · ')) || errorText(failure);

/** @param {number} bytes */
const gigabytes = bytes => number(bytes / GIGABYTE, {maximumFractionDigits: 1});

/** Registers a session, or several weekly ones, with live deadlines, load and recording size. */
class RegisterPage extends Page {
  static properties = {
    ...Page.properties,
    fields: {state: true}, script: {state: true}, chosen: {state: true}, points: {state: true}, units: {state: true}, rules: {state: true},
    capacity: {state: true}, busyPoints: {state: true}, recordingSize: {state: true}, savedForm: {state: true}, deadlines: {state: true}, outcomes: {state: true}, mending: {state: true}, refusal: {state: true}, issued: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    setTitle('register.title');
    this.fields = blankFields(Date.now());
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
    /** The load of the chosen day; undefined until it is known, null where it cannot be had. @type {Capacity | null | undefined} */
    this.capacity = undefined;
    /** Points that are in another session at the times chosen. @type {BusyPoint[]} */
    this.busyPoints = [];
    /** The disk space that the requested recording takes. @type {Estimate | null} */
    this.recordingSize = null;
    /** A form saved earlier on this device, which may be restored. @type {ReturnType<typeof restoreForm>} */
    this.savedForm = null;
    this.lastRefresh = 0;
    /** @type {Deadlines | null} */
    this.deadlines = null;
    /** @type {Problem | null} */
    this.refusal = null;
    /** @type {Registered | null} */
    this.issued = null;
    /** The outcome of each registration when several were sent at once. @type {Outcome[]} */
    this.outcomes = [];
    /** The date of a repeat that the form mends. @type {Outcome | null} */
    this.mending = null;
    /** The id of the draft that this form confirms, or ''. */
    this.draft = new URLSearchParams(location.search).get('draft') ?? '';
    this.busy = false;
  }

  mayOpen() {
    return mayRegister(this.me);
  }

  async load() {
    [this.points, this.units, this.rules] = await Promise.all([points(), units(), rules()]);
    this.setField('host', this.hosts[0]?.id ?? '');
    if (this.draft) this.fillForm((await draft(this.draft)).content);
    const saved = this.draft ? (keptForms.kept(this.draft)?.form ?? null) : localStorage.getItem(STORAGE_KEY);
    this.savedForm = restoreForm(saved, this.me?.account ?? '', Date.now());
    await Promise.all([this.refreshChecks(), this.refreshDeadlines()]);
  }

  /**
   * Fill the form with the content of a draft, without points that no longer exist.
   * @param {Record<string, any>} content
   */
  fillForm(content) {
    const known = new Set(this.points.map(({id}) => id));
    this.fields = toFields(content, Date.now());
    this.chosen = new Set((Array.isArray(content.points) ? content.points : []).filter(id => known.has(id)));
    this.script = Array.isArray(content.script) ? content.script : [];
  }

  /** Save the form on the device, that of a draft in the tab: neither a reload nor an expired sign-in loses it. */
  saveForm() {
    const form = serializeForm(this.me?.account ?? '', this.fields, this.chosen, this.script, Date.now());
    if (this.draft) keptForms.keep(this.draft, {form});
    else localStorage.setItem(STORAGE_KEY, form);
  }

  /** Restore the form that was saved on the device. */
  restore() {
    if (!this.savedForm) return;
    const known = new Set(this.points.map(({id}) => id));
    ({fields: this.fields, script: this.script} = this.savedForm);
    this.chosen = new Set(this.savedForm.points.filter(id => known.has(id)));
    this.savedForm = null;
    this.refreshChecks();
    this.refreshDeadlines();
  }

  discardSavedForm() {
    if (this.draft) keptForms.drop(this.draft);
    else localStorage.removeItem(STORAGE_KEY);
    this.savedForm = null;
  }

  /**
   * Return the points that may host: of the own unit, of those below it, of the province; all points for the
   * centre.
   */
  get hosts() {
    const all = isCentral(this.me);
    const [home, below] = [this.me?.unit?.id, new Set(this.units.filter(({parent}) => parent === this.me?.unit?.id).map(({id}) => id))];
    const near = /** @param {Point} point */ ({unit, level}) => (unit === home ? 0 : below.has(unit) ? 1 : all || level === this.rules?.registration.office_level ? 2 : 3);
    return this.points.filter(point => near(point) < 3).sort((a, b) => near(a) - near(b) || collator.compare(a.label, b.label));
  }

  /** Return the templates for sessions of the Office, which only the Office and the centre register (Điều 16.1). */
  get templates() {
    const level = this.units.find(({id}) => id === this.me?.unit?.id)?.level;
    const office = level === this.rules?.registration.office_level || isCentral(this.me);
    return office && !this.draft ? (this.rules?.registration.templates ?? []) : [];
  }

  /** @param {Template} template */
  apply(template) {
    ({fields: this.fields, chosen: this.chosen} = fieldsFromTemplate(template, this.fields, this.points));
    this.saveForm();
    this.refreshChecks();
  }

  get official() {
    return slotFromFields(this.fields, 'official');
  }

  get rehearsal() {
    return slotFromFields(this.fields, 'rehearsal');
  }

  get day() {
    const from = midnight(this.official ? Date.parse(this.official.start) : Date.now());
    return {from, to: from + DAY_MS};
  }

  get legs() {
    return countLegs(this.points, this.fields.host, this.chosen, this.rules ? extraLegs(this.rules, this.fields) : 0);
  }

  /** @param {string} name @param {string} value */
  setField(name, value) {
    this.fields = {...this.fields, [name]: value};
    if (name === 'host') this.chosen = new Set([...this.chosen].filter(id => id !== value));
  }

  /** @param {Event} event */
  edit(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    this.setField(field.name, field.type === 'checkbox' ? (field.checked ? 'yes' : '') : field.value);
    this.refusal = null;
    if (field.name === 'class') this.fields = {...this.fields, ground: '', reason: ''};
    this.saveForm();
    if (CHECKED_FIELDS.includes(field.name)) this.refreshChecks();
    if (DEADLINE_FIELDS.includes(field.name)) this.refreshDeadlines();
  }

  /** Fetch the deadlines of a registration that would arrive now. */
  async refreshDeadlines() {
    const {class: kind} = this.fields;
    const start = this.official?.start;
    const due = start ? await deadlines(kind, start).catch(() => null) : null;
    if (start === this.official?.start && kind === this.fields.class) this.deadlines = due;
  }

  /**
   * Fetch the load of the chosen day, the points that are taken and the size of a recording; drop the response when
   * the times have changed meanwhile.
   */
  async refreshChecks() {
    const {from, to} = this.day;
    const slots = [this.official, this.rehearsal].filter(slot => slot !== null);
    const turn = ++this.lastRefresh;
    const [seen, taken, storage] = await Promise.all([
      capacity(utc(from), utc(to)).catch(() => null),
      Promise.all(slots.map(busyPoints)).catch(() => []),
      this.estimateRecording().catch(() => null),
    ]);
    if (turn !== this.lastRefresh) return;
    this.capacity = seen;
    this.busyPoints = taken.flat();
    this.recordingSize = storage;
  }

  /** Fetch how much disk space the recording takes; null without a recording. */
  async estimateRecording() {
    const {official, fields} = this;
    if (!official || !fields.recording) return null;
    return estimate(Math.ceil((Date.parse(official.end) - Date.parse(official.start)) / MINUTE_MS), Boolean(fields.voices));
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    await this.submitAll(body => (this.draft ? confirmDraft(this.draft, body) : register(body)));
  }

  /** Register although it does not fit now: the session waits in the queue. */
  submitToQueue() {
    return this.submitAll(body => (this.draft ? confirmDraft(this.draft, {...body, wait: true}) : register({...body, wait: true})));
  }

  /** @param {(body: Registration) => Promise<Session | Draft>} send */
  async submitAll(send) {
    const official = this.official;
    this.refusal = null;
    this.error = official ? '' : t('register.bad-times');
    if (!official) return;
    this.busy = true;
    const all = repeatWeekly(toRegistration(this.fields, this.chosen, this.script, official), this.draft ? '' : this.fields.until);
    if (all.length > 1) await this.submitEach(all, send);
    else await this.submitOne(all[0], send);
    this.busy = false;
    this.refreshChecks();
    this.refreshDeadlines();
  }

  /**
   * Register several sessions one after the other; each is admitted or refused by itself. When all are faulty, it is
   * the form that is: the faults of the first are shown at its fields.
   * @param {Registration[]} all
   * @param {(body: Registration) => Promise<Session | Draft>} send
   */
  async submitEach(all, send) {
    /** @type {Outcome[]} */
    const outcomes = [];
    for (const body of all) {
      const outcome = {body, registered: /** @type {Registered | null} */ (null), failure: /** @type {unknown} */ (null)};
      await send(body).then(registered => (outcome.registered = /** @type {Registered} */ (registered)), failure => (outcome.failure = failure));
      outcomes.push(outcome);
    }
    if (outcomes.every(({registered, failure}) => !registered && hasFieldFaults(failure))) return this.submitOne(all[0], () => Promise.reject(outcomes[0].failure));
    this.outcomes = outcomes;
    if (outcomes.every(({registered}) => registered)) this.discardSavedForm();
  }

  /** Put a date that was not registered into the form, with what is wrong with it. @param {Outcome} outcome */
  async mend(outcome) {
    const {body, failure} = outcome;
    const {until, 'official-start': from, 'official-end': to, 'rehearsal-start': first, 'rehearsal-end': last, ...fields} = this.fields;
    [this.mending, this.error, this.refusal] = [outcome, '', null];
    this.fields = {
      ...fields, until: '', 'official-start': toLocal(body.official.start), 'official-end': toLocal(body.official.end),
      'rehearsal-start': body.rehearsal ? toLocal(body.rehearsal.start) : '', 'rehearsal-end': body.rehearsal ? toLocal(body.rehearsal.end) : '',
    };
    this.saveForm();
    await this.updateComplete;
    this.submitOne(body, () => Promise.reject(failure));
    this.querySelector('.mended')?.scrollIntoView({block: 'start'});
    this.refreshChecks();
    this.refreshDeadlines();
  }

  /** @param {Registration} body @param {(body: Registration) => Promise<Session | Draft>} send */
  async submitOne(body, send) {
    await this.attempt(
      async () => {
        const registered = /** @type {Registered} */ (await send(body));
        const mended = this.mending;
        if (mended) this.outcomes = this.outcomes.map(each => (each === mended ? {body, registered, failure: null} : each));
        else this.issued = registered;
        this.mending = null;
        if (this.outcomes.every(each => each.registered)) this.discardSavedForm();
      },
      this.querySelector('form'),
      formName,
    );
  }

  /** Show a refusal for lack of capacity, or of another unit's, beside the times. @param {unknown} failure */
  onFailure(failure) {
    if (failure instanceof ProblemError && ['capacity', 'wrong-registrant'].includes(failure.word)) this.refuse(failure.problem);
    else super.onFailure(failure);
  }

  /** Show a refusal beside the times, where it is mended. @param {Problem} problem */
  async refuse(problem) {
    this.refusal = problem;
    await this.updateComplete;
    this.querySelector('.refusal')?.scrollIntoView({block: 'center'});
  }

  /** Put one of the suggested free times into the form. @param {Slot & {rehearsal: Slot | null}} offered */
  useSuggestion(offered) {
    for (const [name, slot] of /** @type {[string, Slot | null][]} */ ([['official', offered], ['rehearsal', offered.rehearsal]])) {
      if (!slot) continue;
      this.setField(`${name}-start`, toLocal(slot.start));
      this.setField(`${name}-end`, toLocal(slot.end));
    }
    this.refusal = null;
    this.saveForm();
    this.refreshChecks();
    this.refreshDeadlines();
  }

  render() {
    if (this.draft && this.loading) return html`<top-bar .me=${this.me} current="register"></top-bar><main>${loadingState()}</main>`;
    return html`<top-bar .me=${this.me} current="register"></top-bar>
      <main>${this.outcomes.length ? this.outcomeList() : nothing}
        ${this.issued ? (this.issued.unit ? this.draftReceipt(this.issued) : this.issuedCode(this.issued)) : this.outcomes.length && !this.mending ? nothing : this.form()}</main>`;
  }

  /** Draw what became of each date of a repeat; those that were not registered can be mended one by one. */
  outcomeList() {
    const left = this.outcomes.filter(({registered}) => !registered).length;
    return html`<section class="card series">
      <h1>${t('register.series')}</h1>
      <p role="status" data-testid="series-state">${left ? t('register.series-left', this.outcomes.length - left, this.outcomes.length) : t('register.series-done', this.outcomes.length)}</p>
      <ul class="plain">${this.outcomes.map(outcome => this.outcomeRow(outcome))}</ul>
      <div class="row"><a class="button ${left ? '' : 'main'}" href="sessions.html">${t('sessions.title')}</a></div>
    </section>`;
  }

  /** @param {Outcome} outcome */
  outcomeRow(outcome) {
    const {body, registered, failure} = outcome;
    const words = registered ? (registered.unit ? t('register.waits', registered.unit.name) : `${t('register.done')} · ${registered.number}`) : failureWords(failure);
    return html`<li class="row" data-testid="outcome" data-state=${registered ? 'registered' : 'refused'}>
      <strong>${slotWords(body.official)}</strong>
      <span class="what ${registered ? '' : 'fault'}">${icon(registered ? 'check' : 'warn')} ${words}</span>
      ${registered ? nothing : html`<button type="button" data-testid="mend-date" aria-pressed=${this.mending === outcome} @click=${() => this.mend(outcome)}>${icon('edit')}<span>${t('register.mend')}</span></button>`}
    </li>`;
  }

  /** @param {Draft} lying */
  draftReceipt({unit, number}) {
    return html`<section class="card issued" role="status" data-testid="waits">
      <h1>${icon('clock')} ${t('register.waits', unit.name)}</h1>
      <p>${t('register.waits-hint', number)}</p>
      <div class="row"><a class="button main" href="register.html">${t('register.again')}</a></div>
    </section>`;
  }

  /** @param {Session} session */
  issuedCode(session) {
    if (!session.code) return this.queueReceipt(session);
    return html`<section class="card issued" role="status">
      <h1>${icon('check')} ${t('register.done')}</h1>
      <p>${session.title} · ${slotWords(session.official)}</p>
      <p class="soft">${t('register.code-is')}</p>
      <p>${copyable(session.code, {shown: formatCode(session.code), testid: 'issued-code', kind: 'code huge'})}</p>
      <p>${t('register.keep-code')}</p>
      ${this.receipt(session)}
      <div class="row wrap no-print">
        <a class="button main" href="sessions.html" data-testid="to-sessions">${t('sessions.title')}</a>
        <button type="button" data-testid="copy-code" @click=${() => this.copyInvitation(session)}>${icon('copy')}<span>${t('register.copy')}</span></button>
        <button type="button" data-testid="print" @click=${() => print()}>${icon('print')}<span>${t('calendar.print')}</span></button>
        <a class="button" href=${invitationUrl(session.id)} data-testid="to-invitation">${icon('mail')}<span>${t('invitation.title')}</span></a>
        ${isDue(session) ? html`<a class="button" href=${meetingUrl(session.code, [session])} data-testid="enter">${t(session.may_control ? 'sessions.control' : 'sessions.enter')}</a>` : nothing}
      </div>
    </section>`;
  }

  /** Copy what a point needs to join: title, time, code and address. @param {Session} session */
  copyInvitation({title: subject, official, code}) {
    const address = new URL(`index.html?code=${code}`, location.href);
    return copyText([subject, slotWords(official), `${t('code.label')}: ${formatCode(code ?? '')}`, address].join('\n'), t('register.copied'));
  }

  /** Draw when the registration arrived and from when it counts as received (R-071). @param {Session} session */
  receipt({number, received, effective}) {
    const [came, counts] = [received, effective].map(at => `${hourMinute(at)} ${day(at)}`);
    return html`<p class="soft" data-testid="receipt">${t(came === counts ? 'register.receipt' : 'register.receipt-later', number, came, counts)}</p>`;
  }

  /** @param {Session} session */
  queueReceipt(session) {
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
      <div class="row between mended">${this.mending ? html`<h2>${t('register.mended', slotWords(this.mending.body.official))}</h2>` : html`<h1>${t('register.title')}</h1>`}${guideLink('register')}</div>
      ${this.savedForm ? this.savedFormOffer(this.savedForm) : nothing} ${this.templates.length ? this.templateButtons(this.templates) : nothing}
      <div class="with-side">
        <div class="column">
          <section class="card" @input=${this.edit}>${this.subjectFields()}</section>
          <section class="card column" @input=${this.edit}>${this.timeFields()} ${this.refusalBox()} ${this.dayLoad()}</section>
          <section class="card"><point-picker .points=${this.points} .units=${this.units} .chosen=${this.chosen} .host=${this.fields.host} .busy=${this.busyPoints}
            @pick=${this.setPoints}></point-picker></section>
          <section class="card column" @input=${this.edit}>${this.contactFields()} ${this.supportFields()}</section>
          <details class="card" ?open=${this.script.length > 0}>
            <summary data-testid="script-fold">${t('script.optional')}</summary>
            <script-editor .items=${this.script} .points=${this.points.filter(({id}) => this.chosen.has(id))} .host=${this.fields.host}
              @script=${this.setScript}></script-editor>
          </details>
        </div>
        <aside class="card side" aria-label=${t('register.summary')}>
          <h2>${t('register.summary')}</h2>
          ${this.summary()} ${this.capacityLine()}
          <free-times .official=${this.official} .rehearsal=${this.rehearsal} .legs=${this.legs} .kind=${this.fields.class} @take=${/** @param {CustomEvent} event */ ({detail}) => this.useSuggestion(detail)}></free-times>
          ${errorMessage(this.error)}
          <button class="main wide" data-testid="submit" ?disabled=${this.busy || this.loading}>${t('register.submit')}</button>
        </aside>
      </div>
    </form>`;
  }

  /** Draw in a few words what is about to be registered. */
  summary() {
    const {official, rehearsal, legs} = this;
    return html`<dl class="facts">
      <dt>${t('register.official-short')}</dt><dd>${official ? slotWords(official) : '–'}</dd>
      ${rehearsal ? html`<dt>${t('calendar.rehearsal')}</dt><dd>${slotWords(rehearsal)}</dd>` : nothing}
      <dt>${t('register.points')}</dt><dd>${this.chosen.size}</dd>
      <dt>${t('register.legs')}</dt><dd><output data-testid="legs">${legs}</output></dd>
    </dl>`;
  }

  refusalBox() {
    if (!this.refusal) return nothing;
    return this.refusal.limit ? this.capacityRefusal(this.refusal) : this.otherRegistrant(this.refusal);
  }

  /** @param {CustomEvent} event */
  setPoints({detail}) {
    this.chosen = detail;
    this.saveForm();
  }

  /** @param {CustomEvent} event */
  setScript({detail}) {
    this.script = detail;
    this.saveForm();
  }

  /** @param {Template[]} templates */
  templateButtons(templates) {
    return html`<div class="row wrap"><span class="soft">${t('register.templates')}</span>
      ${templates.map(template => html`<button type="button" data-testid="template" data-purpose=${template.purpose} @click=${() => this.apply(template)}>${icon('copy')}<span>${template.name}</span></button>`)}</div>`;
  }

  /** @param {{at: number, fields: Record<string, string>}} kept */
  savedFormOffer({at, fields}) {
    return html`<section class="card warn row between wrap" role="status" data-testid="kept">
      <span>${t('register.kept', fields.title || t('register.untitled'), `${hourMinute(at)} ${day(at)}`)}</span>
      <span class="row">
        <button type="button" class="main" data-testid="reopen" @click=${this.restore}>${t('register.reopen')}</button>
        <button type="button" class="quiet" data-testid="forget" @click=${this.discardSavedForm}>${t('register.forget')}</button>
      </span>
    </section>`;
  }

  subjectFields() {
    const {purposes = {}, kinds = {}, forms = {}} = this.rules?.registration ?? {};
    return html`<fieldset>
      <legend>${t('register.what')}</legend>
      ${this.field('title', 'text', {required: true, maxlength: 200, label: 'register.subject'})} ${this.hostField()}
      <div class="pair">${this.choice('purpose', purposes)} ${this.choice('kind', kinds)}</div>
      <div class="pair">${this.choice('form', forms)} ${this.field('people', 'number')}</div>
      <people-per-point .fields=${this.fields} .points=${this.points.filter(({id}) => id === this.fields.host || this.chosen.has(id))}></people-per-point>
      <div class="field secrecy" role="radiogroup" aria-labelledby="secret">
        <span id="secret">${t('register.secret')}</span>
        <div class="row wrap">${['no', 'yes'].map(
          choice => html`<label class="option"><input type="radio" name="secret" value=${choice} required data-testid="secret-${choice}" .checked=${this.fields.secret === choice}>
            <span>${t(`register.secret-${choice}`)}</span></label>`,
        )}</div>
      </div>
    </fieldset>`;
  }

  timeFields() {
    return html`<fieldset>
        <legend>${t('register.official')}</legend>
        <div class="pair">${this.field('official-start', 'datetime-local', {required: true})} ${this.field('official-end', 'datetime-local', {required: true})}</div>
      </fieldset>
      <fieldset>
        <legend>${t('register.rehearsal')}</legend>
        <div class="pair">${this.field('rehearsal-start', 'datetime-local')} ${this.field('rehearsal-end', 'datetime-local')}</div>
      </fieldset>
      ${this.draft ? nothing : this.field('until', 'date')}
      <class-field .fields=${this.fields} .rules=${this.rules} .deadlines=${this.deadlines}></class-field>`;
  }

  contactFields() {
    return html`<fieldset>
        <legend>${t('register.contact')}</legend>
        <div class="pair">${this.field('contact-name', 'text', {required: true})} ${this.field('contact-phone', 'tel', {required: true})}</div>
      </fieldset>
      <fieldset>
        <legend>${t('register.second')}</legend>
        <div class="pair">${this.field('second-name', 'text')} ${this.field('second-phone', 'tel')}</div>
      </fieldset>`;
  }

  supportFields() {
    return html`<fieldset>
      <legend>${t('register.support')}</legend>
      ${this.checkbox('recording', html`${t('register.recording')}<small>${t('register.recording-hint')}</small>`)} ${this.checkbox('voices', t('register.voices'))}
      <p class="soft" role="status" data-testid="storage">${this.recordingSize ? this.recordingEstimate(this.recordingSize) : nothing}</p>
      ${sortedChoices(this.rules?.registration.support ?? {}).map(([code, name]) => this.checkbox(`support:${code}`, name))}
      ${this.field('support-note', 'text', {maxlength: 200})}
    </fieldset>`;
  }

  /** @param {Estimate} storage */
  recordingEstimate({bytes, free, reserve}) {
    const text = t('register.storage', gigabytes(bytes), gigabytes(free), gigabytes(reserve));
    return bytes <= free ? text : html`<span class="mark amber">${icon('warn')}<span>${text} ${t('register.no-storage')}</span></span>`;
  }

  /** @param {string} name @param {unknown} label */
  checkbox(name, label) {
    return html`<label class="option"><input type="checkbox" name=${name} data-testid=${name} .checked=${Boolean(this.fields[name])}><span>${label}</span></label>`;
  }

  /** Draw a select field with the codes of the profile. @param {string} name @param {Record<string, string>} codes */
  choice(name, codes) {
    return html`<div class="field">
      <label for=${name}>${t(`register.${name}`)}</label>
      <select id=${name} name=${name} data-testid=${name} required>
        <option value="">${t('register.choose')}</option>
        ${sortedChoices(codes).map(([code, said]) => html`<option value=${code} ?selected=${code === this.fields[name]}>${said}</option>`)}
      </select>
    </div>`;
  }

  /**
   * @param {string} name
   * @param {string} type
   * @param {{required?: boolean, maxlength?: number, label?: string}} [rules]
   */
  field(name, type, {required = false, maxlength = 100, label = `register.${name}`} = {}) {
    if (TIME_FIELDS.includes(name) || name === 'until') return dateField({name, label: t(label), value: this.fields[name], required, withTime: name !== 'until'});
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

  /** Draw what is left at the time of the meeting. */
  capacityLine() {
    const left = this.capacity && this.official && freeCapacity(this.capacity, this.official);
    if (!left || !this.capacity || !this.official) return nothing;
    return html`<p class="capacity" aria-live="polite" data-testid="capacity">
      ${t('capacity.free', slotWords(this.official), left.sessions, this.capacity.sessions.usable, left.points, this.capacity.points.usable)}</p>`;
  }

  /** Draw the load of the day. Its line is there before the load is: what is below would move from under a finger. */
  dayLoad() {
    if (this.capacity === null) return nothing;
    return html`<details class="fold-line"><summary data-testid="day-load">${t('register.day-load', day(this.day.from))}</summary>
      ${this.capacity ? this.dayCharts(this.capacity) : loadingState()}
    </details>`;
  }

  /** @param {Capacity} capacity */
  dayCharts(capacity) {
    const {from, to} = this.day;
    const slots = [this.official, this.rehearsal].filter(slot => slot !== null).filter(slot => Date.parse(slot.start) < to && Date.parse(slot.end) > from);
    return html`<div class="columns">${['sessions', 'points'].map(
        what => html`<capacity-chart .capacity=${capacity} .what=${what} .from=${from} .to=${to} .slots=${slots}></capacity-chart>`,
      )}</div>
      <p class="soft">${t('capacity.rule')}</p>`;
  }

  /**
   * Say which other unit registers such sessions, with a button that passes the registration on to it.
   * @param {Problem} problem
   */
  otherRegistrant({detail, registrant, may_pass_on}) {
    return html`<section class="alert block refusal" role="alert" data-testid="elsewhere">
      <p><strong>${detail}</strong></p>
      ${may_pass_on ? html`<button type="button" data-testid="pass-on" ?disabled=${this.busy} @click=${() => this.submitAll(passOnRegistration)}>${t('register.pass-on', registrant ?? '')}</button>` : nothing}
    </section>`;
  }

  /** @param {Problem} problem */
  capacityRefusal({limit, usable, needed, start, end, suggestions}) {
    const when = slotWords({start: start ?? '', end: end ?? ''});
    return html`<section class="alert block refusal" role="alert" data-testid="refusal">
      <p><strong>${t(`refusal.${limit}`, needed, usable, when)}</strong></p>
      ${suggestions?.length
        ? html`<p>${t('refusal.try')}</p>
            <div class="row wrap">${suggestions.map(
              offered => html`<button type="button" data-testid="suggestion" @click=${() => this.useSuggestion(offered)}>${icon('clock')}<span>${slotWords(offered)}</span></button>`,
            )}</div>`
        : html`<p>${t('refusal.none')}</p>`}
      <p>${t('register.wait-hint')}</p>
      <button type="button" data-testid="wait" ?disabled=${this.busy} @click=${this.submitToQueue}>${t('register.wait')}</button>
    </section>`;
  }
}

customElements.define('register-page', RegisterPage);
