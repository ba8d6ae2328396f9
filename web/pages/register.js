import {html, nothing} from '../vendor/lit.js';
import {Refusal, capacity, points, register, told, units} from '../api.js';
import {free, legs} from '../booking.js';
import {alertLine, icon, Page, title} from '../elements/base.js';
import '../elements/capacity-chart.js';
import '../elements/point-picker.js';
import '../elements/script-editor.js';
import '../elements/top-bar.js';
import {collator, t} from '../i18n.js';
import {grouped} from '../logic.js';
import {plain} from '../script.js';
import {fromLocal, midnight, slot as slotWords, toLocal, utc} from '../time.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TIMES = ['official-start', 'official-end', 'rehearsal-start', 'rehearsal-end'];

/** Tomorrow, nine to eleven: a start that is rarely wrong by much. @param {number} now */
function firstTimes(now) {
  const nine = midnight(now) + DAY_MS + 9 * HOUR_MS;
  return {'official-start': toLocal(nine), 'official-end': toLocal(nine + 2 * HOUR_MS), 'rehearsal-start': '', 'rehearsal-end': ''};
}

class RegisterPage extends Page {
  static properties = {
    ...Page.properties,
    fields: {state: true}, script: {state: true}, chosen: {state: true}, points: {state: true}, units: {state: true},
    capacity: {state: true}, refusal: {state: true}, issued: {state: true}, busy: {state: true},
  };

  constructor() {
    super();
    title('register.title');
    /** @type {Record<string, string>} */
    this.fields = {title: '', host: '', 'contact-name': '', 'contact-phone': '', recording: '', voices: '', ...firstTimes(Date.now())};
    /** @type {ScriptItem[]} */
    this.script = [];
    /** @type {Set<string>} */
    this.chosen = new Set();
    /** @type {Point[]} */
    this.points = [];
    /** @type {Unit[]} */
    this.units = [];
    /** @type {Capacity | null} */
    this.capacity = null;
    /** @type {Problem | null} */
    this.refusal = null;
    /** @type {Session | null} */
    this.issued = null;
    this.busy = false;
  }

  async load() {
    [this.points, this.units] = await Promise.all([points(), units()]);
    this.set('host', this.hosts[0]?.id ?? '');
    await this.look();
  }

  /** Points this person may host from: of the own unit; all for who belongs to none of them. */
  get hosts() {
    const own = this.points.filter(({unit}) => unit === this.me?.unit?.id);
    const all = this.me?.roles.some(role => ['administrator', 'technician'].includes(role));
    const rest = all ? this.points.filter(point => !own.includes(point)).sort((a, b) => collator.compare(a.label, b.label)) : [];
    return [...own, ...rest];
  }

  /** @returns {Slot | null} */
  get official() {
    return this.slotOf('official');
  }

  /** @returns {Slot | null} */
  get rehearsal() {
    return this.slotOf('rehearsal');
  }

  /** @param {string} name @returns {Slot | null} */
  slotOf(name) {
    const [start, end] = [fromLocal(this.fields[`${name}-start`]), fromLocal(this.fields[`${name}-end`])];
    return start && end && start < end ? {start, end} : null;
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
    if (TIMES.includes(field.name)) this.look();
  }

  /** Fetch the load of the chosen day; an answer for a day left meanwhile is dropped. */
  async look() {
    const {from, to} = this.day;
    const seen = await capacity(utc(from), utc(to)).catch(() => null);
    if (from === this.day.from) this.capacity = seen;
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    const official = this.official;
    this.error = official ? '' : t('register.bad-times');
    if (!official) return;
    this.busy = true;
    await this.send(official);
    this.busy = false;
    this.look();
  }

  /** @param {Slot} official */
  async send(official) {
    try {
      this.issued = await register({
        title: this.fields.title.trim(), host_point: this.fields.host, points: [...this.chosen], rehearsal: this.rehearsal, official,
        contact_name: this.fields['contact-name'].trim(), contact_phone: this.fields['contact-phone'].trim(), recording: Boolean(this.fields.recording),
        voices: Boolean(this.fields.voices), script: this.script.map(plain),
      });
    } catch (failure) {
      if (failure instanceof Refusal && failure.word === 'capacity') this.refusal = failure.problem;
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
      <main>${this.issued ? this.done(this.issued) : this.form()}</main>`;
  }

  /** @param {Session} session */
  done(session) {
    return html`<section class="card issued" role="status">
      <h1>${icon('check')} ${t('register.done')}</h1>
      <p>${session.title} · ${slotWords(session.official)}</p>
      <p class="soft">${t('register.code-is')}</p>
      <p class="code huge" data-testid="issued-code">${grouped(session.code ?? '')}</p>
      <p>${t('register.keep-code')}</p>
      <div class="row"><a class="button main" href="sessions.html" data-testid="to-sessions">${t('sessions.title')}</a></div>
    </section>`;
  }

  form() {
    return html`<form class="register" @submit=${this.submit}>
      <h1>${t('register.title')}</h1>
      <div class="columns">
        <div class="column" @input=${this.edit}>
          ${this.field('title', 'text', {required: true, maxlength: 200, label: 'register.subject'})} ${this.hostField()}
          <fieldset>
            <legend>${t('register.official')}</legend>
            <div class="pair">${this.field('official-start', 'datetime-local', {required: true})} ${this.field('official-end', 'datetime-local', {required: true})}</div>
          </fieldset>
          <fieldset>
            <legend>${t('register.rehearsal')}</legend>
            <div class="pair">${this.field('rehearsal-start', 'datetime-local')} ${this.field('rehearsal-end', 'datetime-local')}</div>
          </fieldset>
          <fieldset>
            <legend>${t('register.contact')}</legend>
            <div class="pair">${this.field('contact-name', 'text', {required: true})} ${this.field('contact-phone', 'tel', {required: true})}</div>
          </fieldset>
          <label class="option"><input type="checkbox" name="recording" data-testid="recording" .checked=${Boolean(this.fields.recording)}>
            <span>${t('register.recording')}<small>${t('register.recording-hint')}</small></span></label>
          <label class="option"><input type="checkbox" name="voices" data-testid="voices" .checked=${Boolean(this.fields.voices)}>
            <span>${t('register.voices')}</span></label>
        </div>
        <div class="column">
          <point-picker .points=${this.points} .units=${this.units} .chosen=${this.chosen} .host=${this.fields.host}
            @pick=${(/** @type {CustomEvent} */ event) => (this.chosen = event.detail)}></point-picker>
        </div>
      </div>
      <details class="card" ?open=${this.script.length > 0}>
        <summary data-testid="script-fold">${t('script.optional')}</summary>
        <script-editor .items=${this.script} .points=${this.points.filter(({id}) => this.chosen.has(id))} .host=${this.fields.host}
          @script=${(/** @type {CustomEvent} */ {detail}) => (this.script = detail)}></script-editor>
      </details>
      ${this.capacityCard()} ${this.refusal ? this.refused(this.refusal) : nothing} ${alertLine(this.error)}
      <div class="row end submit">
        <span>${t('register.legs')} <output data-testid="legs">${legs(this.points, this.fields.host, this.chosen, Boolean(this.fields.recording))}</output></span>
        <button class="main" data-testid="submit" ?disabled=${this.busy || this.loading}>${t('register.submit')}</button>
      </div>
    </form>`;
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
    </section>`;
  }
}

customElements.define('register-page', RegisterPage);
