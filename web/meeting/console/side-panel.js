// Element `side-panel`: the right column of the console: what is urgent, who speaks, and the queue, the points or the
// incidents below.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {countPoints, raisedHands} from '../client/meeting-state.js';
import {BaseElement, icon} from '../../core/base.js';
import {loadPart} from '../../core/parts.js';
import '../chat/chat-panel.js';
import {chime} from '../client/devices.js';
import {isOpen} from '../client/vote.js';
import {unreadCount} from '../client/chat.js';
import '../room/notice-bar.js';
import {knockNotice} from '../room/notice-bar.js';
import './extend-bar.js';
import {handSounds, isHandNew} from './hand-sound.js';
import './floor-list.js';
import './point-list.js';
import './speaker-queue.js';

const TABS = ['queue', 'points', 'incidents', 'vote', 'chat'];
/** Tabs that show an icon, since there is no room for their words. */
const ICON_TABS = new Set(['vote', 'chat']);

/** The tabs of the console, each with its count; who speaks and who waits at the door stand above them always. */
export class SidePanel extends BaseElement {
  static properties = {meeting: {attribute: false}, state: {attribute: false}, now: {type: Number}, tab: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    /** @type {MeetingState | null} */
    this.state = null;
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** @type {string | null} the tab that was chosen */
    this.tab = null;
  }

  /** Load what few meetings need; without a network it is tried again with the next second. @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    if (this.shown === 'vote') loadPart(() => import('../vote/vote-panel.js'), !changed.has('tab'));
  }

  /** Sound when a hand is raised, whichever tab is open. @param {Map<string, any>} changed */
  updated(changed) {
    const before = changed.get('state');
    if (before && this.state && isHandNew(before, this.state) && handSounds()) chime();
  }

  /** Show the points and go into their search. */
  async search() {
    this.tab = 'points';
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('input[type=search]'))?.focus();
  }

  /** Show the votes and go into the question, or to what can be done next. */
  async askVote() {
    if (!(await loadPart(() => import('../vote/vote-panel.js')))) return;
    this.tab = 'vote';
    await this.updateComplete;
    await /** @type {import('../vote/vote-panel.js').VotePanel | null} */ (this.querySelector('vote-panel'))?.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('vote-panel :is(textarea, [data-testid=vote-close])'))?.focus();
  }

  /** Write to one point. @param {string} point */
  async write(point) {
    this.tab = 'chat';
    await this.updateComplete;
    /** @type {import('../chat/chat-panel.js').ChatPanel} */ (this.querySelector('chat-panel')).writeTo(point);
  }

  /** Return the tab that is shown: at first the queue, if somebody is in it. */
  get shown() {
    if (!this.tab && this.state) this.tab = raisedHands(this.state.seats).length ? 'queue' : 'points';
    return this.tab;
  }

  render() {
    const {state, shown} = this;
    if (!state) return nothing;
    const {here, invited} = countPoints(state.seats);
    const counts = {queue: raisedHands(state.seats).length, points: `${here}/${invited}`, incidents: state.incidents.length + state.weak.length, vote: isOpen(state.vote) ? `${state.vote?.cast}` : 0, chat: unreadCount(state, this.meeting?.chatRead ?? 0)};
    return html`<div class="alerts">
        ${repeat(state.waiting, ({id}) => id, waiting => knockNotice(waiting, detail => this.emit('command', detail)))}
        <extend-bar .session=${state.session} .now=${this.now}></extend-bar>
      </div>
      <floor-list .state=${state}></floor-list>
      <div class="tabs" role="tablist" aria-label=${t('host.lists')} @keydown=${this.onTabKey}>${TABS.map(name => this.tabButton(name, counts[/** @type {keyof typeof counts} */ (name)]))}</div>
      <div class="tab-panel" role="tabpanel" id="panel-${shown}" aria-labelledby="tab-${shown}">${this.panel(state)}</div>`;
  }

  /** @param {string} name @param {string | number} count */
  tabButton(name, count) {
    const on = name === this.shown;
    return html`<button type="button" role="tab" id="tab-${name}" data-testid="tab-${name}" aria-selected=${on} aria-controls=${on ? `panel-${name}` : nothing} tabindex=${on ? 0 : -1} class=${count ? 'some' : ''} title=${t(`tab.${name}`)} @click=${() => (this.tab = name)}>
      ${ICON_TABS.has(name) ? html`${icon(name)}<span class="hidden">${t(`tab.${name}`)}</span>` : html`<span>${t(`tab.${name}`)}</span>`} <b data-testid=${name === 'points' ? 'count' : `${name}-count`}>${count}</b></button>`;
  }

  /** Go to the next tab by an arrow key. @param {KeyboardEvent} event */
  async onTabKey(event) {
    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!by) return;
    this.tab = TABS[(TABS.indexOf(this.shown ?? '') + by + TABS.length) % TABS.length];
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('[aria-selected=true]'))?.focus();
  }

  /** @param {MeetingState} state */
  panel(state) {
    if (this.shown === 'queue') return html`<speaker-queue .seats=${state.seats} .now=${this.now} .locked=${state.locks.hands}></speaker-queue>`;
    if (this.shown === 'points') return html`<point-list .state=${state} @write=${(/** @type {CustomEvent<string>} */ {detail}) => this.write(detail)}></point-list>`;
    if (this.shown === 'vote') return html`<vote-panel .meeting=${this.meeting} .tick=${this.now}></vote-panel>`;
    if (this.shown === 'chat') return html`<chat-panel .meeting=${this.meeting} .tick=${this.now} @close=${() => (this.tab = 'points')}></chat-panel>`;
    const none = !state.incidents.length && !state.weak.length;
    return html`${none ? html`<p class="empty">${t('aid.none')}</p>` : nothing}<notice-bar .state=${state} .incidentsOnly=${true}></notice-bar>`;
  }
}

customElements.define('side-panel', SidePanel);
