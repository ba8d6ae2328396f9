// The bar over the queue by which several sessions are refused, or offered other times, at once. For queue.js. Codes are
// not issued so: what fits gets one by itself, and a plan that takes codes from others is looked at alone.

import {html} from '../vendor/lit.js';
import {icon} from '../core/base.js';
import {t} from '../core/i18n.js';

/** Return the sessions for which another time is known. @param {QueueStanding[]} standings */
export const movable = standings => standings.filter(({reason}) => reason?.suggestions.length);

/**
 * Draw the bar.
 * @param {{waiting: QueueStanding[], picked: QueueStanding[], busy: boolean}} queue
 * @param {{pickAll: (on: boolean) => void, propose: () => void, refuse: () => void}} acts
 */
export const bulkBar = ({waiting, picked, busy}, {pickAll, propose, refuse}) => html`<div class="row wrap bulk" role="group" aria-label=${t('queue-page.bulk')}>
  <label class="option"><input type="checkbox" data-testid="pick-all" .checked=${picked.length === waiting.length} .indeterminate=${picked.length > 0 && picked.length < waiting.length}
    @change=${(/** @type {any} */ {target}) => pickAll(target.checked)}><span>${t('queue-page.pick-all')}</span></label>
  <span role="status" data-testid="picked">${t('queue-page.picked', picked.length, waiting.length)}</span>
  <button type="button" data-testid="bulk-propose" ?disabled=${busy || !movable(picked).length} @click=${propose}>${icon('clock')}<span>${t('queue-page.propose-all', movable(picked).length)}</span></button>
  <button type="button" class="danger" data-testid="bulk-refuse" ?disabled=${busy || !picked.length} @click=${refuse}>${icon('cross')}<span>${t('queue-page.refuse-all', picked.length)}</span></button>
</div>`;
