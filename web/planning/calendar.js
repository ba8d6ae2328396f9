// Page `calendar.html`: sessions by week or day, with the booked load.

import {html, nothing, repeat} from '../vendor/lit.js';
import {agenda, capacity} from '../core/api.js';
import {barPosition, assignLanes, mondayOf} from '../booking/timeline.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import '../booking/capacity-chart.js';
import '../booking/session-details.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {foldText} from '../meeting/client/meeting-state.js';
import {day, hourMinute, midnight, toLocal, utc, weekday} from '../core/time.js';
import {REHEARSAL} from '../core/values.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_HOUR = 7;
const HOURS = Array.from({length: 24}, (_, hour) => hour);
const PHASES = ['waiting', 'revoked', 'upcoming', 'lobby', 'open', 'ended'];

/** Shows the sessions of a week or a day. */
class CalendarPage extends Page {
  static properties = {
    ...Page.properties,
    view: {state: true}, at: {state: true}, entries: {state: true}, capacity: {state: true}, search: {state: true}, state: {state: true}, chosen: {state: true},
  };

  constructor() {
    super();
    setTitle('calendar.title');
    const wanted = new URLSearchParams(location.search);
    /** @type {'week' | 'day'} */
    this.view = wanted.get('view') === 'day' ? 'day' : 'week';
    /** Midnight of the day that is looked at. */
    this.at = midnight(Date.parse(`${wanted.get('day')}T12:00:00+07:00`) || Date.now());
    /** @type {CalendarEntry[]} */
    this.entries = [];
    /** @type {Capacity | null} */
    this.capacity = null;
    this.search = '';
    this.state = '';
    this.chosen = '';
    this.scrolled = false;
  }

  get from() {
    return this.view === 'week' ? mondayOf(this.at) : this.at;
  }

  get days() {
    return Array.from({length: this.view === 'week' ? 7 : 1}, (_, place) => this.from + place * DAY_MS);
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

  /** @param {number} at @param {'week' | 'day'} [view] */
  showDay(at, view = this.view) {
    [this.at, this.view] = [midnight(at), view];
    history.replaceState(null, '', `?${new URLSearchParams({day: toLocal(this.at).slice(0, 10), view})}`);
    this.attempt(() => this.load());
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
        ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : this.me ? this.grid() : nothing}
        ${this.capacity && !this.loading ? this.loadCharts(this.capacity) : nothing}
      </main>
      ${this.chosen ? html`<session-details .sessionId=${this.chosen} .me=${this.me} @changed=${() => this.refresh(() => this.load())} @shut=${() => (this.chosen = '')}></session-details>` : nothing}`;
  }

  head() {
    const length = this.days.length * DAY_MS;
    return html`<div class="row wrap between">
      <h1>${this.view === 'week' ? t('calendar.week-of', day(this.from), day(this.to - 1)) : weekday(this.from, language)}</h1>
      <div class="row wrap tools">
        <button type="button" data-testid="back" aria-label=${t('calendar.back')} @click=${() => this.showDay(this.at - length)}>${icon('previous')}</button>
        <button type="button" data-testid="today" @click=${() => this.showDay(Date.now())}>${t('calendar.today')}</button>
        <button type="button" data-testid="on" aria-label=${t('calendar.on')} @click=${() => this.showDay(this.at + length)}>${icon('next')}</button>
        ${['week', 'day'].map(view => html`<button type="button" class="chip" data-testid="view-${view}" aria-pressed=${this.view === view}
          @click=${() => this.showDay(this.at, /** @type {'week' | 'day'} */ (view))}>${t(`calendar.${view}`)}</button>`)}
        <select class="narrow" data-testid="state" aria-label=${t('calendar.state')} @change=${(/** @type {any} */ {target}) => (this.state = target.value)}>
          <option value="">${t('calendar.all')}</option>${PHASES.map(phase => html`<option value=${phase}>${t(`phase.${phase}`)}</option>`)}
        </select>
        <input class="find" type="search" data-testid="calendar-search" aria-label=${t('queue-page.search')} placeholder=${t('queue-page.search')}
          .value=${this.search} @input=${(/** @type {any} */ {target}) => (this.search = target.value)}>
        <button type="button" class="quiet" data-testid="print" @click=${() => print()}>${t('calendar.print')}</button>
      </div>
    </div>`;
  }

  grid() {
    const {matchingEntries} = this;
    return html`${matchingEntries.length ? nothing : html`<p class="empty" data-testid="calendar-empty">${t(this.entries.length ? 'queue-page.no-match' : 'calendar.none')}</p>`}
      <div class="days ${this.view}" tabindex="-1" @keydown=${this.move}>
        <div class="hours" aria-hidden="true"><span class="day-name"></span>${HOURS.map(hour => html`<span>${String(hour).padStart(2, '0')}:00</span>`)}</div>
        ${this.days.map((from, column) => this.column(from, column, matchingEntries))}
      </div>`;
  }

  /** @param {number} from @param {number} column @param {CalendarEntry[]} found */
  column(from, column, found) {
    const here = found.filter(each => barPosition(each, from, from + DAY_MS));
    const today = from === midnight(Date.now());
    return html`<section class="day ${today ? 'today' : ''}" aria-label=${weekday(from, language)} data-testid="day">
      <button type="button" class="quiet day-name" aria-current=${today ? 'date' : nothing} @click=${() => this.showDay(from, 'day')}>${weekday(from, language)}</button>
      <div class="slots">${repeat(assignLanes(here), ({entry}) => entry.id + entry.kind, each => this.block(each, from, column))}</div>
    </section>`;
  }

  /** @param {{entry: CalendarEntry, lane: number, lanes: number}} placed @param {number} from @param {number} column */
  block({entry, lane, lanes: width}, from, column) {
    const place = barPosition(entry, from, from + DAY_MS);
    if (!place) return nothing;
    const style = `top: ${place.left}%; height: ${place.width}%; left: ${(100 * lane) / width}%; width: ${100 / width}%`;
    const time = `${hourMinute(entry.start)}–${hourMinute(entry.end)}`;
    const words = `${time} ${entry.host}: ${entry.title}. ${t(`phase.${entry.phase}`)}, ${t('queue.legs', entry.legs)}`;
    return html`<button type="button" class="block ${entry.phase}" data-testid="block" data-id=${entry.id} data-phase=${entry.phase} data-column=${column}
      .style=${style} title=${words} aria-label=${words} @click=${() => (this.chosen = entry.id)}>
      <strong>${time}</strong> <span>${entry.host}</span> <small>${entry.kind === REHEARSAL ? `${t('calendar.rehearsal')} · ` : ''}${t(`phase.${entry.phase}`)}</small></button>`;
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
