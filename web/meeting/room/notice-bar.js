// Element `notice-bar`: what the host must know, in the room and in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {isLineReported, properName} from '../client/meeting-state.js';
import {hourMinute} from '../../core/time.js';
import {icon, BaseElement} from '../../core/base.js';

/**
 * Draw a point that waits to be admitted.
 * @param {WaitingPoint} knock
 * @param {(message: Message) => void} command
 */
export function knockNotice({id, name, label, since}, command) {
  const answer = (/** @type {boolean} */ on) => command({type: 'admit', id, on});
  return html`<p class="knock" role="alert" data-testid="knock">${icon('people')}
    <span><strong>${label} (${name})</strong> ${t('door.uninvited', hourMinute(since))}</span>
    <button type="button" class="main" data-testid="admit" aria-label="${t('door.admit')}: ${label}" @click=${() => answer(true)}>${t('door.admit')}</button>
    <button type="button" data-testid="turn-away" aria-label="${t('door.turn-away')}: ${label}" @click=${() => answer(false)}>${t('door.turn-away')}</button></p>`;
}

/**
 * Tells the host who is in the waiting room, which lines are weak, which incidents are open and whether the centre
 * directs. Fires `command` and `report`.
 */
export class NoticeBar extends BaseElement {
  static properties = {state: {attribute: false}, incidentsOnly: {attribute: false}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
    /** Whether others tell who waits and who directs. */
    this.incidentsOnly = false;
  }

  render() {
    const {state} = this;
    if (!state?.controller && state?.role !== 'host') return nothing;
    const {waiting, weak, incidents, assist, mayDirect} = state;
    const others = !this.incidentsOnly;
    if (!weak.length && !incidents.length && !(others && (waiting.length || assist.seat || mayDirect))) return nothing;
    return html`<section class="aid" aria-label=${t('aid.title')} data-testid="aid">
      ${others ? html`${repeat(waiting, ({id}) => id, knock => knockNotice(knock, detail => this.emit('command', detail)))} ${this.assistState(state)}` : nothing}
      ${repeat(weak, ({seat}) => seat, line => this.weakLine(state, line))}
      ${repeat(incidents, ({id}) => id, incident => this.incident(state, incident))}
    </section>`;
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
    const seat = state.seats.find(one => one.seat === line.seat);
    return html`<p class="weak" role="alert" data-testid="weak-line" data-seat=${line.seat}>${icon('network')}
      <span><strong>${t('aid.weak', seat ? properName(seat) : '')}</strong> ${t('aid.measured', line.loss, line.round_trip, line.jitter)}</span>
      ${isLineReported(state, seat?.point ?? null)
        ? html`<span class="badge">${t('aid.line-reported')}</span>`
        : html`<button type="button" data-testid="report-line" @click=${() => this.emit('report', {kind: 'line', text: '', seat: line.seat})}>${t('aid.report-line')}</button>`}
    </p>`;
  }

  /** @param {MeetingState} state @param {IncidentMark} incident */
  incident(state, {id, kind, point, text, state: progress, assignee}) {
    const seat = point && state.seats.find(one => one.point === point);
    const where = seat ? properName(seat) : state.session.host;
    return html`<p data-testid="aid-incident" data-id=${id} data-state=${progress}>${icon(kind === 'help' ? 'phone' : 'warn')}
      <span><strong>${where}: ${t(`fault.${kind}`)}</strong> ${text}</span>
      <span class="badge ${progress}">${progress === 'taken' ? t('aid.taken', assignee) : t(`incident.${progress}`)}</span></p>`;
  }
}

customElements.define('notice-bar', NoticeBar);
