// Page `displays.html`: the remote control of room displays, on the tablet or phone of a technician, who also pairs
// them here by the QR code that a screen shows.

import {html, nothing} from '../vendor/lit.js';
import {commandDisplay, points, roomDisplay, roomDisplays} from '../core/api.js';
import {Page, errorMessage, icon, repeatWhileConnected, setTitle} from '../core/base.js';
import {field} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';
import {hourMinute} from '../core/time.js';
import '../core/top-bar.js';
import {inOrder, isOpen, slotAt} from './day.js';
import '../meeting/vote/vote-prompt.js';
import './point-displays.js';

const POLL_MS = 2000;
const SOON_MS = 500; // a display has obeyed by then
const LOOKS = 8; // after a ballot, each so long after the one before
const VIEWS = ['composed', 'composed:grid', 'composed:speaker', 'composed:single', 'content'];

/** The word of a view. @param {string} view */
const viewWord = view => (view.startsWith('composed:') ? t(`layout.${view.slice('composed:'.length)}`) : t(`displays.view-${view}`));

/** The room displays of a technician, one of which is controlled. */
class DisplaysPage extends Page {
  static properties = {...Page.properties, displays: {state: true}, controlled: {state: true}, point: {state: true}, points: {state: true}};

  constructor() {
    super();
    setTitle('display.title');
    /** @type {RoomDisplay[]} */
    this.displays = [];
    /** The display that is controlled, with its day. @type {ControlledDisplay | null} */
    this.controlled = null;
    /** The device that is controlled. */
    this.device = '';
    /** Points whose displays the user may pair. @type {Point[]} */
    this.points = [];
    this.point = '';
    this.code = new URLSearchParams(location.search).get('pair') ?? '';
    repeatWhileConnected(this, POLL_MS, () => this.device && !document.hidden && this.refresh(() => this.look()));
  }

  mayOpen() {
    return isCentral(this.me) || Boolean(this.me?.roles.includes('site'));
  }

  async load() {
    const [{displays}, all] = await Promise.all([roomDisplays(), points()]);
    const {me} = this;
    this.displays = displays;
    this.points = isCentral(me) ? all : all.filter(({id, unit}) => (me?.point ? me.point.id === id : me?.unit?.id === unit));
    this.point ||= this.displays[0]?.point.id ?? this.points[0]?.id ?? '';
    if (!displays.some(({device}) => device === this.device)) this.choose(displays[0]?.device ?? '');
    if (this.device) await this.look();
  }

  async look() {
    const {device} = this;
    const found = await roomDisplay(device);
    if (device === this.device) this.controlled = found;
  }

  /** @param {string} device */
  choose(device) {
    this.device = device;
    this.controlled = null;
    if (device) this.refresh(() => this.look());
  }

  /** @param {DisplayCommand} command */
  command(command) {
    return this.attempt(async () => {
      this.controlled = await commandDisplay(this.device, command);
      window.setTimeout(() => this.refresh(() => this.look()), SOON_MS);
    });
  }

  /** Vote by the display, and wait until it says that the ballot is stored; return whether it was. @param {{vote: string, choice: number}} ballot */
  async cast({vote, choice}) {
    await this.command({action: 'vote', vote, choice});
    for (let looks = 0; looks < LOOKS; looks++) {
      await new Promise(resolve => window.setTimeout(resolve, SOON_MS));
      await this.refresh(() => this.look());
      const asked = this.controlled?.display.report?.vote;
      if (asked?.id !== vote || (asked.voted && (asked.secret || asked.choice === choice))) return true;
    }
    this.error = t('displays.vote-unsaid');
    return false;
  }

  render() {
    if (!this.me || this.loading) return loadingState();
    return html`<top-bar .me=${this.me} current="displays"></top-bar>
      <main class="narrow">
        <h1>${t('display.title')}</h1>
        <p class="soft">${t('displays.hint')}</p>
        ${errorMessage(this.error)}
        ${this.displays.length > 1
          ? html`<label class="field">${t('displays.which')} <select data-testid="which" @change=${(/** @type {Event} */ {target}) => this.choose(/** @type {HTMLSelectElement} */ (target).value)}>
              ${this.displays.map(({device, name, point}) => html`<option value=${device} ?selected=${device === this.device}>${point.label} · ${name}</option>`)}</select></label>`
          : nothing}
        ${this.controlled && !this.code ? this.remote(this.controlled) : nothing}
        ${this.pairing()}
      </main>`;
  }

  /** @param {ControlledDisplay} controlled */
  remote({display, sessions}) {
    const {report} = display;
    return html`<section class="card remote" data-testid="remote" data-state=${report?.state ?? 'away'} aria-label=${t('displays.control')}>
      <div class="row between"><h2>${display.point.label}</h2><span class="badge ${report ? 'good' : 'bad'}" role="status" data-testid="remote-state">${t(report ? `displays.${report.state}` : 'displays.away')}</span></div>
      ${report?.silent ? html`<p class="mark amber">${icon('sound')}<span>${t('displays.silent')}</span></p>` : nothing}
      ${report ? html`${this.sessions(sessions, report)} ${report.vote ? this.vote(report.vote, report.state === 'joined') : nothing} ${report.session ? this.switches(display, report) : nothing} ${this.volume(report)}` : nothing}
    </section>`;
  }

  /** @param {DaySession[]} sessions @param {DisplayReport} report */
  sessions(sessions, report) {
    if (!sessions.length) return emptyState({title: t('displays.none'), action: pageLink('calendar'), testid: 'displays-none', slim: true});
    const now = Date.now();
    return html`<ul class="plain">${inOrder(sessions, now).map(session => {
      const {start, end} = slotAt(session, now);
      const inside = session.id === report.session;
      return html`<li class="row between"><span><strong>${hourMinute(start)}–${hourMinute(end)}</strong> ${session.title}</span>
        ${inside
          ? html`<button type="button" class="danger" data-testid="remote-leave" @click=${() => this.command({action: 'leave'})}>${icon('leave')}<span>${t('displays.leave')}</span></button>`
          : isOpen(session)
            ? html`<button type="button" class="main" data-testid="remote-join" @click=${() => this.command({action: 'join', session: session.id})}>${icon('play')}<span>${t('displays.join')}</span></button>`
            : html`<span class="badge plain">${t(`display.phase-${session.phase}`)}</span>`}</li>`;
    })}</ul>`;
  }

  /** Draw the vote that the point is to answer. @param {AskedVote} asked @param {boolean} connected */
  vote(asked, connected) {
    const meeting = {connected, countedNow: Date.now(), state: {vote: {...asked, may: true, closed: null}}, sendVote: (/** @type {any} */ ballot) => this.cast(ballot)};
    return html`<vote-prompt .meeting=${meeting}></vote-prompt>`;
  }

  /** @param {RoomDisplay} display @param {DisplayReport} report */
  switches({sends}, report) {
    return html`${sends
        ? html`<div class="pair">${this.toggle('mic', report.mic)} ${this.toggle('camera', report.camera)}</div>
            ${report.floor || report.mic ? nothing : html`<p class="soft">${t('displays.floor-first')}</p>`}`
        : nothing}
      <fieldset class="views"><legend>${t('displays.view')}</legend>
        <div class="row wrap">${VIEWS.map(
          view => html`<button type="button" class="chip" aria-pressed=${view === report.view} data-testid="remote-view-${view.replace(':', '-')}" @click=${() => this.command({action: 'view', view})}>${viewWord(view)}</button>`,
        )}</div>
        <label class="field">${t('displays.one-point')} <select data-testid="remote-point" @change=${(/** @type {any} */ {target}) => this.command({action: 'view', view: target.value || 'composed'})}>
          <option value="" ?selected=${!report.view.startsWith('camera:')}>${t('displays.no-point')}</option>
          ${report.points.map(({seat, name}) => html`<option value="camera:${seat}" ?selected=${report.view === `camera:${seat}`}>${name}</option>`)}</select></label>
      </fieldset>`;
  }

  /** @param {'mic' | 'camera'} action @param {boolean} on */
  toggle(action, on) {
    return html`<button type="button" class=${on ? 'main' : ''} data-testid="remote-${action}" data-state=${on ? 'on' : 'off'} @click=${() => this.command({action, on: !on})}>${icon(on ? action : `${action}-off`)}<span>${t(`displays.${action}-${on ? 'off' : 'on'}`)}</span></button>`;
  }

  /** @param {DisplayReport} report */
  volume({volume}) {
    return html`<label class="field">${t('displays.volume', volume)}
      <input type="range" min="0" max="100" step="5" data-testid="remote-volume" .value=${String(volume)} @change=${(/** @type {Event} */ {target}) => this.command({action: 'volume', volume: Number(/** @type {HTMLInputElement} */ (target).value)})}></label>`;
  }

  pairing() {
    if (!this.points.length) return nothing;
    /** @type {[string, string][]} */
    const options = this.points.map(({id, label, name}) => [id, `${label} · ${name}`]);
    return html`<details class="card" ?open=${Boolean(this.code) || !this.displays.length}><summary data-testid="fold-pairing">${t('displays.pair')}</summary>
      ${options.length > 1 ? html`<div @change=${(/** @type {Event} */ event) => (this.point = /** @type {HTMLSelectElement} */ (event.target).value)}>${field({name: 'point', label: 'displays.point', value: this.point, options})}</div>` : html`<h2>${options[0][1]}</h2>`}
      <point-displays .point=${this.point} .code=${this.code} @changed=${this.onPaired}></point-displays>
    </details>`;
  }

  /** Control the display that was paired, at once. */
  async onPaired() {
    this.code = '';
    history.replaceState(null, '', location.pathname);
    await this.refresh(() => this.load());
  }
}

customElements.define('displays-page', DisplaysPage);
