// Element `guest-access`: sessions that another agency's point may enter, on the card of a point.

import {html, nothing} from '../vendor/lit.js';
import {postTo, grants} from '../core/api.js';
import {t} from '../core/i18n.js';
import {slot} from '../core/time.js';
import {errorMessage, RequestingElement} from '../core/base.js';
import {emptyState, pageLink} from '../core/states.js';

/** Grants sessions to a point of another agency; shows nothing for points that need no grant. */
export class GuestAccess extends RequestingElement {
  static properties = {point: {attribute: false}, edit: {attribute: false}, grants: {state: true}};

  constructor() {
    super();
    /** @type {TreePoint | null} */
    this.point = null;
    this.edit = false;
    /** @type {Grants | null} */
    this.grants = null;
  }

  get path() {
    return `directory/points/${encodeURIComponent(this.point?.id ?? '')}/grants`;
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    const before = /** @type {TreePoint | null | undefined} */ (changed.get('point'));
    if (changed.has('point') && before?.id !== this.point?.id) this.fetchGrants(() => grants(this.point?.id ?? ''));
  }

  /** @param {() => Promise<Grants>} ask */
  fetchGrants(ask) {
    return this.attempt(async () => void (this.grants = await ask()));
  }

  render() {
    if (!this.grants?.needed) return errorMessage(this.error);
    const {sessions} = this.grants;
    return html`<details class="card"><summary data-testid="fold-grants">${t('grants.title')}</summary>
      ${errorMessage(this.error)}<p class="soft">${t('grants.hint')}</p>
      ${sessions.length ? html`<ul class="plain">${sessions.map(each => this.row(each))}</ul>` : emptyState({title: t('grants.none'), action: pageLink('sessions'), testid: 'grants-none', slim: true})}
    </details>`;
  }

  /** @param {Grants['sessions'][number]} session */
  row({session, number, title, official, granted}) {
    return html`<li class="row between" data-testid="grant-row"><span><strong>${title}</strong> · ${number} · ${slot(official)}
        <span class="badge ${granted ? 'open' : 'lobby'}">${t(granted ? 'grants.yes' : 'grants.no')}</span></span>
      ${this.edit
        ? html`<button type="button" data-testid="grant" @click=${() => this.fetchGrants(() => postTo(this.path, {session, granted: !granted}))}>${t(granted ? 'grants.take' : 'grants.give')}</button>`
        : nothing}</li>`;
  }
}

customElements.define('guest-access', GuestAccess);
