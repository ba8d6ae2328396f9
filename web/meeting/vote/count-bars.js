// The votes for each choice as bars, for vote-panel.js and vote-result.js.

import {html, nothing} from '../../vendor/lit.js';
import {countsOf} from '../client/vote.js';

/** Draw a bar for each choice, as long as its part of the entitled points. @param {Vote} vote */
export function countBars(vote) {
  const counts = countsOf(vote);
  if (!counts) return nothing;
  return html`<dl class="counts">${vote.choices.map((choice, index) => html`<div class=${vote.outcome?.adopted === index ? 'adopted' : ''}>
    <dt dir="auto">${choice}</dt>
    <dd><meter min="0" max=${Math.max(1, vote.entitled)} .value=${counts[index]} aria-label=${choice}></meter> <strong data-testid="choice-count">${counts[index]}</strong></dd></div>`)}</dl>`;
}
