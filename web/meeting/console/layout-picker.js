import {html, live, nothing} from '../../vendor/lit.js';
import {layouts} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {PLAIN, arrangement, forAudience, known} from '../client/layouts.js';
import {icon, Piece} from '../../core/base.js';
import './layout-editor.js';
import {pictogram} from './layout-plan.js';

/** @type {LayoutKind[]} The layouts a meeting mostly needs, one tap away. */
const QUICK = ['grid', 'speaker', 'single'];
const ANSWER_MS = 2000; // the server's word comes sooner, or not at all

/** @type {Audience[]} Whose picture it is. */
const AUDIENCES = ['everyone', 'host', 'components', 'systems', 'recording'];

/** The composed picture, for everyone or one audience: three layouts at once, whom to show large, all others in the editor, one step back. Acts `command` with a message. */
export class LayoutPicker extends Piece {
  static properties = {shown: {attribute: false}, own: {attribute: false}, seats: {attribute: false}, audience: {state: true}, plans: {state: true}, former: {state: true}};

  constructor() {
    super();
    /** @type {Layout} what everyone sees */
    this.shown = PLAIN;
    /** @type {Partial<Record<Audience, Layout>>} what some audiences see instead */
    this.own = {};
    /** @type {Audience} whose picture is being arranged */
    this.audience = 'everyone';
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {LayoutPlan[]} */
    this.plans = [];
    /** @type {Partial<Record<Audience, Layout>>} what was shown before our last change */
    this.former = {};
    /** @type {Partial<Record<Audience, {layout: Layout, at: number}>>} what we asked for last */
    this.asked = {};
  }

  connectedCallback() {
    super.connectedCallback();
    layouts().then(plans => (this.plans = plans), () => {}); // without them the buttons still have their words
  }

  get layout() {
    return forAudience(this.audience, this.own, this.shown);
  }

  same() {
    this.former = {...this.former, [this.audience]: this.current};
    delete this.asked[this.audience];
    this.act('command', {type: 'layout-same', audience: this.audience});
  }

  /** What the next change starts from: what was asked for a moment ago, though nobody has answered yet. @returns {Layout} */
  get current() {
    const asked = this.asked[this.audience];
    return asked && performance.now() - asked.at < ANSWER_MS ? asked.layout : arrangement(this.layout);
  }

  /** @param {Layout} layout */
  set(layout) {
    this.former = {...this.former, [this.audience]: this.current};
    this.asked[this.audience] = {layout, at: performance.now()};
    this.act('command', {type: 'layout', audience: this.audience, ...layout});
  }

  /** @param {Partial<Layout>} changed */
  choose(changed) {
    this.set({...this.current, page: 0, seats: [], ...changed});
  }

  undo() {
    const former = this.former[this.audience];
    if (former) this.set(known(former, this.seats));
  }

  render() {
    const {kind, focus} = this.layout;
    return html`<div class="layouts" role="group" aria-label=${t('layout.title')}>
      ${this.own[this.audience] ? html`<button type="button" class="tool" data-testid="layout-same" @click=${this.same}>${icon('undo')}<span>${t(this.audience === 'systems' ? 'layout.same.systems' : 'layout.same')}</span></button>` : nothing}
      ${QUICK.map(
        one => html`<button type="button" class="tool" data-testid="layout-${one}" aria-pressed=${one === kind} @click=${() => this.choose({kind: one})}>
          ${pictogram(this.plans.find(plan => plan.kind === one))}<span>${t(`layout.${one}`)}</span>
        </button>`,
      )}
      <button type="button" class="tool" data-testid="arrange" aria-pressed=${!QUICK.includes(kind)} @click=${this.edit}>
        ${QUICK.includes(kind) ? icon('view') : pictogram(this.plans.find(plan => plan.kind === kind))}<span>${t('layout.arrange')}</span>
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
      <layout-editor .layout=${arrangement(this.layout)} .seats=${this.seats} .plans=${this.plans} .undoable=${this.audience in this.former}
        @apply=${(/** @type {CustomEvent<Layout>} */ {detail}) => this.set(detail)} @undo=${this.undo}></layout-editor>
    </div>`;
  }

  edit() {
    /** @type {import('./layout-editor.js').LayoutEditor} */ (this.querySelector('layout-editor')).open();
  }
}

customElements.define('layout-picker', LayoutPicker);
