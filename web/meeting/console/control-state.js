// Element `control-state`: who controls the meeting, in the bar of the console.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {hourMinute} from '../../core/time.js';
import {BaseElement, icon} from '../../core/base.js';
import './more-menu.js';

/** Says who controls the meeting: all controllers together, or one alone; takes control and gives it back. Fires `command`. */
export class ControlState extends BaseElement {
  static properties = {state: {attribute: false}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
  }

  render() {
    const {state} = this;
    if (!state) return nothing;
    const {assist, me, mayDirect} = state;
    const mine = assist.seat === me;
    const words = !assist.seat ? t('control.shared') : mine ? t('control.mine') : t('control.by', assist.name);
    const title = assist.seat ? t('aid.directs', assist.name, hourMinute(assist.since ?? 0)) : t('control.shared-hint');
    return html`<span class="control" role="status" data-testid=${assist.seat ? 'assist-state' : 'control-shared'} title=${title}>${icon('console')}<span>${words}</span></span>
      ${this.locks(state)}
      ${mayDirect ? html`<button type="button" class=${mine ? 'main' : ''} data-testid="assist" aria-pressed=${mine} @click=${() => this.emit('command', {type: 'assist', on: !mine})}>${t(mine ? 'control.give-back' : 'control.take')}</button>` : nothing}`;
  }

  /** Draw what locks room and hands, and that they are locked. @param {MeetingState} state */
  locks({locks}) {
    const lock = (/** @type {Partial<Locks>} */ changed) => this.emit('command', {type: 'lock', ...locks, ...changed});
    const item = (/** @type {'room' | 'hands'} */ what) => html`<button type="button" data-testid="lock-${what}" aria-pressed=${locks[what]} @click=${() => lock({[what]: !locks[what]})}>
      ${icon(locks[what] ? 'lock' : 'unlock')}<span>${t(`lock.${what}`)}</span></button>`;
    const label = locks.room || locks.hands ? t(`did.lock-${locks.room ? 'room' : ''}${locks.hands ? 'hands' : ''}`) : t('lock.title');
    return html`<more-menu testid="locks" .label=${label} .picture=${locks.room || locks.hands ? 'lock' : 'unlock'} .content=${() => html`${item('room')} ${item('hands')}`}></more-menu>`;
  }
}

customElements.define('control-state', ControlState);
