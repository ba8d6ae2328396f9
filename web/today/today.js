// Page `today.html`: where each role begins: what is on, what is owed, and one main action.

import {html, nothing, repeat} from '../vendor/lit.js';
import {setupSteps, today} from '../core/api.js';
import {errorMessage, icon, Page, repeatWhileConnected, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {emptyState, loadingState} from '../core/states.js';
import {day, hourMinute, isPast, weekday} from '../core/time.js';
import {formatCode} from '../core/meeting-code.js';
import './setup-list.js';
import {mainSlot, ordered, slotUrl} from './slots.js';
import {mainAction, WORK, workPage} from './work.js';

const POLL_MS = 30_000;
const ACTIONS = {control: 'sessions.control', join: 'sessions.enter', prepare: 'today.prepare', queue: 'today.queue', watch: 'today.watch'};

/** Shows the day of the user; refreshed while open. */
class TodayPage extends Page {
  static properties = {...Page.properties, day: {state: true}, setup: {state: true}};

  constructor() {
    super();
    setTitle('today.title');
    /** @type {Today | null} */
    this.day = null;
    /** What the installation lacks, for administrators. @type {SetupStep[]} */
    this.setup = [];
    /** The first answer, asked for beside that who the user is: neither waits for the other. @type {Promise<Today> | null} */
    this.first = today();
    this.first.catch(() => {}); // `load` shows it
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.load()));
  }

  async load() {
    const administers = this.me?.roles.includes('administrator');
    const asked = this.first ?? today();
    this.first = null;
    [this.day, this.setup] = await Promise.all([asked, administers ? setupSteps() : []]);
  }

  render() {
    const {me, day: shown} = this;
    return html`<top-bar .me=${me} current="today"></top-bar>
      <main class="today">
        <div class="row between wrap">
          <h1>${t('today.title')} <small>${weekday(shown?.now ?? Date.now(), language)}</small></h1>
          ${me && shown ? this.action(me, !mainSlot(shown.slots)) : nothing}
        </div>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : nothing}
        <setup-list .steps=${this.setup}></setup-list>
        ${me && shown ? html`<div class="today-columns">${this.sessions(me, shown)} ${this.aside(me, shown)} ${this.coming(shown)}</div>` : nothing}
      </main>`;
  }

  /** Draw the main action; while a session is on, the way into it is the main button. @param {SignedInUser} me @param {boolean} main */
  action(me, main) {
    const {page, label, picture} = mainAction(me);
    return html`<a class="button ${main ? 'main' : ''}" href="${page}.html" data-testid=${page}>${icon(picture)}<span>${t(label)}</span></a>`;
  }

  /** @param {SignedInUser} me @param {Today} shown */
  sessions(me, {slots}) {
    return html`<section aria-labelledby="today-sessions">
      <h2 id="today-sessions">${t('today.sessions')}</h2>
      ${slots.length ? this.list(ordered(slots), mainSlot(slots), false) : this.none(me)}
    </section>`;
  }

  /** @param {Today} shown */
  coming({coming}) {
    if (!coming.length) return nothing;
    return html`<section aria-labelledby="today-coming"><h2 id="today-coming">${t('today.coming')}</h2>${this.list(coming, undefined, true)}</section>`;
  }

  /** @param {SignedInUser} me */
  none(me) {
    const page = me.roles.includes('provider') ? 'lines' : 'calendar';
    return emptyState({picture: 'calendar', title: t('today.none'), action: html`<a class="button" href="${page}.html">${icon('view')}<span>${t(`nav.${page}`)}</span></a>`, testid: 'today-none'});
  }

  /** @param {TodaySlot[]} slots @param {TodaySlot | undefined} main @param {boolean} later whether they are of another day */
  list(slots, main, later) {
    return html`<ul class="cards">${repeat(slots, ({id, kind}) => `${id} ${kind}`, slot => this.row(slot, slot === main, later))}</ul>`;
  }

  /** @param {TodaySlot} slot @param {boolean} main @param {boolean} later */
  row(slot, main, later) {
    const {id, number, kind, start, end, phase, host, code, withheld} = slot;
    const title = slot.title ?? t('today.untitled', number);
    return html`<li class="card today-slot ${phase}" data-testid="today-slot" data-id=${id} data-phase=${phase}>
      <div class="when"><strong>${hourMinute(start)}–${hourMinute(end)}</strong>${later ? html`<span>${weekday(start, language)}</span>` : nothing}
        ${later && phase === 'upcoming' ? nothing : html`<span><span class="badge ${phase}">${t(`phase.${phase}`)}</span></span>`}</div>
      <div class="what"><h3>${title}</h3>
        <p class="soft">${t(`ready.kind-${kind}`)} · ${t('sessions.host', host)}${slot.title ? html` · <span>${t('sessions.number', number)}</span>` : nothing}</p>
        ${slot.called.length ? html`<p class="called" role="alert" data-testid="today-called">${icon('phone')} ${t('today.called', slot.called.join(', '))}</p>` : nothing}
        ${code ? html`<p><span class="unseen">${t('code.label')}: </span>${copyable(code, {shown: formatCode(code), testid: 'today-code', kind: 'code'})}</p>` : nothing}
        ${withheld ? html`<p class="soft" data-testid="today-withheld">${t('audit.withheld')}</p>` : nothing}</div>
      ${this.wayIn(slot, title, main)}
    </li>`;
  }

  /** @param {TodaySlot} slot @param {string} title @param {boolean} main */
  wayIn(slot, title, main) {
    const url = slotUrl(slot);
    if (!slot.action || !url) return nothing;
    const label = t(ACTIONS[slot.action]);
    return html`<a class="button ${main ? 'main' : ''}" href=${url} aria-label="${label}: ${title}" data-testid="today-${slot.action}">${label}</a>`;
  }

  /** @param {SignedInUser} me @param {Today} shown */
  aside(me, {owed}) {
    const watches = me.roles.every(role => role === 'supervisor');
    return html`<section class="aside" aria-labelledby="today-work">
      <h2 id="today-work">${t(watches ? 'today.watched' : 'today.owed')}</h2>
      ${owed.length
        ? html`<ul class="work" data-testid="today-owed">${repeat(owed, ({kind}) => kind, each => this.task(me, each))}</ul>`
        : emptyState({picture: 'check', title: t('today.nothing-owed'), text: t('today.nothing-owed-text'), testid: 'nothing-owed'})}
    </section>`;
  }

  /** @param {SignedInUser} me @param {OwedWork} owed */
  task(me, {kind, count, due}) {
    return html`<li><a href="${workPage(kind, me)}.html" data-testid="owed-${kind}">
      ${icon(WORK[kind][1])}
      <span>${t(`owed.${kind}`)}${due ? html`<small class=${isPast(due) ? 'late' : ''}>${t(isPast(due) ? 'today.overdue' : 'today.due', `${hourMinute(due)} ${day(due)}`)}</small>` : nothing}</span>
      <strong class="count">${count}</strong>
    </a></li>`;
  }
}

customElements.define('today-page', TodayPage);
