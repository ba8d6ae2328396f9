// Page `quality.html`: why the connection of a point was bad in a session, in words and over time; while it goes on and afterwards.

import {html, nothing} from '../vendor/lit.js';
import {browserName} from '../account/browser-name.js';
import {keepProperties} from '../core/address.js';
import {seatQuality, sessionQuality, sessions} from '../core/api.js';
import {errorMessage, guideLink, icon, Page, repeatWhileConnected, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {dateField} from '../core/fields.js';
import '../core/top-bar.js';
import {number, t} from '../core/i18n.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';
import {day, fromLocal, hourMinute, slot, utc} from '../core/time.js';
import './quality-chart.js';
import {CAUSES, faultsOf, goodOf, seatsOf} from './quality-words.js';

/** A sample is ten seconds. */
const POLL_MS = 10_000;
const DAY_MS = 86_400_000;
/** Sessions to choose from. */
const LISTED = '50';

/** @param {number | null} value */
const written = value => (value === null ? '–' : number(value, {maximumFractionDigits: value < 10 ? 1 : 0}));

/** @param {number | null} rate kbit/s */
const mbps = rate => (rate === null ? '–' : number(rate / 1000, {maximumFractionDigits: 2}));

/** Lets a session and a seat be chosen, and says how its connection was. */
class QualityPage extends Page {
  static properties = {...Page.properties, session: {state: true}, point: {state: true}, seat: {state: true}, day: {state: true}, listed: {state: true}, whole: {state: true}, quality: {state: true}};

  constructor() {
    super();
    setTitle('quality-of.title');
    this.session = '';
    /** The point that a link named; the seat that is shown is one of its. */
    this.point = '';
    this.seat = '';
    /** The day whose sessions are listed; empty: the newest. */
    this.day = '';
    keepProperties(this, {session: 'session', point: 'point', seat: 'seat', day: 'day'});
    /** @type {Session[]} */
    this.listed = [];
    /** @type {SessionQuality | null} */
    this.whole = null;
    /** @type {SeatQuality | null} */
    this.quality = null;
    repeatWhileConnected(this, POLL_MS, async () => {
      if (this.whole?.session.live) await this.refresh(() => this.fetch());
    });
  }

  async load() {
    await this.list();
    this.session ||= this.listed[0]?.id ?? '';
    await this.fetch();
  }

  async list() {
    /** @type {Record<string, string>} */
    const window = this.day ? {from: fromLocal(`${this.day}T00:00`), to: utc(Date.parse(fromLocal(`${this.day}T00:00`)) + DAY_MS)} : {};
    this.listed = await sessions({...window, order: '-start', phase: 'open,lobby,ended', limit: LISTED});
  }

  /** Fetch the points of the session, and the seat that is chosen, or the one that fared worst. */
  async fetch() {
    const {session} = this;
    if (!session) return;
    const whole = await sessionQuality(session);
    if (session !== this.session) return;
    this.whole = whole;
    const seats = seatsOf(whole, CAUSES);
    if (!seats.some(({seat}) => seat.seat === this.seat)) this.seat = (seats.find(({point}) => point.id === this.point) ?? (this.point ? undefined : seats[0]))?.seat.seat ?? '';
    const {seat} = this;
    const quality = seat ? await seatQuality(session, seat) : null;
    if (seat === this.seat && session === this.session) this.quality = quality;
  }

  /** @param {string} session */
  choose(session) {
    [this.session, this.point, this.seat, this.whole, this.quality] = [session, '', '', null, null];
    this.attempt(() => this.fetch());
  }

  /** @param {string} seat */
  chooseSeat(seat) {
    [this.seat, this.point] = [seat, ''];
    this.attempt(() => this.fetch());
  }

  /** @param {string} chosen */
  chooseDay(chosen) {
    this.day = chosen;
    this.attempt(() => this.list());
  }

  render() {
    return html`<top-bar .me=${this.me} current="quality"></top-bar>
      <main class="quality">
        <div class="row between"><h1>${t('quality-of.title')}</h1>${guideLink('centre')}</div>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : html`${this.pickers()} ${this.body()}`}
      </main>`;
  }

  pickers() {
    const known = this.listed.some(({id}) => id === this.session);
    const about = this.whole?.session;
    const seats = this.whole ? seatsOf(this.whole, CAUSES) : [];
    return html`<div class="filters">
      <span @change=${(/** @type {any} */ {target}) => target.name === 'day' && this.chooseDay(target.value)}>${dateField({name: 'day', label: t('quality-of.day'), value: this.day, testid: 'quality-day'})}</span>
      <label class="field"><span>${t('quality-of.session')}</span><select data-testid="quality-session" @change=${(/** @type {any} */ {target}) => this.choose(target.value)}>
        ${known ? nothing : html`<option value=${this.session} selected>${about ? `${day(about.start)} ${hourMinute(about.start)} – ${about.name}` : t('quality-of.none-chosen')}</option>`}
        ${this.listed.map(({id, title, official}) => html`<option value=${id} ?selected=${id === this.session}>${day(official.start)} ${hourMinute(official.start)} – ${title}</option>`)}
      </select></label>
      <label class="field"><span>${t('quality-of.point')}</span><select data-testid="quality-seat" ?disabled=${!seats.length} @change=${(/** @type {any} */ {target}) => this.chooseSeat(target.value)}>
        ${this.seat ? nothing : html`<option value="" selected>${t('quality-of.none-chosen')}</option>`}
        ${seats.map(({point, seat}) => html`<option value=${seat.seat} ?selected=${seat.seat === this.seat}>${point.label} · ${seat.name} (${hourMinute(seat.start)}) – ${t(seat.causes[0] ? `cause.${seat.causes[0]}-word` : 'cause.fine-word')}</option>`)}
      </select></label>
    </div>`;
  }

  body() {
    if (!this.session) return emptyState({picture: 'network', title: t('quality-of.no-session'), action: pageLink('sessions'), testid: 'quality-none'});
    if (!this.whole) return nothing;
    if (!this.quality) return emptyState({picture: 'network', title: t('quality-of.nothing'), text: t('quality-of.nothing-why'), action: pageLink('sessions'), testid: 'quality-none'});
    return this.shown(this.quality);
  }

  /** @param {SeatQuality} quality */
  shown(quality) {
    const {session, point, device, findings, means} = quality;
    return html`<section aria-labelledby="of">
      <h2 id="of">${point.label} <small>${device.name}</small></h2>
      <p class="soft">${session.name} · ${copyable(session.number, {shown: t('sessions.number', session.number)})} · ${slot(device)}${session.live ? html` · <span class="badge open" data-testid="quality-live">${t('quality-of.live')}</span>` : nothing}</p>
      <ul class="cards" aria-live="polite" data-testid="quality-story">${this.story(findings, means)}</ul>
      ${this.facts(quality)}
      <h2>${t('quality-of.over-time')}</h2>
      <quality-chart .quality=${quality} .shaded=${findings}></quality-chart>
    </section>`;
  }

  /** @param {QualityFinding[]} findings @param {QualityMeans} means */
  story(findings, means) {
    const faults = faultsOf(findings, written);
    return html`${faults.map(({cause, sentence: [key, ...args], advice, at_times}) => html`<li class="card told" data-testid="quality-fault" data-cause=${cause}>
        ${icon('warn')}<div><p><strong>${t(key, ...args)}</strong>${at_times ? html` ${t('cause.at-times')}` : nothing}</p><p class="soft">${t(advice)}</p></div></li>`)}
      ${faults.length ? nothing : html`<li class="card told" data-testid="quality-fine">${icon('check')}<p><strong>${t('cause.fine')}</strong></p></li>`}
      ${goodOf(findings, means, written).map(([key, ...args]) => html`<li class="card told" data-testid="quality-good">${icon('check')}<p>${t(key, ...args)}</p></li>`)}`;
  }

  /** @param {SeatQuality} quality */
  facts({device, lines, means}) {
    return html`<dl class="facts" data-testid="quality-facts">
      <dt>${t('quality-of.device')}</dt><dd>${t(`quality-of.${device.kind}`)}${device.product ? ` · ${browserName(device.product)}` : ''}</dd>
      <dt>${t('quality-of.lines')}</dt><dd>${lines.length ? lines.map(line => html`<div>${[line.type, line.provider].filter(Boolean).join(' · ')}: ${t('line.rates', mbps(line.subscribed_kbps), mbps(line.up_kbps), mbps(line.down_kbps))}</div>`) : t('quality-of.no-line')}</dd>
      <dt>${t('quality-of.means')}</dt><dd>${t('quality-of.means-of', written(means.up), written(means.down), written(means.round_trip), written(means.jitter))} · ${t('quality-of.rates-of', mbps(means.received), mbps(means.sent))}</dd>
    </dl>`;
  }
}

customElements.define('quality-page', QualityPage);
