// Element <security-incidents>: the register of security incidents with its deadlines, for `controls.js`.

import {html, nothing, repeat} from '../vendor/lit.js';
import {addSecurityIncident, changeSecurityIncident, closeSecurityIncident, reportSecurityIncident, reportSecurityYear, securityIncidents, securityIncidentsUrl} from '../core/api.js';
import {RequestingElement, errorMessage, icon, repeatWhileConnected} from '../core/base.js';
import {dateField, field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {emptyState, pageLink} from '../core/states.js';
import {day, fromLocal, hourMinute, toLocal} from '../core/time.js';

const SEVERITIES = ['interruption', 'serious', 'ordinary'];
/** @type {Record<string, string>} */
const TONES = {due: 'warn', overdue: 'bad', reported: 'good', late: 'warn', unneeded: 'plain'};
const REFRESH_MS = 60_000;

/** @param {string} at */
const moment = at => `${hourMinute(at)} ${day(at)}`;

/** Lists security incidents (NĐ 331/2026 Điều 31), enters one, and notes when it was reported and closed. */
export class SecurityIncidents extends RequestingElement {
  static properties = {...RequestingElement.properties, register: {state: true}, form: {state: true}};

  constructor() {
    super();
    /** @type {SecurityRegister | null} */
    this.register = null;
    /** The form that is open, its incident or the year of its report, and the time at which it was opened. @type {{kind: 'add' | 'change' | 'report' | 'close' | 'year', incident: SecurityIncident | null, year: number | null, now: string} | null} */
    this.form = null;
    repeatWhileConnected(this, REFRESH_MS, () => this.refresh(() => this.load()));
  }

  connectedCallback() {
    super.connectedCallback();
    this.refresh(() => this.load());
  }

  updated() {
    /** @type {HTMLDialogElement | null} */ (this.querySelector('dialog:not([open])'))?.showModal();
  }

  async load() {
    this.register = await securityIncidents();
  }

  /** Send the form that is open. @param {SubmitEvent} event */
  send(event) {
    const [form, open] = [formOf(event), this.form];
    const {found, severity, text, at, to, outcome} = formValues(event);
    this.attempt(async () => {
      const id = open?.incident?.id ?? '';
      if (open?.kind === 'add') await addSecurityIncident({found: fromLocal(found), severity, text});
      if (open?.kind === 'change') await changeSecurityIncident(id, {found: fromLocal(found), severity, text});
      if (open?.kind === 'report') await reportSecurityIncident(id, {at: fromLocal(at), to});
      if (open?.kind === 'close') await closeSecurityIncident(id, {outcome});
      if (open?.year) await reportSecurityYear({year: open.year, at: fromLocal(at), to});
      this.form = null;
      await this.load();
    }, form);
  }

  /** Draw a button that opens a form. @param {'add' | 'change' | 'report' | 'close' | 'year'} kind @param {SecurityIncident | null} incident @param {number | null} year */
  opener(kind, incident = null, year = null) {
    return html`<button type="button" data-testid="security-${kind}" @click=${() => ([this.form, this.error] = [{kind, incident, year, now: toLocal(Date.now())}, ''])}>${t(`security.${kind}`)}</button>`;
  }

  render() {
    const {register} = this;
    if (!register) return errorMessage(this.error, 'security-error');
    const {incidents, may_change: may} = register;
    return html`<section class="card column" data-testid="security-incidents">
      <div class="row between wrap"><h2>${t('security.title')}</h2>
        <div class="row">${may && incidents.length ? this.opener('add') : nothing}<a class="button" href=${securityIncidentsUrl()} download data-testid="security-export">${icon('download')}<span>CSV</span></a></div></div>
      <p class="soft">${t('security.hint')}</p>
      ${errorMessage(this.form ? '' : this.error, 'security-error')} ${repeat([...register.missed, register.yearly], ({year}) => year, yearly => this.yearly(yearly, may))}
      ${incidents.length ? this.table(incidents, may) : emptyState({title: t('security.none'), action: may ? this.opener('add') : pageLink('incidents'), testid: 'security-none', slim: true})}
    </section>
    ${this.form ? this.dialog(this.form) : nothing}`;
  }

  /** Draw the report of a year. @param {SecurityYear} yearly @param {boolean} may */
  yearly({year, due, overdue, at, to, incidents}, may) {
    const counted = SEVERITIES.map(severity => `${t(`security.${severity}`)}: ${incidents[severity]}`).join(' · ');
    return html`<div class="row between wrap" data-testid="security-yearly" data-year=${year}><p>${t('security.yearly', year, day(`${due}T00:00:00+07:00`))} <span class="soft">${counted}</span>
      ${at ? html`<span class="badge good">${t('security.sent', moment(at), to)}</span>` : overdue ? html`<span class="badge bad">${t('security.overdue')}</span>` : nothing}</p>
      ${may ? this.opener('year', null, year) : nothing}</div>`;
  }

  /** @param {SecurityIncident[]} incidents @param {boolean} may */
  table(incidents, may) {
    return html`<div class="wide-table" tabindex="0" role="region" aria-label=${t('security.title')}><table class="ledger">
      <thead><tr>${['found', 'what', 'report-state', 'closed'].map(column => html`<th scope="col">${t(`security.${column}`)}</th>`)}<th scope="col"><span class="unseen">${t('security.change')}</span></th></tr></thead>
      <tbody>${repeat(incidents, ({id}) => id, incident => this.row(incident, may))}</tbody></table></div>`;
  }

  /** @param {SecurityIncident} incident @param {boolean} may */
  row(incident, may) {
    const {found, severity, text, by, due, report_state: state, reported, reported_to: to, closed, outcome} = incident;
    return html`<tr data-testid="security-incident" data-state=${state}>
      <td>${moment(found)}</td>
      <th scope="row" class="long">${text} <span class="soft">${t(`security.${severity}`)} · ${by}</span></th>
      <td class="long"><span class="badge ${TONES[state]}">${t(`security.${state}`)}</span> ${reported ? t('security.to', moment(reported), to) : t('security.until', moment(due))}</td>
      <td class="long">${closed ? html`${moment(closed)} <span class="soft">${outcome}</span>` : '–'}</td>
      <td>${may && !closed ? html`<div class="row">${this.opener('report', incident)} ${this.opener('change', incident)} ${this.opener('close', incident)}</div>` : nothing}</td></tr>`;
  }

  /** @param {{kind: string, incident: SecurityIncident | null, year: number | null, now: string}} open */
  dialog({kind, incident, year, now}) {
    return html`<dialog aria-labelledby="security-question" @close=${() => (this.form = null)}>
      <h2 id="security-question">${t(`security.${kind}`)}</h2>${incident || year ? html`<p class="soft">${incident?.text ?? year}</p>` : nothing} ${errorMessage(this.error, 'security-form-error')}
      <form class="column" data-testid="security-form" @submit=${this.send}>${keptForm(`security:${kind}:${incident?.id ?? year ?? ''}`)}
        ${kind === 'add' || kind === 'change' ? this.about(incident, now) : nothing}
        ${kind === 'report' || kind === 'year' ? html`${dateField({name: 'at', label: t('security.reported-at'), value: now, required: true, withTime: true})} ${field({name: 'to', label: 'security.authority', required: true})}` : nothing}
        ${kind === 'close' ? field({name: 'outcome', label: 'security.outcome', required: true, max: 2000}) : nothing}
        <div class="row end"><button type="button" @click=${() => (this.form = null)}>${t('app.close')}</button><button class="main" data-testid="security-save">${t('directory.save')}</button></div>
      </form>
    </dialog>`;
  }

  /** @param {SecurityIncident | null} incident @param {string} now */
  about(incident, now) {
    const options = /** @type {[string, string][]} */ (SEVERITIES.map(severity => [severity, t(`security.${severity}-within`)]));
    return html`${dateField({name: 'found', label: t('security.found'), value: incident ? toLocal(incident.found) : now, required: true, withTime: true})}
      ${field({name: 'severity', label: 'security.severity', value: incident?.severity ?? 'ordinary', options})}
      ${field({name: 'text', label: 'security.what', value: incident?.text ?? '', required: true, max: 2000})}`;
  }
}

customElements.define('security-incidents', SecurityIncidents);
