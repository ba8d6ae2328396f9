// Element `layout-editor`: the dialog in which a layout is prepared, for layout-picker.js.

import {html, live, nothing} from '../../vendor/lit.js';
import {layouts} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {filterSeats, properName} from '../client/meeting-state.js';
import {DEFAULT_LAYOUT, withoutUnknownSeats, withKind, panesWanted, withPin, pinnable, isSameLayout} from '../client/layouts.js';
import {icon, BaseElement} from '../../core/base.js';
import {paneMap, pictogram} from './layout-plan.js';

const ROTATE_SECONDS = [0, 10, 20, 30, 60];

/**
 * Prepares a layout: choose a kind, tap a pane, tap a point. Fires `apply` with it.
 */
export class LayoutEditor extends BaseElement {
  static properties = {layout: {attribute: false}, seats: {attribute: false}, plans: {attribute: false}, draft: {state: true}, pane: {state: true}, fittedPlans: {state: true}, text: {state: true}};

  constructor() {
    super();
    /** @type {Layout} what everyone sees now */
    this.layout = DEFAULT_LAYOUT;
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {LayoutPlan[]} */
    this.plans = [];
    /** @type {Layout} */
    this.draft = DEFAULT_LAYOUT;
    this.pane = 0;
    /** @type {LayoutPlan[]} the layouts for as many panes as are wanted */
    this.fittedPlans = [];
    this.fittedFor = 0;
    this.text = '';
  }

  open() {
    this.draft = this.layout;
    this.pane = 0;
    this.text = '';
    /** @type {HTMLDialogElement} */ (this.querySelector('dialog')).showModal();
    this.requestUpdate();
  }

  /** @param {Partial<Layout>} changed */
  change(changed) {
    this.draft = {...this.draft, ...changed};
  }

  /** @param {string | null} seat */
  pinSeat(seat) {
    this.draft = withPin(this.draft, this.pane, seat);
    if (seat !== null) this.pane = Math.min(this.pane + 1, this.paneCount - 1);
  }

  apply() {
    this.emit('apply', withoutUnknownSeats(this.draft, this.seats));
  }

  get plan() {
    return this.fittedPlans.find(({kind}) => kind === this.draft.kind);
  }

  get paneCount() {
    return this.plan?.most ?? 1;
  }

  /** Fetch growing layouts again when more panes are needed; after a failure the last ones stay. */
  async updated() {
    const wanted = panesWanted(this.seats, this.draft);
    if (!this.querySelector('dialog')?.open || wanted === this.fittedFor) return;
    this.fittedFor = wanted;
    try {
      this.fittedPlans = await layouts(wanted);
    } catch {
      this.fittedFor = 0;
    }
  }

  render() {
    return html`<dialog class="wide editor" aria-label=${t('layout.arrange')}>
      <div class="plans" role="group" aria-label=${t('layout.title')}>${this.plans.map(plan => this.choice(plan))}</div>
      <div class="panes">
        <div class="column">${this.plan ? paneMap(this.plan, pane => this.paneLabel(pane), this.pane, pane => (this.pane = pane)) : nothing}${this.marks()}</div>
        ${this.people()}
      </div>
      <form method="dialog" class="row end">
        <button>${t('app.close')}</button>
        <button class="main" data-testid="layout-apply" ?disabled=${isSameLayout(this.draft, this.layout)} @click=${this.apply}>${icon('check')}${t('layout.apply')}</button>
      </form>
    </dialog>`;
  }

  /** @param {LayoutPlan} plan */
  choice(plan) {
    return html`<button type="button" class="plan-choice" data-testid="plan-${plan.kind}" aria-pressed=${plan.kind === this.draft.kind}
      @click=${() => ((this.draft = withKind(this.draft, plan)), (this.pane = Math.min(this.pane, plan.most - 1)))}>
      ${pictogram(plan)}<span>${t(`layout.${plan.kind}`)}</span>
    </button>`;
  }

  /** @param {number} pane */
  paneLabel(pane) {
    const pinned = this.draft.seats[pane];
    const role = this.plan?.cells[pane]?.role ?? 'seat';
    const seat = pinned && this.seats.find(one => one.seat === pinned);
    return seat ? properName(seat) : t(`layout.waits-${role}`);
  }

  people() {
    const found = filterSeats(pinnable(this.seats), 'all', this.text);
    const pinned = this.draft.seats[this.pane] ?? null;
    return html`<div class="people">
      <p>${t('layout.who', this.pane + 1)}</p>
      <input type="search" aria-label=${t('register.search')} placeholder=${t('register.search')} .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
      <div class="names">
        <button type="button" data-testid="pin-nobody" aria-pressed=${pinned === null} @click=${() => this.pinSeat(null)}>${t('layout.automatic')}</button>
        ${found.map(seat => html`<button type="button" data-testid="pin" data-point=${seat.point} aria-pressed=${pinned === seat.seat} @click=${() => this.pinSeat(seat.seat)}>
          ${properName(seat)}${seat.here ? nothing : html`<small>${t('layout.absent')}</small>`}
        </button>`)}
      </div>
    </div>`;
  }

  marks() {
    const {empty, title, clock, page, rotate} = this.draft;
    return html`<div class="row wrap">
      ${this.mark('title', title)}${this.mark('clock', clock)}${this.mark('empty', empty)}
      <span class="row"><span>${t('layout.page')}</span>
        <button type="button" aria-label=${t('layout.page-back')} ?disabled=${page === 0} @click=${() => this.change({page: page - 1})}>${icon('previous')}</button>
        <output data-testid="layout-page">${page + 1}</output>
        <button type="button" data-testid="layout-page-on" aria-label=${t('layout.page-on')} @click=${() => this.change({page: page + 1})}>${icon('next')}</button></span>
      <label class="row"><span>${t('layout.rotate')}</span>
        <select data-testid="layout-rotate" @change=${(/** @type {any} */ event) => this.change({rotate: Number(event.target.value)})}>
          ${ROTATE_SECONDS.map(seconds => html`<option value=${seconds} .selected=${live(seconds === rotate)}>${seconds ? t('layout.every', seconds) : t('layout.never')}</option>`)}
        </select></label>
    </div>`;
  }

  /** @param {'title' | 'clock' | 'empty'} name @param {boolean} on */
  mark(name, on) {
    return html`<label class="option"><input type="checkbox" data-testid="layout-${name}" .checked=${on}
      @change=${(/** @type {any} */ event) => this.change({[name]: event.target.checked})}><span>${t(`layout.mark-${name}`)}</span></label>`;
  }
}

customElements.define('layout-editor', LayoutEditor);
