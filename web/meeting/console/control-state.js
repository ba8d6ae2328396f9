// Element `control-state`: who controls the meeting, in the bar of the console.

import {html, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {hourMinute} from '../../core/time.js';
import {BaseElement, icon} from '../../core/base.js';

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
      ${mayDirect ? html`<button type="button" class=${mine ? 'main' : ''} data-testid="assist" aria-pressed=${mine} @click=${() => this.emit('command', {type: 'assist', on: !mine})}>${t(mine ? 'control.give-back' : 'control.take')}</button>` : nothing}`;
  }
}

customElements.define('control-state', ControlState);
