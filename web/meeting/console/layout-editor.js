import {html, live, nothing} from '../../vendor/lit.js';
import {layouts} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {fold} from '../client/meeting-state.js';
import {PLAIN, known, ofKind, panesWanted, pin, pinnable, same} from '../client/layouts.js';
import {icon, Piece} from '../../core/base.js';
import {paneMap, pictogram} from './layout-plan.js';

const TURNS = [0, 10, 20, 30, 60];

/** Prepares an arrangement: choose a layout, tap a pane, tap a point. Acts `apply` with it, nothing changes before; `undo` takes the last change back. */
export class LayoutEditor extends Piece {
  static properties = {layout: {attribute: false}, seats: {attribute: false}, plans: {attribute: false}, undoable: {type: Boolean}, draft: {state: true}, pane: {state: true}, drawn: {state: true}, text: {state: true}};

  constructor() {
    super();
    /** @type {Layout} what everyone sees now */
    this.layout = PLAIN;
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {LayoutPlan[]} */
    this.plans = [];
    this.undoable = false;
    /** @type {Layout} */
    this.draft = PLAIN;
    this.pane = 0;
    /** @type {LayoutPlan[]} the layouts for as many panes as are wanted */
    this.drawn = [];
    this.wanted = 0;
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
  put(seat) {
    this.draft = pin(this.draft, this.pane, seat);
    if (seat !== null) this.pane = Math.min(this.pane + 1, this.most - 1);
  }

  apply() {
    this.act('apply', known(this.draft, this.seats));
  }

  get plan() {
    return this.drawn.find(({kind}) => kind === this.draft.kind);
  }

  get most() {
    return this.plan?.most ?? 1;
  }

  /** Growing layouts are drawn anew when somebody came; a failure leaves the last drawing. */
  async updated() {
    const wanted = panesWanted(this.seats, this.draft);
    if (!this.querySelector('dialog')?.open || wanted === this.wanted) return;
    this.wanted = wanted;
    try {
      this.drawn = await layouts(wanted);
    } catch {
      this.wanted = 0;
    }
  }

  render() {
    return html`<dialog class="wide editor" aria-label=${t('layout.arrange')}>
      <div class="plans" role="group" aria-label=${t('layout.title')}>${this.plans.map(plan => this.choice(plan))}</div>
      <div class="desk">
        <div class="column">${this.plan ? paneMap(this.plan, pane => this.says(pane), this.pane, pane => (this.pane = pane)) : nothing}${this.marks()}</div>
        ${this.people()}
      </div>
      <form method="dialog" class="row end">
        <button data-testid="layout-undo" ?disabled=${!this.undoable} @click=${() => this.act('undo')}>${icon('undo')}${t('layout.undo')}</button>
        <button>${t('app.close')}</button>
        <button class="main" data-testid="layout-apply" ?disabled=${same(this.draft, this.layout)} @click=${this.apply}>${icon('check')}${t('layout.apply')}</button>
      </form>
    </dialog>`;
  }

  /** @param {LayoutPlan} plan */
  choice(plan) {
    return html`<button type="button" class="plan-choice" data-testid="plan-${plan.kind}" aria-pressed=${plan.kind === this.draft.kind}
      @click=${() => ((this.draft = ofKind(this.draft, plan)), (this.pane = Math.min(this.pane, plan.most - 1)))}>
      ${pictogram(plan)}<span>${t(`layout.${plan.kind}`)}</span>
    </button>`;
  }

  /** @param {number} pane */
  says(pane) {
    const pinned = this.draft.seats[pane];
    const role = this.plan?.cells[pane]?.role ?? 'seat';
    return (pinned && this.seats.find(({seat}) => seat === pinned)?.name) || t(`layout.waits-${role}`);
  }

  people() {
    const wanted = fold(this.text.trim());
    const found = pinnable(this.seats).filter(({name}) => fold(name).includes(wanted));
    const pinned = this.draft.seats[this.pane] ?? null;
    return html`<div class="people">
      <p>${t('layout.who', this.pane + 1)}</p>
      <input type="search" aria-label=${t('register.search')} placeholder=${t('register.search')} .value=${this.text} @input=${(/** @type {any} */ event) => (this.text = event.target.value)}>
      <div class="names">
        <button type="button" data-testid="pin-nobody" aria-pressed=${pinned === null} @click=${() => this.put(null)}>${t('layout.automatic')}</button>
        ${found.map(({seat, name, here}) => html`<button type="button" data-testid="pin" aria-pressed=${pinned === seat} @click=${() => this.put(seat)}>
          ${name}${here ? nothing : html`<small>${t('layout.absent')}</small>`}
        </button>`)}
      </div>
    </div>`;
  }

  marks() {
    const {empty, title, clock, page, rotate} = this.draft;
    return html`<div class="row wrap">
      ${this.mark('title', title)}${this.mark('clock', clock)}${this.mark('empty', empty)}
      <span class="row"><span>${t('layout.page')}</span>
        <button type="button" aria-label=${t('layout.page-back')} ?disabled=${page === 0} @click=${() => this.change({page: page - 1})}>−</button>
        <output data-testid="layout-page">${page + 1}</output>
        <button type="button" data-testid="layout-page-on" aria-label=${t('layout.page-on')} @click=${() => this.change({page: page + 1})}>+</button></span>
      <label class="row"><span>${t('layout.rotate')}</span>
        <select data-testid="layout-rotate" @change=${(/** @type {any} */ event) => this.change({rotate: Number(event.target.value)})}>
          ${TURNS.map(seconds => html`<option value=${seconds} .selected=${live(seconds === rotate)}>${seconds ? t('layout.every', seconds) : t('layout.never')}</option>`)}
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
