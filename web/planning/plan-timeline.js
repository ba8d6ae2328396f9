// Element `plan-timeline`: the sessions of an admission plan on timelines, on the page of the queue.

import {html} from '../vendor/lit.js';
import {barPosition, enclosingHours} from '../booking/timeline.js';
import {t} from '../core/i18n.js';
import {hourMinute, slot} from '../core/time.js';
import {BaseElement} from '../core/base.js';

/** Shows the session that asks, those that would lose their code and those that keep it, one timeline each. */
export class PlanTimeline extends BaseElement {
  static properties = {asking: {attribute: false}, victims: {attribute: false}, kept: {attribute: false}};

  constructor() {
    super();
    /** @type {SessionBrief | null} */
    this.asking = null;
    /** @type {SessionBrief[]} */
    this.victims = [];
    /** @type {SessionBrief[]} */
    this.kept = [];
  }

  render() {
    if (!this.asking) return html``;
    const rows = /** @type {[SessionBrief, string][]} */ ([[this.asking, 'asked'], ...this.victims.map(one => [one, 'lost']), ...this.kept.map(one => [one, 'kept'])]);
    const {from, to} = enclosingHours(rows.flatMap(([{official, rehearsal}]) => (rehearsal ? [rehearsal, official] : [official])));
    return html`<figure class="timeline" role="group" aria-label=${t('queue.timeline')}>
      <div class="line head"><span></span><span class="span"><time>${hourMinute(from)}</time><time>${hourMinute(to)}</time></span><span></span></div>
      ${rows.map(([brief, kind]) => this.sessionRow(brief, kind, from, to))}
    </figure>`;
  }

  /** @param {SessionBrief} brief @param {string} kind @param {number} from @param {number} to */
  sessionRow(brief, kind, from, to) {
    const slots = brief.rehearsal ? [brief.rehearsal, brief.official] : [brief.official];
    return html`<div class="line ${kind}" data-testid="timeline-${kind}" data-id=${brief.id}>
      <span class="name"><strong>${brief.number}</strong> ${brief.host}<small>${t(`level.${brief.level}`)} · ${t('queue.legs', brief.legs)}</small></span>
      <span class="span" title=${slot(brief.official)}>${slots.map(each => {
        const place = barPosition(each, from, to);
        return place && html`<i .style=${`inset-inline-start: ${place.left}%; width: ${place.width}%`}></i>`;
      })}</span>
      <span class="fate">${t(`queue.${kind}`)}</span>
    </div>`;
  }
}

customElements.define('plan-timeline', PlanTimeline);
