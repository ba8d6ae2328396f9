// Element `layout-picker`: the layout of each audience, in the console.

import {html, live, nothing} from '../../vendor/lit.js';
import {layouts} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {DEFAULT_LAYOUT, layoutFields, layoutForAudience, withoutUnknownSeats} from '../client/layouts.js';
import {icon, BaseElement} from '../../core/base.js';
import './layout-editor.js';
import {pictogram} from './layout-plan.js';

/** @type {LayoutKind[]} The layouts a meeting mostly needs, one tap away. */
const QUICK_LAYOUTS = ['grid', 'speaker', 'single'];
const REPLY_MS = 2000; // the server replies sooner, or not at all

/** @type {Audience[]} Whose picture it is. */
const AUDIENCES = ['everyone', 'host', 'components', 'systems', 'recording'];

/**
 * Chooses the layout of everyone or of one audience: three layouts by one tap, whom to show large, all others in the
 * editor, and undo. Fires `command` with a message.
 */
export class LayoutPicker extends BaseElement {
  static properties = {shown: {attribute: false}, own: {attribute: false}, seats: {attribute: false}, audience: {state: true}, plans: {state: true}, undoLayouts: {state: true}};

  constructor() {
    super();
    /** @type {Layout} what everyone sees */
    this.shown = DEFAULT_LAYOUT;
    /** @type {Partial<Record<Audience, Layout>>} what some audiences see instead */
    this.own = {};
    /** @type {Audience} whose picture is being arranged */
    this.audience = 'everyone';
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {LayoutPlan[]} */
    this.plans = [];
    /** @type {Partial<Record<Audience, Layout>>} what was shown before our last change */
    this.undoLayouts = {};
    /** @type {Partial<Record<Audience, {layout: Layout, at: number}>>} what we asked for last */
    this.requested = {};
  }

  connectedCallback() {
    super.connectedCallback();
    layouts().then(plans => (this.plans = plans), () => {}); // without them the buttons still have their words
  }

  get layout() {
    return layoutForAudience(this.audience, this.own, this.shown);
  }

  showSameAsEveryone() {
    this.undoLayouts = {...this.undoLayouts, [this.audience]: this.current};
    delete this.requested[this.audience];
    this.emit('command', {type: 'layout-same', audience: this.audience});
  }

  /**
   * Return the layout that the next change starts from: the one requested a moment ago, even without a reply yet.
   * @returns {Layout}
   */
  get current() {
    const latest = this.requested[this.audience];
    return latest && performance.now() - latest.at < REPLY_MS ? latest.layout : layoutFields(this.layout);
  }

  /** @param {Layout} layout */
  set(layout) {
    this.undoLayouts = {...this.undoLayouts, [this.audience]: this.current};
    this.requested[this.audience] = {layout, at: performance.now()};
    this.emit('command', {type: 'layout', audience: this.audience, ...layout});
  }

  /** @param {Partial<Layout>} changed */
  choose(changed) {
    this.set({...this.current, page: 0, seats: [], ...changed});
  }

  undo() {
    const former = this.undoLayouts[this.audience];
    if (former) this.set(withoutUnknownSeats(former, this.seats));
  }

  render() {
    const {kind, focus} = this.layout;
    return html`<div class="layouts" role="group" aria-label=${t('layout.title')}>
      ${this.own[this.audience] ? html`<button type="button" class="tool" data-testid="layout-same" @click=${this.showSameAsEveryone}>${icon('undo')}<span>${t(this.audience === 'systems' ? 'layout.same.systems' : 'layout.same')}</span></button>` : nothing}
      ${QUICK_LAYOUTS.map(
        one => html`<button type="button" class="tool" data-testid="layout-${one}" aria-pressed=${one === kind} @click=${() => this.choose({kind: one})}>
          ${pictogram(this.plans.find(plan => plan.kind === one))}<span>${t(`layout.${one}`)}</span>
        </button>`,
      )}
      <button type="button" class="tool" data-testid="arrange" aria-pressed=${!QUICK_LAYOUTS.includes(kind)} @click=${this.edit}>
        ${QUICK_LAYOUTS.includes(kind) ? icon('view') : pictogram(this.plans.find(plan => plan.kind === kind))}<span>${t('layout.arrange')}</span>
      </button>
      <div class="picks">
        <select aria-label=${t('layout.audience')} data-testid="audience" @change=${(/** @type {any} */ event) => (this.audience = event.target.value)}>
          ${AUDIENCES.map(one => html`<option value=${one} ?selected=${one === this.audience}>${t(`audience.${one}`)}${this.own[one] ? ' *' : ''}</option>`)}
        </select>
        <select aria-label=${t('layout.focus')} data-testid="focus" @change=${(/** @type {any} */ event) => this.set({...this.current, focus: event.target.value || null})}>
          <option value="" .selected=${live(!focus)}>${t('layout.follow')}</option>
          ${this.seats.filter(({here, role}) => here && role !== 'observer').map(({seat, name}) => html`<option value=${seat} .selected=${live(seat === focus)}>${name}</option>`)}
        </select>
      </div>
      <layout-editor .layout=${layoutFields(this.layout)} .seats=${this.seats} .plans=${this.plans} .undoable=${this.audience in this.undoLayouts}
        @apply=${(/** @type {CustomEvent<Layout>} */ {detail}) => this.set(detail)} @undo=${this.undo}></layout-editor>
    </div>`;
  }

  edit() {
    /** @type {import('./layout-editor.js').LayoutEditor} */ (this.querySelector('layout-editor')).open();
  }
}

customElements.define('layout-picker', LayoutPicker);
