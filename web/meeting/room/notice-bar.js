// Element `notice-bar`: what the host must know, in the room and in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {isLineReported} from '../client/meeting-state.js';
import {hourMinute} from '../../core/time.js';
import {icon, BaseElement} from '../../core/base.js';

/**
 * Tells the host who is in the waiting room, which lines are weak, which incidents are open and whether the centre
 * directs. Fires `command` and `report`.
 */
export class NoticeBar extends BaseElement {
  static properties = {state: {attribute: false}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
  }

  render() {
    const {state} = this;
    if (!state?.controller && state?.role !== 'host') return nothing;
    const {waiting, weak, incidents, assist, mayDirect} = state;
    if (!waiting.length && !weak.length && !incidents.length && !assist.seat && !mayDirect) return nothing;
    return html`<section class="aid" aria-label=${t('aid.title')} data-testid="aid">
      ${repeat(waiting, ({id}) => id, knock => this.waitingPoint(knock))} ${this.assistState(state)} ${repeat(weak, ({seat}) => seat, line => this.weakLine(state, line))}
      ${repeat(incidents, ({id}) => id, incident => this.incident(state, incident))}
    </section>`;
  }

  /** @param {WaitingPoint} knock */
  waitingPoint({id, name, label, since}) {
    const answer = (/** @type {boolean} */ on) => this.emit('command', {type: 'admit', id, on});
    return html`<p class="knock" role="alert" data-testid="knock">${icon('people')}
      <span><strong>${name} · ${label}</strong> ${t('door.uninvited', hourMinute(since))}</span>
      <button type="button" class="main" data-testid="admit" aria-label=${t('door.admit-of', name)} @click=${() => answer(true)}>${t('door.admit')}</button>
      <button type="button" data-testid="turn-away" aria-label=${t('door.turn-away-of', name)} @click=${() => answer(false)}>${t('door.turn-away')}</button></p>`;
  }

  /** @param {MeetingState} state */
  assistState({assist, mayDirect, me}) {
    const mine = assist.seat === me;
    const status = assist.seat ? html`<p role="status" data-testid="assist-state">${icon('console')}<span>${t('aid.directs', assist.name, hourMinute(assist.since ?? 0))}</span></p>` : nothing;
    const button = html`<button type="button" class=${mine ? 'main' : ''} data-testid="assist" aria-pressed=${mine} @click=${() => this.emit('command', {type: 'assist', on: !mine})}>
      ${icon('console')}<span>${t(mine ? 'aid.give-back' : 'aid.direct')}</span></button>`;
    return html`${status} ${mayDirect ? button : nothing}`;
  }

  /** @param {MeetingState} state @param {WeakLine} line */
  weakLine(state, line) {
    const {name, point} = state.seats.find(({seat}) => seat === line.seat) ?? {name: '', point: null};
    return html`<p class="weak" role="alert" data-testid="weak-line" data-seat=${line.seat}>${icon('network')}
      <span><strong>${t('aid.weak', name)}</strong> ${t('aid.measured', line.loss, line.round_trip, line.jitter)}</span>
      ${isLineReported(state, point)
        ? html`<span class="badge">${t('aid.line-reported')}</span>`
        : html`<button type="button" data-testid="report-line" @click=${() => this.emit('report', {kind: 'line', text: '', seat: line.seat})}>${t('aid.report-line')}</button>`}
    </p>`;
  }

  /** @param {MeetingState} state @param {IncidentMark} incident */
  incident(state, {id, kind, point, text, state: progress, assignee}) {
    const where = (point && state.seats.find(seat => seat.point === point)?.name) || state.session.host;
    return html`<p data-testid="aid-incident" data-id=${id} data-state=${progress}>${icon(kind === 'help' ? 'phone' : 'warn')}
      <span><strong>${where}: ${t(`fault.${kind}`)}</strong> ${text}</span>
      <span class="badge ${progress}">${progress === 'taken' ? t('aid.taken', assignee) : t(`incident.${progress}`)}</span></p>`;
  }
}

customElements.define('notice-bar', NoticeBar);
