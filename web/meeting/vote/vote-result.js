// Element `vote-result`: the announced result of a vote under the picture, in the room and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {BaseElement, icon} from '../../core/base.js';
import {t} from '../../core/i18n.js';
import {decision} from '../client/vote.js';
import {countBars} from './count-bars.js';

/** Shows counts and decision, large enough for a room, until the chair takes them away or it is closed here. */
export class VoteResult extends BaseElement {
  static properties = {vote: {attribute: false}, closed: {state: true}};

  constructor() {
    super();
    /** @type {Vote | null} */
    this.vote = null;
    /** The vote whose result was closed here. */
    this.closed = '';
  }

  render() {
    const {vote} = this;
    const shown = vote?.shown && vote.closed && vote.id !== this.closed;
    return html`<div role="status">${shown
      ? html`<section class="vote-result" data-testid="vote-result">
          <p class="of">${t('vote.result', vote.number)} · ${t(vote.secret ? 'vote.secret' : 'vote.open')}</p>
          <h2 dir="auto">${vote.question}</h2>
          ${countBars(vote)}
          <p class="decided" data-testid="vote-decided">${t(...decision(vote))}</p>
          <p class="of">${t('vote.turnout', vote.cast ?? 0, vote.entitled)}</p>
          <button type="button" class="icon-button" aria-label=${t('vote.result-close')} data-testid="vote-result-close" @click=${() => (this.closed = vote.id)}>${icon('cross')}</button>
        </section>`
      : nothing}</div>`;
  }
}

customElements.define('vote-result', VoteResult);
