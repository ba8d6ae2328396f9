// Page `calendar.html`: sessions by day, week or month or as a list, with the booked load.

import {html, nothing, repeat} from '../vendor/lit.js';
import {agenda, capacity} from '../core/api.js';
import {barPosition, assignLanes, foldLanes} from '../booking/timeline.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import '../booking/capacity-chart.js';
import '../booking/session-details.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {mayRegister} from '../core/nav.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';
import {day, hourMinute, midnight, toLocal, utc, weekday, weekdayName} from '../core/time.js';
import {VIEWS, byDay, daysOf, firstDay, firstView, monthOf, stepped} from './calendar-range.js';
import {REHEARSAL} from '../core/values.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_HOUR = 7;
/** So many sessions of a day stand in a month. */
const MONTH_ENTRIES = 3;
/** So many sessions stand beside each other in a day of that view. */
const LANES = {day: 6, week: 3};
const HOURS = Array.from({length: 24}, (_, hour) => hour);
const PHASES = ['waiting', 'revoked', 'upcoming', 'lobby', 'open', 'ended'];

/** @typedef {import('./calendar-range.js').CalendarView} CalendarView */

/** Shows the sessions of a day, a week or a month, or as a list. */
/** Return where a slot stands in a lane of the day that begins at `from`. @param {Slot} slot @param {number} from @param {number} lane @param {number} lanes */
function style(slot, from, lane, lanes) {
  const {left, width} = barPosition(slot, from, from + DAY_MS) ?? {left: 0, width: 0};
  return `top: ${left}%; height: ${width}%; left: ${(100 * lane) / lanes}%; width: ${100 / lanes}%`;
}

class CalendarPage extends Page {
  static properties = {
    ...Page.properties,
    view: {state: true}, at: {state: true}, entries: {state: true}, capacity: {state: true}, search: {state: true}, state: {state: true}, chosen: {state: true},
  };

  constructor() {
    super();
    setTitle('calendar.title');
    const wanted = new URLSearchParams(location.search);
    this.view = firstView(wanted.get('view'), innerWidth);
    /** Midnight of the day that is looked at. */
    this.at = firstDay(wanted.get('day'), Date.now());
    /** @type {CalendarEntry[]} */
    this.entries = [];
    /** @type {Capacity | null} */
    this.capacity = null;
    this.search = wanted.get('q') ?? '';
    this.state = PHASES.find(phase => phase === wanted.get('state')) ?? '';
    this.chosen = '';
    this.scrolled = false;
  }

  get days() {
    return daysOf(this.view, this.at);
  }

  get from() {
    return this.days[0];
  }

  get to() {
    return this.from + this.days.length * DAY_MS;
  }

  /** Return the entries that match the search text and the chosen state. */
  get matchingEntries() {
    const wanted = foldText(this.search.trim());
    return this.entries.filter(each => (!this.state || each.phase === this.state) && foldText(`${each.number} ${each.host} ${each.title}`).includes(wanted));
  }

  async load() {
    const {from, to} = this;
    const [entries, seen] = await Promise.all([agenda(utc(from), utc(to)), capacity(utc(from), utc(to))]);
    if (from === this.from && to === this.to) [this.entries, this.capacity] = [entries, seen];
  }

  /** Scroll, after the first drawing only, past the hours that are over today, or else past the night. */
  updated() {
    const grid = this.querySelector('.days');
    if (!grid || this.scrolled) return;
    this.scrolled = true;
    const today = midnight(Date.now());
    const hour = this.days.includes(today) ? (Date.now() - today) / HOUR_MS - 1 : FIRST_HOUR;
    grid.scrollTop = (grid.scrollHeight * hour) / 24;
  }

  /** @param {number} at @param {CalendarView} [view] */
  showDay(at, view = this.view) {
    [this.at, this.view, this.scrolled] = [midnight(at), view, false];
    this.keep();
    this.attempt(() => this.load());
  }

  /** Keep in the address what is looked at, so that a reload or a link shows the same. */
  keep() {
    const kept = {day: toLocal(this.at).slice(0, 10), view: this.view, ...(this.search && {q: this.search}), ...(this.state && {state: this.state})};
    history.replaceState(null, '', `?${new URLSearchParams(kept)}`);
  }

  /** @param {'search' | 'state'} name @param {Event} event */
  filter(name, event) {
    this[name] = /** @type {HTMLInputElement} */ (event.target).value;
    this.keep();
  }

  /**
   * Move the focus from session to session by arrow keys: up and down in time, left and right to the neighbouring
   * day.
   * @param {KeyboardEvent} event
   */
  move(event) {
    const blocks = /** @type {HTMLElement[]} */ ([...this.querySelectorAll('.block')]);
    const here = blocks.indexOf(/** @type {HTMLElement} */ (event.target));
    if (here < 0) return;
    const steps = {ArrowDown: 1, ArrowUp: -1}[event.key];
    const days = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    const column = Number(blocks[here].dataset.column);
    const next = steps ? blocks[here + steps] : days && blocks.filter(({dataset}) => Math.sign(Number(dataset.column) - column) === days).at(days > 0 ? 0 : -1);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  render() {
    return html`<top-bar .me=${this.me} current="calendar"></top-bar>
      <main class="wide calendar">
        ${this.head()} ${errorMessage(this.error)}
        ${this.loading ? loadingState() : this.me ? this.sessions() : nothing}
        ${this.capacity && !this.loading && ['week', 'day'].includes(this.view) ? this.loadCharts(this.capacity) : nothing}
      </main>
      ${this.chosen ? html`<session-details .sessionId=${this.chosen} .me=${this.me} @changed=${() => this.refresh(() => this.load())} @shut=${() => (this.chosen = '')}></session-details>` : nothing}`;
  }

  /** Return what the page shows, in words. */
  get title() {
    if (this.view === 'day') return weekday(this.from, language);
    if (this.view === 'month') return t('calendar.month-of', monthOf(this.at).slice(5), monthOf(this.at).slice(0, 4));
    return t(this.view === 'week' ? 'calendar.week-of' : 'calendar.list-of', day(this.from), day(this.to - 1));
  }

  head() {
    return html`<div class="row wrap between">
      <h1>${this.title}</h1>
      <div class="row wrap tools">
        <span class="row steps-row"><button type="button" class="icon-button" data-testid="back" aria-label=${t('calendar.back')} @click=${() => this.showDay(stepped(this.view, this.at, -1))}>${icon('previous')}</button>
        <button type="button" data-testid="today" @click=${() => this.showDay(Date.now())}>${t('calendar.today')}</button>
        <button type="button" class="icon-button" data-testid="on" aria-label=${t('calendar.on')} @click=${() => this.showDay(stepped(this.view, this.at, 1))}>${icon('next')}</button></span>
        <span class="row segments" role="group" aria-label=${t('calendar.view')}>${VIEWS.map(view => html`<button type="button" data-testid="view-${view}" aria-pressed=${this.view === view}
          @click=${() => this.showDay(this.at, view)}>${t(`calendar.${view}`)}</button>`)}</span>
        <select class="narrow" data-testid="state" aria-label=${t('calendar.state')} @change=${(/** @type {Event} */ event) => this.filter('state', event)}>
          <option value="">${t('calendar.all')}</option>${PHASES.map(phase => html`<option value=${phase} .selected=${phase === this.state}>${t(`phase.${phase}`)}</option>`)}
        </select>
        <input class="find" type="search" data-testid="calendar-search" aria-label=${t('queue-page.search')} placeholder=${t('queue-page.search')}
          .value=${this.search} @input=${(/** @type {Event} */ event) => this.filter('search', event)}>
        <button type="button" class="quiet" data-testid="print" @click=${() => print()}>${icon('print')}<span>${t('calendar.print')}</span></button>
      </div>
    </div>`;
  }

  sessions() {
    const {matchingEntries} = this;
    const slim = !['month', 'list'].includes(this.view); // the hours of its days are drawn below it
    if (!matchingEntries.length && !slim) return this.none(slim);
    return html`${matchingEntries.length ? nothing : this.none(slim)}
      ${this.view === 'list' ? nothing : this.legend(matchingEntries)} ${this.view === 'list' ? nothing : this.view === 'month' ? this.month(matchingEntries) : this.grid(matchingEntries)} ${this.list(matchingEntries)}`;
  }

  /** Say in words what the colours of the sessions mean. @param {CalendarEntry[]} found */
  legend(found) {
    const phases = PHASES.filter(phase => found.some(entry => entry.phase === phase));
    return html`<ul class="legend" data-testid="legend" aria-label=${t('calendar.legend')}>${phases.map(phase => html`<li class="block ${phase}" data-phase=${phase}>${t(`phase.${phase}`)}</li>`)}</ul>`;
  }

  /** Draw that no session is there, or that none matches. @param {boolean} slim */
  none(slim) {
    if (this.entries.length) return emptyState({picture: 'search', title: t('queue-page.no-match'), testid: 'calendar-empty', action: clearButton(this.clear), slim});
    return emptyState({picture: 'calendar', title: t('calendar.none'), testid: 'calendar-empty', action: pageLink(mayRegister(this.me) ? 'register' : 'sessions'), slim});
  }

  /** Show the sessions of any state and name. */
  clear() {
    [this.search, this.state] = ['', ''];
    this.keep();
  }

  /** Draw a month; a day leads to itself. @param {CalendarEntry[]} found */
  month(found) {
    const month = monthOf(this.at);
    const days = byDay(found, this.days);
    return html`<div class="month-days" @keydown=${this.move}>
      ${days.slice(0, 7).map(({day: at}) => html`<span class="day-name" aria-hidden="true">${weekdayName(at, language)}</span>`)}
      ${days.map(({day: at, entries}, place) => html`<section class="${monthOf(at) === month ? '' : 'other'} ${at === midnight(Date.now()) ? 'today' : ''}" aria-label=${weekday(at, language)} data-testid="month-day">
        <button type="button" class="quiet" @click=${() => this.showDay(at, 'day')} aria-label=${`${Number(day(at).slice(0, 2))}, ${weekday(at, language)}: ${t('calendar.count', entries.length)}`}>${Number(day(at).slice(0, 2))}</button>
        ${entries.slice(0, MONTH_ENTRIES).map(entry => html`<button type="button" class="block ${entry.phase}" data-testid="block" data-id=${entry.id} data-phase=${entry.phase} data-column=${place}
          title=${this.words(entry, hourMinute(entry.start))} aria-label=${this.words(entry, hourMinute(entry.start))} @click=${() => (this.chosen = entry.id)}><strong>${hourMinute(entry.start)}</strong> ${entry.title}</button>`)}
        ${entries.length > MONTH_ENTRIES ? html`<button type="button" class="quiet more" @click=${() => this.showDay(at, 'day')}>${t('calendar.more', entries.length - MONTH_ENTRIES)}</button>` : nothing}
        ${entries.length ? html`<span class="count" aria-hidden="true">${entries.length}</span>` : nothing}
      </section>`)}
    </div>`;
  }

  /** Draw the sessions day by day; the other views print it. @param {CalendarEntry[]} found */
  list(found) {
    return html`<div class="agenda ${this.view === 'list' ? '' : 'print-only'}">${byDay(found, this.days, true).map(({day: at, entries}) => html`<section>
      <h2>${weekday(at, language)}</h2>
      <ul class="plain">${entries.map(entry => html`<li data-testid="agenda-row" data-id=${entry.id}>
        <strong class="when">${hourMinute(entry.start)}–${hourMinute(entry.end)}</strong>
        <span class="what">${this.view === 'list' ? html`<button type="button" class="quiet" @click=${() => (this.chosen = entry.id)}>${entry.title}</button>` : html`<strong>${entry.title}</strong>`}
          <small>${entry.kind === REHEARSAL ? `${t('calendar.rehearsal')} · ` : ''}${t('sessions.host', entry.host)} · ${t('queue.legs', entry.legs)} · ${entry.number}</small></span>
        <span class="badge ${entry.phase}">${t(`phase.${entry.phase}`)}</span></li>`)}</ul>
    </section>`)}</div>`;
  }

  /** @param {CalendarEntry[]} found */
  grid(found) {
    return html`<div class="days ${this.view}" tabindex="-1" @keydown=${this.move}>
        <div class="hours" aria-hidden="true"><span class="day-name"></span>${HOURS.map(hour => html`<span>${String(hour).padStart(2, '0')}:00</span>`)}</div>
        ${this.days.map((from, column) => this.column(from, column, found))}
      </div>`;
  }

  /** Return all that is said of an entry; it begins with what is seen. @param {CalendarEntry} entry @param {string} time as it is seen */
  words(entry, time) {
    return `${time} ${entry.title} ${this.place(entry)}, ${t('queue.legs', entry.legs)}`;
  }

  /** @param {CalendarEntry} entry */
  place({host, kind, phase}) {
    return `${host} · ${kind === REHEARSAL ? `${t('calendar.rehearsal')} · ` : ''}${t(`phase.${phase}`)}`;
  }

  /** @param {number} from @param {number} column @param {CalendarEntry[]} found */
  column(from, column, found) {
    const here = found.filter(each => barPosition(each, from, from + DAY_MS));
    const today = from === midnight(Date.now());
    const most = this.view === 'day' ? LANES.day : LANES.week;
    const {shown, more} = foldLanes(assignLanes(here), most);
    return html`<section class="day ${today ? 'today' : ''}" aria-label=${weekday(from, language)} data-testid="day">
      <button type="button" class="quiet day-name" aria-current=${today ? 'date' : nothing} @click=${() => this.showDay(from, 'day')}>${weekday(from, language)}</button>
      <div class="slots">${repeat(shown, ({entry}) => entry.id + entry.kind, each => this.block(each, from, column))}
        ${more.map(each => html`<button type="button" class="block" data-testid="more" .style=${style(each, from, most - 1, most)} title=${t('calendar.more', each.count)} aria-label=${t('calendar.more', each.count)}
          @click=${() => this.showDay(from, this.view === 'day' ? 'list' : 'day')}><strong>+${each.count}</strong></button>`)}</div>
    </section>`;
  }

  /** @param {{entry: CalendarEntry, lane: number, lanes: number}} placed @param {number} from @param {number} column */
  block({entry, lane, lanes}, from, column) {
    const time = `${hourMinute(entry.start)}–${hourMinute(entry.end)}`;
    const words = this.words(entry, time);
    const short = Date.parse(entry.end) - Date.parse(entry.start) < HOUR_MS;
    return html`<button type="button" class="block ${entry.phase} ${short ? 'short' : ''}" data-testid="block" data-id=${entry.id} data-phase=${entry.phase} data-column=${column}
      .style=${style(entry, from, lane, lanes)} title=${words} aria-label=${words} @click=${() => (this.chosen = entry.id)}>
      <strong>${time}</strong> <span>${entry.title}</span> <small>${this.place(entry)}</small></button>`;
  }

  /** @param {Capacity} capacity */
  loadCharts(capacity) {
    return html`<section class="card load">
      <h2>${t('calendar.load')}</h2>
      <div class="columns">${['sessions', 'points'].map(
        what => html`<capacity-chart .capacity=${capacity} .what=${what} .from=${this.from} .to=${this.to} .slots=${[]}></capacity-chart>`)}</div>
      <p class="soft">${t('capacity.rule')}</p>
    </section>`;
  }
}

customElements.define('calendar-page', CalendarPage);
