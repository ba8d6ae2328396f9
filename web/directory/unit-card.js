// Element `unit-card`: how a unit meets its duties, on the card of a point.

import {html, nothing} from '../vendor/lit.js';
import {unitCard} from '../core/api.js';
import {t} from '../core/i18n.js';
import {day} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';

/** Shows how a unit meets its duties (Điều 19.1). */
export class UnitCard extends RequestingElement {
  static properties = {unit: {}, card: {state: true}};

  constructor() {
    super();
    this.unit = '';
    /** @type {UnitCompliance | null} */
    this.card = null;
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has('unit') && this.unit) this.attempt(async () => void (this.card = await unitCard(this.unit)));
  }

  render() {
    if (!this.card) return errorMessage(this.error);
    const {own, own_active, below, below_active, assessed, ending, drift, people, untrained, updated, stale, breaches, taken_over: over} = this.card;
    /** @type {[string, string | number][]} */
    const rows = [
      ['active', `${own_active}/${own}`], ...(below ? [/** @type {[string, string]} */ (['below', `${below_active}/${below}`])] : []),
      ['assessed', assessed], ['ending', ending], ['taken-over', over], ['drift', drift], ['people', people], ['untrained', untrained],
    ];
    return html`<dl class="facts" data-testid="unit-card">${rows.map(([name, value]) => html`<dt>${t(`unit.${name}`)}</dt><dd data-fact=${name}>${value}</dd>`)}
      <dt>${t('unit.updated')}</dt><dd>${updated ? day(updated) : '–'} ${stale ? html`<span class="badge lobby">${t('unit.stale')}</span>` : nothing}</dd>
      <dt>${t('unit.breaches')}</dt><dd data-fact="breaches">${Object.keys(breaches).length
        ? html`<ul class="plain">${Object.entries(breaches).map(([kind, count]) => html`<li data-kind=${kind}>${t(`breach.${kind}`)}: ${count}</li>`)}</ul>`
        : '0'}</dd></dl>
      <p class="row wrap">${t('unit.inventory')}${['xlsx', 'csv'].map(
        format => html`<a class="button quiet" data-testid="inventory-${format}" href="api/v1/directory/units/${encodeURIComponent(this.unit)}/inventory?format=${format}" download>${icon('download')}<span>${format.toUpperCase()}</span></a>`,
      )}</p>`;
  }
}

customElements.define('unit-card', UnitCard);
