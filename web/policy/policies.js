// Page `profile.html`: the rules in force and to come, and the calendar of working days.

import {html, nothing} from '../vendor/lit.js';
import {confirmYear, correctDay, endings, outdatedUnits, profiles, withdrawProfile, workYear} from '../core/api.js';
import {differences} from '../booking/timeline.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {dateField, formOf} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import {differenceTable} from './policy-upload.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {day, weekday} from '../core/time.js';
import {loadingState} from '../core/states.js';

/** Format a date of a profile or calendar as people write it. @param {string | null} date */
const formatDate = date => (date ? day(`${date}T12:00:00+07:00`) : '…');

/** Shows policy profiles, what they change, and the calendar of working days. */
class ProfilePage extends Page {
  static properties = {
    ...Page.properties, ending: {state: true}, outdated: {state: true}, list: {state: true}, chosen: {state: true}, year: {state: true}, calendar: {state: true}, fields: {state: true}, fault: {state: true},
  };

  constructor() {
    super();
    setTitle('profile.title');
    /** @type {Profile[]} */
    this.list = [];
    /** @type {Ending[]} */
    this.ending = [];
    /** @type {Outdated | null} */
    this.outdated = null;
    this.chosen = '';
    this.year = new Date().getFullYear();
    /** @type {WorkYear | null} */
    this.calendar = null;
    /** @type {Record<string, string>} */
    this.fields = {day: '', working: 'off', number: '', dated: ''};
    this.fault = '';
  }

  async load() {
    const warned = this.central();
    const [found, calendar, ending, outdated] = await Promise.all([profiles(), workYear(this.year), warned ? endings() : [], warned ? outdatedUnits() : null]);
    this.setProfiles(found); // all at once: a card that came later would push what is being read out of the window
    [this.calendar, this.ending, this.outdated] = [calendar, ending, outdated];
  }

  central() {
    return Boolean(this.me?.roles.some(role => role === 'administrator' || role === 'technician'));
  }

  /** @param {Profile[]} found */
  setProfiles(found) {
    this.list = found.sort((a, b) => (a.effective_from ?? '').localeCompare(b.effective_from ?? '') || a.version - b.version);
    if (!this.list.some(each => this.profileKey(each) === this.chosen)) this.chosen = this.profileKey(this.list.find(({in_force}) => in_force) ?? this.list[0]);
  }

  /** @param {{id: string, version: number}} profile */
  profileKey({id, version}) {
    return `${id}/${version}`;
  }

  /** @param {number} year */
  showYear(year) {
    this.year = year;
    this.attempt(async () => void (this.calendar = await workYear(year)));
  }

  render() {
    const place = this.list.findIndex(profile => this.profileKey(profile) === this.chosen);
    return html`<top-bar .me=${this.me} current="profile"></top-bar>
      <main class="profile">
        <h1>${t('profile.title')}</h1>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : nothing}
        ${this.outdated?.units.length ? this.outdatedUnits(this.outdated) : nothing}
        ${this.ending.map(each => this.endingCard(each))}
        ${this.list.length ? this.profileList() : nothing}
        ${!this.loading && this.me?.roles.includes('administrator') ? html`<policy-upload @filed=${(/** @type {CustomEvent} */ {detail}) => this.setProfiles(detail)}></policy-upload>` : nothing}
        ${place >= 0 ? this.rules(this.list[place], this.list[place - 1]) : nothing}
        ${this.calendar ? this.calendarCard(this.calendar) : nothing}
      </main>`;
  }

  /**
   * Warn that units on record have ended, with the commands that bring the record up to date.
   * @param {Outdated} outdated
   */
  outdatedUnits({units, profiles: setting, files}) {
    return html`<section class="card" data-testid="outdated">
      <p class="alert">${icon('warn')}<span>${t('profile.outdated', units.length)}</span></p>
      <p>${t('profile.outdated-how')}</p>
      <ol><li>${copyable(`DIEMCAU_PROFILE=${setting}`, {kind: 'command'})}</li>${files.map(file => html`<li>${copyable(`diemcau admin import-units ${file}`, {kind: 'command'})}</li>`)}</ol>
      <details><summary>${t('profile.ends-units', units.length)}</summary><ul class="rules">${units.map(({name}) => html`<li>${name}</li>`)}</ul></details>
    </section>`;
  }

  /** Draw what ends on a day, for those who must change it before. @param {Ending} ending */
  endingCard({day: date, profile, units, hosts, sessions, accounts, operators}) {
    /** @type {[string, string[]][]} */
    const groups = [
      ['units', units.map(({name, why, successor}) => `${name} (${successor ? t('profile.ends-into', successor) : t(`profile.ends-${why}`)})`)],
      ['hosts', hosts.map(({label}) => label)],
      ['sessions', sessions.map(({number, host, title: name}) => `${number} · ${host} · ${name}`)],
      ['accounts', accounts.map(({account, name, unit}) => `${account} · ${name}${unit ? ` · ${unit}` : ''}`)],
    ];
    return html`<section class="card" data-testid="ending" data-day=${date}>
      <h2>${profile ? t('profile.ends-by', formatDate(date), profile) : t('profile.ends', formatDate(date))}</h2>
      <p class="alert">${icon('warn')}<span>${t('profile.ends-hint')}</span></p>
      ${operators ? html`<p>${t('profile.ends-operator', operators.before, operators.after)}</p>` : nothing}
      ${groups.filter(([, lines]) => lines.length).map(([name, lines]) => html`<details ?open=${lines.length < 12}><summary data-testid="ending-${name}">${t(`profile.ends-${name}`, lines.length)}</summary>
        <ul class="rules">${lines.map(line => html`<li>${line}</li>`)}</ul></details>`)}
    </section>`;
  }

  profileList() {
    return html`<ul class="cards profiles" role="list">${this.list.map(profile => {
      const stamp = this.profileKey(profile);
      const later = (profile.effective_from ?? '') > new Date().toISOString().slice(0, 10);
      return html`<li><button type="button" class="card" data-testid="profile-row" data-stamp=${stamp} aria-pressed=${stamp === this.chosen} @click=${() => (this.chosen = stamp)}>
        <strong>${stamp}</strong> <span>${profile.title}</span>
        <small>${t('profile.from-to', formatDate(profile.effective_from), formatDate(profile.effective_to))}</small>
        <span class="badge ${profile.in_force ? 'open' : later ? '' : 'ended'}">${t(profile.in_force ? 'profile.in-force' : later ? 'profile.to-come' : 'profile.past')}</span>
      </button></li>`;
    })}</ul>`;
  }

  /** @param {Profile} profile @param {Profile} [before] */
  rules({content, digest, title: name, id, may_withdraw: withdrawable}, before) {
    const changed = before ? differences(before.content, content) : [];
    return html`<section class="card" data-testid="rules">
      <h2>${name}</h2>
      <p class="soft">${t('profile.basis', content.legal_basis.map((/** @type {any} */ text) => text.number).join(', '))}
        ${content.replaces.length ? t('profile.replaces', content.replaces.join(', ')) : nothing}</p>
      <div class="columns">
        <div>${this.group('limits', this.limits(content))} ${this.group('classes', this.classes(content))}</div>
        <div>${this.group('who', this.registrantRules(content))} ${this.group('revocation', this.revocation(content))}</div>
      </div>
      ${this.levels(content)}
      ${before ? html`<details ?open=${changed.length > 0 && changed.length < 12}><summary data-testid="differences">${t('profile.differences', changed.length, this.profileKey(before))}</summary>
        ${changed.length && before ? differenceTable(before.content, content) : nothing}
      </details>` : nothing}
      <p class="soft">${t('profile.digest', digest.slice(0, 12))}</p>
      ${withdrawable ? html`<div class="row end"><button type="button" class="danger" data-testid="profile-withdraw" @click=${() => this.attempt(async () => this.setProfiles(await withdrawProfile(id)))}>${t('filing.withdraw')}</button></div>` : nothing}
    </section>`;
  }

  /** @param {string} name @param {(string | [string, string])[]} lines each with its article, if one says so */
  group(name, lines) {
    return html`<h3>${t(`profile.${name}`)}</h3><ul class="rules">${lines.map(line => {
      const [text, article] = Array.isArray(line) ? line : [line, ''];
      return html`<li>${text}${article ? html` <small>(${article})</small>` : nothing}</li>`;
    })}</ul>`;
  }

  /** @param {any} content @returns {(string | [string, string])[]} */
  limits({capacity: {share, shed_share: shed, recorder_legs: recorder}, door, session, registration, code}) {
    return [
      [t('profile.share', `${share.num}/${share.den}`), t('profile.article-share')],
      t('profile.shed', `${shed.num}/${shed.den}`),
      t('profile.recorder', recorder),
      t('profile.door', door.lobby_min, door.grace_min),
      t('profile.missed', door.missed_min),
      t('profile.extension', registration.extension_min, door.warn_min),
      t('profile.longest', session.max_hours, session.max_days_ahead),
      t('profile.code', code.digits),
    ];
  }

  /** @param {any} content @returns {[string, string][]} */
  classes({classes, deadlines}) {
    const lines = Object.values(classes).map((/** @type {any} */ {name, lead, article}) => {
      const early = !lead ? t('profile.any-time') : lead.hours ? t('profile.lead-hours', lead.hours) : t('profile.lead-days', lead.working_days);
      return /** @type {[string, string]} */ ([`${name}: ${early}`, article]);
    });
    return [...lines, [t('profile.reply', deadlines.reply_hours, deadlines.check_hours), t('profile.article-reply')], [t('profile.handover', deadlines.handover_working_days), t('profile.article-handover')]];
  }

  /** @param {any} content @returns {[string, string][]} */
  registrantRules({registration, control, levels}) {
    const names = new Map(levels.map((/** @type {any} */ {id, name}) => [id, name]));
    const of = (/** @type {string[]} */ ids) => ids.map(id => names.get(id)).join('; ');
    return [
      ...registration.by.map((/** @type {any} */ rule) => [t('profile.registers', of(rule.levels), t(`profile.by-${rule.by}`)), rule.article]),
      ...control.map((/** @type {any} */ rule) => [t('profile.controls', of(rule.levels), rule.controllers.map((/** @type {string} */ by) => t(`profile.by-${by}`)).join(', ')), rule.article]),
    ];
  }

  /** @param {any} content @returns {(string | [string, string])[]} */
  revocation({revocation: rules}) {
    return [
      [t(`profile.order-${rules.order}`), t('profile.article-revocation')],
      t(rules.reprieve ? 'profile.reprieve' : 'profile.no-reprieve'),
      t(`profile.mode-${rules.mode}`, rules.hold_min),
      t(`profile.live-${rules.live_sessions}`, rules.live_notice_min),
      t('profile.protect', rules.protect_within_min),
      t('profile.reinstate', rules.reinstate_notice_min),
    ];
  }

  /** @param {any} content */
  levels({levels, standings = []}) {
    return html`<h3>${t('profile.levels')}</h3><table><thead><tr><th>${t('profile.level')}</th><th>${t('profile.rank')}</th><th>${t('profile.quota')}</th></tr></thead>
      <tbody>${levels.map((/** @type {any} */ {name, rank, quota}) => html`<tr><td>${name}</td><td>${rank}</td><td>${quota ?? '–'}</td></tr>`)}</tbody></table>
      ${standings.length ? html`<ul class="rules" data-testid="standings">${standings.map(
        (/** @type {any} */ {unit, rank, document: by, valid_from: from, valid_to: to}) => html`<li>${t('profile.standing', unit, rank, formatDate(from), formatDate(to))} <small>(${by})</small></li>`,
      )}</ul>` : nothing}`;
  }

  /** @param {WorkYear} calendar */
  calendarCard({year, confirmed, days}) {
    const keeps = this.me?.roles.includes('administrator');
    return html`<section class="card" data-testid="holidays" data-year=${year} data-confirmed=${confirmed}>
      <div class="row wrap between"><h2>${t('profile.holidays', year)}</h2>
        <div class="row">
          <button type="button" aria-label=${t('calendar.back')} @click=${() => this.showYear(year - 1)}>${icon('previous')}</button>
          <button type="button" data-testid="next-year" aria-label=${t('calendar.on')} @click=${() => this.showYear(year + 1)}>${icon('next')}</button>
          ${keeps && !confirmed ? html`<button type="button" class="main" data-testid="confirm-year" @click=${() => this.attempt(async () => void (this.calendar = await confirmYear(year)))}>${t('profile.confirm-year', year)}</button>` : nothing}
        </div></div>
      <p class=${confirmed ? 'fine' : 'alert'}>${icon(confirmed ? 'check' : 'warn')}<span>${t(confirmed ? 'profile.confirmed' : 'profile.provisional', year)}</span></p>
      ${days.length ? html`<ul class="special">${days.map(each => html`<li data-testid="special" data-day=${each.day}><span class="badge ${each.working ? '' : 'cancelled'}">${t(each.working ? 'profile.works' : 'profile.off')}</span>
        ${weekday(`${each.day}T12:00:00+07:00`, language)}${each.number ? html` <small>${each.number}</small>` : nothing}</li>`)}</ul>` : html`<p class="empty">${t('profile.no-days')}</p>`}
      ${keeps ? this.correction() : nothing}
    </section>`;
  }

  correction() {
    const set = (/** @type {any} */ {target}) => (this.fields = {...this.fields, [target.name]: target.value});
    return html`<form class="quad" data-testid="correction" @input=${set} @submit=${this.correct}>${keptForm('correction')}
      ${dateField({name: 'day', label: t('profile.day'), value: this.fields.day, testid: 'correct-day', required: true})}
      <div class="field"><label for="working">${t('profile.is')}</label><select id="working" name="working" data-testid="correct-working">
        <option value="off">${t('profile.off')}</option><option value="works">${t('profile.works')}</option><option value="back">${t('profile.take-back')}</option></select></div>
      <div class="field"><label for="number">${t('profile.number')}</label><input id="number" name="number" maxlength="100" data-testid="correct-number" ?required=${this.fields.working !== 'back'} .value=${this.fields.number}></div>
      <button class="main" data-testid="correct">${t('profile.correct')}</button>
    </form>`;
  }

  /** @param {SubmitEvent} event */
  correct(event) {
    event.preventDefault();
    const {day: date, working, number} = this.fields;
    const change = working === 'back' ? {day: date, working: null} : {day: date, working: working === 'works', number};
    return this.attempt(async () => {
      this.calendar = await correctDay(change);
      this.year = this.calendar.year;
    }, formOf(event));
  }
}

customElements.define('profile-page', ProfilePage);
