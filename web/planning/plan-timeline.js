import {html} from '../vendor/lit.js';
import {bar, hull} from '../booking/timeline.js';
import {t} from '../core/i18n.js';
import {hourMinute, slot} from '../core/time.js';
import {Piece} from '../core/base.js';

/** Who asks, who would lose a code and who keeps it, on one line of time each. */
export class PlanTimeline extends Piece {
  static properties = {asked: {attribute: false}, victims: {attribute: false}, kept: {attribute: false}};

  constructor() {
    super();
    /** @type {Brief | null} */
    this.asked = null;
    /** @type {Brief[]} */
    this.victims = [];
    /** @type {Brief[]} */
    this.kept = [];
  }

  render() {
    if (!this.asked) return html``;
    const rows = /** @type {[Brief, string][]} */ ([[this.asked, 'asked'], ...this.victims.map(one => [one, 'lost']), ...this.kept.map(one => [one, 'kept'])]);
    const {from, to} = hull(rows.flatMap(([{official, rehearsal}]) => (rehearsal ? [rehearsal, official] : [official])));
    return html`<figure class="timeline" role="group" aria-label=${t('queue.timeline')}>
      <div class="line head"><span></span><span class="span"><time>${hourMinute(from)}</time><time>${hourMinute(to)}</time></span><span></span></div>
      ${rows.map(([brief, kind]) => this.line(brief, kind, from, to))}
    </figure>`;
  }

  /** @param {Brief} brief @param {string} kind @param {number} from @param {number} to */
  line(brief, kind, from, to) {
    const slots = brief.rehearsal ? [brief.rehearsal, brief.official] : [brief.official];
    return html`<div class="line ${kind}" data-testid="timeline-${kind}" data-id=${brief.id}>
      <span class="name"><strong>${brief.number}</strong> ${brief.host}<small>${t(`level.${brief.level}`)} · ${t('queue.legs', brief.legs)}</small></span>
      <span class="span" title=${slot(brief.official)}>${slots.map(each => {
        const place = bar(each, from, to);
        return place && html`<i .style=${`inset-inline-start: ${place.left}%; width: ${place.width}%`}></i>`;
      })}</span>
      <span class="fate">${t(`queue.${kind}`)}</span>
    </div>`;
  }
}

customElements.define('plan-timeline', PlanTimeline);
