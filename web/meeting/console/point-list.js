// Element `point-list`: all seats of the meeting, in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {FILTERS, callsForSeat, filterSeats} from '../client/meeting-state.js';
import {BaseElement, icon} from '../../core/base.js';
import {clock, hourMinute} from '../../core/time.js';
import {ACTIVITY_ICONS} from '../room/activity-icons.js';
import {insideRow, neighbourRow} from './neighbour-row.js';
import {activityOf, activityWords, floorButton, isRemoved, rowButton, seatFacts, seatMenu, seatName, writeButton} from './seat-row.js';

const CHIPS = ['all', 'here', 'absent', 'hand', 'floor', 'mic', 'weak'];
/** Filters that show an icon: the words of all do not fit in one line. @type {Record<string, string>} */
const CHIP_ICONS = {hand: 'hand', floor: 'mic-call', mic: 'mic', weak: 'network'};
const ALWAYS = new Set(['all', 'here', 'absent']); // filters that are offered even for nobody

/**
 * All seats with search, and filters with counts; each has one line, and the commands for it. Fires `command` with a
 * message, `report` with an incident, `watch` with a view and `write` with a point.
 */
export class PointList extends BaseElement {
  static properties = {state: {attribute: false}, filter: {state: true}, text: {state: true}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
    this.filter = 'all';
    this.text = '';
  }

  /** Draw again when something changed that the rows show: levels change several times a second. @param {Map<string, any>} changed */
  shouldUpdate(changed) {
    const before = /** @type {MeetingState | null | undefined} */ (changed.get('state'));
    if (changed.size > 1 || !before || !this.state) return true;
    const state = this.state;
    const fields = /** @type {const} */ (['seats', 'weak', 'tcp', 'speaking', 'heard', 'calls', 'called', 'removed', 'content', 'layout', 'incidents', 'neighbours', 'floorAbove', 'notHeld']);
    return fields.some(field => before[field] !== state[field]);
  }

  render() {
    const {state} = this;
    if (!state) return nothing;
    const weak = new Set(state.weak.map(({seat}) => seat));
    const shown = filterSeats(state.seats, this.filter, this.text, weak);
    return html`<input type="search" data-testid="seats-search" aria-label=${t('seats.search')} placeholder="${t('seats.search')}  /" .value=${this.text}
        @input=${(/** @type {any} */ event) => (this.text = event.target.value)} @keydown=${this.onSearchKey}>
      <div class="chips" role="group" aria-label=${t('seats.filter')}>${CHIPS.map(name => this.chip(name, state.seats.filter(seat => FILTERS[name](seat, weak)).length))}</div>
      ${shown.length ? html`<ul class="rows" tabindex="0" aria-label=${t('seats.title')}>${repeat(shown, ({seat}) => seat, seat => this.row(state, seat, weak.has(seat.seat)))}</ul>` : html`<p class="empty">${t('seats.none')}</p>`}`;
  }

  /** @param {string} name @param {number} count */
  chip(name, count) {
    const on = this.filter === name;
    if (!count && !on && !ALWAYS.has(name)) return nothing;
    const words = t(`filter.${name}`);
    return html`<button type="button" class="chip" data-testid="filter-${name}" aria-pressed=${on} title=${words} @click=${() => (this.filter = on ? 'all' : name)}>${CHIP_ICONS[name] ? html`${icon(CHIP_ICONS[name])}<span class="unseen">${words}</span>` : words} <b>${count}</b></button>`;
  }

  /** @param {KeyboardEvent} event */
  onSearchKey(event) {
    if (event.key !== 'Escape') return;
    this.text = '';
    /** @type {HTMLElement} */ (event.target).blur();
  }

  /** @param {MeetingState} state @param {Seat} seat @param {boolean} weak */
  row(state, seat, weak) {
    const activity = activityOf(state, seat);
    const calls = callsForSeat(seat, state.seats, state.calls);
    const facts = seatFacts(state, seat, weak);
    const told = activity === 'listening' ? facts[0]?.id : undefined; // who listens is told by what else is to be known
    return html`<li class="seat-row ${activity}" data-testid="seat" data-seat=${seat.seat} data-point=${seat.point} data-floor=${seat.floor} data-hand=${seat.hand} data-here=${seat.here} data-activity=${activity}>
      ${icon(ACTIVITY_ICONS[activity])} ${seatName(seat)}
      ${facts.map(({id, picture}) => html`<span class="fact ${id}" data-testid=${id} title=${t(`seat.${id}`)}>${icon(picture)}<span class="unseen">${t(`seat.${id}`)}</span></span>`)} ${calls.map(call => this.call(call))}
      ${state.called.some(({point}) => point === seat.point) ? nothing : html`<span class="word ${told ?? ''}">${seat.role === 'component' ? nothing : `${t(`role.${seat.role}`)} · `}${told ? t(`seat.${told}`) : activityWords(seat, activity)}</span>`}
      ${activity === 'removed' ? rowButton({id: 'let-back', seat, words: t('seat.let-back')}, () => this.emit('command', {type: 'let-back', point: seat.point})) : nothing}
      ${seat.here || !seat.point || calls.length || isRemoved(state, seat) ? nothing : this.callAgain(state, seat)}
      ${seat.here ? nothing : calls.filter(call => call.state !== 'calling').slice(0, 1).map(call => this.redial(call))}
      ${floorButton(seat, detail => this.emit('command', detail))}
      ${writeButton(seat, point => this.emit('write', point))}
      ${seatMenu(state, seat, {command: detail => this.emit('command', detail), confirm: message => new Promise(done => this.emit('confirm', {message, done})), report: detail => this.emit('report', detail), watch: detail => this.emit('watch', detail), calls})}
    </li>${calls.map(insideRow)}${neighbourRow(state, seat.point ?? '', detail => this.emit('command', detail))}`;
  }

  /** Draw how the call of a room system goes. @param {SystemCall} call */
  call({device, name, state, at, status, account, gatekeeper, protection, media, media_from}) {
    const lock = state === 'connected' && protection ? t(`call.${protection}`) : '';
    const why = lock ? '' : account ? t(`call.account-${account}`) : gatekeeper ? t(`calls.outcome-gatekeeper-${gatekeeper}`) : protection ? t(`call.${protection}`) : status ? t('call.status', status) : '';
    const moved = media ? t(`call.media-${media}`, media_from) : '';
    const words = [t(`call.${state}`, at ? clock(at) : ''), why, moved].filter(Boolean).join(' · ');
    return html`<span class="call" data-testid="call" data-device=${device} data-state=${state} title="${name}: ${words}">${icon('phone')}${lock ? html`<span class="protection" data-testid="protection" data-protection=${protection} title=${lock}>${icon(protection === 'encrypted' ? 'lock' : 'unlock')}<span class="unseen">${lock}</span></span>` : nothing}<span>${words}</span></span>`;
  }

  /** Draw the button that calls an absent point, whose people are told outside the meeting, and what came of it. @param {MeetingState} state @param {Seat} seat */
  callAgain({called}, seat) {
    const call = called.find(({point}) => point === seat.point);
    const words = call && (call.seen ? t('called.seen', hourMinute(call.seen)) : t('called.at', hourMinute(call.at)));
    return html`${words ? html`<span class="call" data-testid="called" data-seen=${Boolean(call?.seen)} title=${words}>${icon('phone')}<span>${words}</span></span>` : nothing}
      ${rowButton({id: 'call-point', seat, words: t('call.redial')}, () => this.emit('command', {type: 'call-point', point: seat.point}))}`;
  }

  /** Draw the button that calls a room system again, even when it is connected (Điều 14.3.c). @param {SystemCall} call */
  redial({device, name}) {
    return html`<button type="button" data-testid="redial" aria-label=${t('call.redial-of', name)} @click=${() => this.emit('command', {type: 'redial', device})}>${t('call.redial')}</button>`;
  }
}

customElements.define('point-list', PointList);
