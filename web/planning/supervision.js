// Page `supervision.html`: the present day, for supervisors.

import {html, nothing, repeat} from '../vendor/lit.js';
import {owedReplies, capacity, allSessions, incidents, queue, readiness} from '../core/api.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import '../booking/capacity-chart.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {urgency} from '../mail/mail-filters.js';
import {day, hourMinute, midnight, slot, utc, weekday} from '../core/time.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

const DAY_MS = 86_400_000;
const POLL_MS = 15_000;

/**
 * Shows supervisors the present day (Điều 16.2): sessions and their readiness, the queue, incidents, replies owed,
 * capacity. Nothing can be changed here.
 */
class SupervisionPage extends Page {
  static properties = {...Page.properties, today: {state: true}, ready: {state: true}, queue: {state: true}, incidents: {state: true}, answers: {state: true}, capacity: {state: true}};

  constructor() {
    super();
    setTitle('supervision.title');
    this.from = midnight(Date.now());
    /** @type {Session[]} */
    this.today = [];
    /** The readiness of today's sessions, by session id. @type {Map<string, ReadyHead>} */
    this.ready = new Map();
    /** @type {Queue | null} */
    this.queue = null;
    /** The incidents that are not resolved. @type {Incident[]} */
    this.incidents = [];
    /** @type {OwedReplies | null} */
    this.answers = null;
    /** @type {Capacity | null} */
    this.capacity = null;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.load()));
  }

  async load() {
    this.from = midnight(Date.now());
    const [from, to] = [utc(this.from), utc(this.from + DAY_MS)];
    const [today, ready, waiting, faults, owed, load] = await Promise.all([allSessions(from, to), readiness(), queue(), incidents(false), owedReplies(), capacity(from, to)]);
    this.today = today;
    this.ready = new Map(ready.reverse().map(head => [head.id, head])); // each session's next slot comes last and stays
    [this.queue, this.incidents, this.answers, this.capacity] = [waiting, faults, owed, load];
  }

  render() {
    return html`<top-bar .me=${this.me} current="supervision"></top-bar>
      <main class="supervision">
        <div class="row between wrap"><h1>${t('supervision.title')}</h1><strong>${weekday(utc(this.from), language)}</strong></div>
        ${errorMessage(this.error)} ${this.loading ? loadingState() : this.all()}
      </main>`;
  }

  all() {
    return html`<section class="card" data-testid="today"><div class="row between wrap"><h2>${t('supervision.today', this.today.length)}</h2>
          <a class="button" href="calendar.html">${icon('view')}<span>${t('calendar.title')}</span></a></div>
        ${this.today.length ? html`<ul class="plain">${repeat(this.today, ({id}) => id, session => this.session(session))}</ul>` : emptyState({picture: 'calendar', title: t('supervision.none'), action: pageLink('sessions'), testid: 'today-none'})}</section>
      <div class="columns">
        <div class="column">${this.queue ? this.waiting(this.queue) : nothing} ${this.charts()}</div>
        <div class="column">${this.incidentList()} ${this.answers ? this.owedReplyList(this.answers) : nothing}</div>
      </div>`;
  }

  /** @param {Session} session */
  session({id, number, title: subject, host, points, official, rehearsal, phase}) {
    const ready = this.ready.get(id);
    return html`<li class="row between wrap" data-testid="today-row" data-id=${id} data-phase=${phase}>
      <span><strong>${hourMinute(official.start)}–${hourMinute(official.end)}</strong> · ${subject}
        <small class="soft">${copyable(number)} · <span title=${host.name}>${t('sessions.host', host.label)}</span> · ${t('sessions.points', points.length + 1)} ${rehearsal ? `· ${t('sessions.rehearsal', slot(rehearsal))}` : nothing}</small></span>
      <span class="row wrap"><span class="badge ${phase}">${t(`phase.${phase}`)}</span>
        ${ready ? html`<a class="light ${ready.colour}" href="readiness.html?session=${id}" data-testid="today-ready">${t(`ready.colour-${ready.colour}`)}</a>` : nothing}</span>
    </li>`;
  }

  /** @param {Queue} queue */
  waiting({waiting}) {
    return html`<section class="card" data-testid="waiting"><div class="row between wrap"><h2>${t('supervision.queue', waiting.length)}</h2>
        <a class="button" href="queue.html">${icon('clock')}<span>${t('queue-page.title')}</span></a></div>
      ${waiting.length
        ? html`<ol>${waiting.map(({session, since}) => html`<li data-testid="waiting-row">${copyable(session.number)} · ${session.host}
            <small class="soft">${slot(session.official)} · ${t('queue.legs', session.legs)} · ${t('queue-page.since', `${hourMinute(since)} ${day(since)}`)}</small></li>`)}</ol>`
        : html`<p class="soft">${t('queue-page.none')}</p>`}</section>`;
  }

  charts() {
    if (!this.capacity) return nothing;
    return html`<section class="card" data-testid="load"><div class="row between wrap"><h2>${t('capacity-page.title')}</h2>
        <a class="button" href="capacity.html">${icon('network')}<span>${t('supervision.more')}</span></a></div>
      ${['sessions', 'points'].map(what => html`<capacity-chart .capacity=${this.capacity} .what=${what} .from=${this.from} .to=${this.from + DAY_MS}></capacity-chart>`)}</section>`;
  }

  incidentList() {
    return html`<section class="card" data-testid="faults"><h2>${t('supervision.incidents', this.incidents.length)}</h2>
      ${this.incidents.length
        ? html`<ul class="plain">${this.incidents.map(({session, point, kind, level, state, opened, assignee}) => html`<li class="row between wrap" data-testid="fault-row">
            <span>${icon('warn')} ${point?.label ?? session.name}: ${t(`fault.${kind}`)} <small class="soft">${point ? `${point.name} · ` : ''}${copyable(session.number)} · ${hourMinute(opened)} ${day(opened)} · ${t('supervision.level', level)}</small></span>
            <span class="badge ${state}">${t(`incident.${state}`)} ${assignee}</span></li>`)}</ul>`
        : html`<p class="soft">${t('supervision.no-incidents')}</p>`}</section>`;
  }

  /** @param {OwedReplies} owed */
  owedReplyList({open, on_time, late}) {
    return html`<section class="card" data-testid="owed"><h2>${t('post.owed', open.length)}</h2>
      <p class="soft">${t('post.counted', on_time, late)}</p>
      ${open.length
        ? html`<ul class="plain">${open.map(one => html`<li class="row between wrap" data-testid="owed-row"><span>${copyable(one.number)} · ${one.unit.name}</span>
            <span class="badge ${urgency(one)}">${t('post.due', `${hourMinute(one.due)} ${day(one.due)}`)}</span></li>`)}</ul>`
        : html`<p class="soft">${t('post.none-owed')}</p>`}</section>`;
  }
}

customElements.define('supervision-page', SupervisionPage);
