// Element `closing-checklist`: the checklists that close a session, on the page of sessions.

import {html, nothing} from '../vendor/lit.js';
import {closingSheet, setSessionKind, tickClosingItem} from '../core/api.js';
import {t} from '../core/i18n.js';
import {hourMinute} from '../core/time.js';
import {errorMessage, RequestingElement, icon} from '../core/base.js';
import {loadingState} from '../core/states.js';

/**
 * Shows the closing checklists of a session (Điều 15.1): of the own point or, for the centre, of all. Items are
 * ticked in order only.
 */
export class ClosingChecklist extends RequestingElement {
  static properties = {session: {attribute: false}, sheet: {state: true}, all: {state: true}};

  constructor() {
    super();
    this.session = '';
    /** @type {ClosingSheet | null} */
    this.sheet = null;
    this.all = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.fetchSheet(() => closingSheet(this.session));
  }

  /** @param {() => Promise<ClosingSheet>} run */
  fetchSheet(run) {
    return this.attempt(async () => void (this.sheet = await run()));
  }

  render() {
    const {sheet} = this;
    if (!sheet) return html`${errorMessage(this.error)} ${this.error ? nothing : loadingState()}`;
    const mine = sheet.lists.filter(list => list.may_tick);
    const shown = this.all || mine.length < 4 ? mine : mine.slice(0, 2);
    return html`<section class="closing" data-testid="closing" data-complete=${sheet.complete}>
      <h3>${t('closing.title')} <span class="badge ${sheet.complete ? 'open' : 'lobby'}" data-testid="closing-state">${t(sheet.complete ? 'closing.complete' : 'closing.missing', sheet.missing)}</span></h3>
      ${errorMessage(this.error)} ${sheet.may_set_kind ? this.kind(sheet) : nothing}
      <div class="lists">${shown.map(list => this.list(list))}</div>
      ${shown.length < mine.length ? html`<button type="button" class="quiet" data-testid="closing-all" @click=${() => (this.all = true)}>${t('closing.all', mine.length)}</button>` : nothing}
    </section>`;
  }

  /** @param {ClosingSheet} sheet */
  kind({kind, kinds}) {
    return html`<label class="field kind"><span>${t('closing.kind')}</span>
      <select data-testid="kind" @change=${(/** @type {any} */ event) => this.fetchSheet(() => setSessionKind(this.session, event.target.value))}>
        ${kind ? nothing : html`<option value="" selected disabled>${t('closing.choose')}</option>`}
        ${Object.entries(kinds).map(([id, name]) => html`<option value=${id} ?selected=${id === kind}>${name}</option>`)}
      </select></label>`;
  }

  /** @param {ClosingPlace} list */
  list({point, items, turn}) {
    const last = items.filter(({at}) => at).at(-1)?.id;
    return html`<fieldset data-testid="closing-place" data-point=${point?.id ?? ''}>
      <legend title=${point?.name ?? nothing}>${point?.label ?? t('closing.centre')}</legend>
      ${items.map(
        ({id, name, by, at}) => html`<label class="option"><input type="checkbox" data-testid="tick" data-item=${id} .checked=${Boolean(at)} ?disabled=${id !== turn && id !== last}
            @change=${(/** @type {any} */ event) => this.fetchSheet(() => tickClosingItem(this.session, point?.id ?? null, id, event.target.checked))}>
          <span>${name}${at ? html` <small>${t('closing.by', by, hourMinute(at))}</small>` : nothing}</span></label>`,
      )}
      ${turn ? nothing : html`<p class="soft">${icon('check')} ${t('closing.place-done')}</p>`}
    </fieldset>`;
  }
}

customElements.define('closing-checklist', ClosingChecklist);
