import {html} from '../vendor/lit.js';
import {layouts} from '../api.js';
import {t} from '../i18n.js';
import {PLAIN, arrangement, known} from '../layouts.js';
import {icon, Piece} from './base.js';
import './layout-editor.js';
import {pictogram} from './plan-view.js';

/** @type {LayoutKind[]} The layouts a meeting mostly needs, one tap away. */
const QUICK = ['grid', 'speaker', 'single'];
const ANSWER_MS = 2000; // the server's word comes sooner, or not at all

/** The composed picture for everyone: three layouts at once, whom to show large, all others in the editor, one step back. Acts `command` with a message. */
export class LayoutPicker extends Piece {
  static properties = {layout: {attribute: false}, seats: {attribute: false}, plans: {state: true}, former: {state: true}};

  constructor() {
    super();
    /** @type {Layout} */
    this.layout = PLAIN;
    /** @type {Seat[]} */
    this.seats = [];
    /** @type {LayoutPlan[]} */
    this.plans = [];
    /** @type {Layout | null} what was shown before our last change */
    this.former = null;
    /** @type {{layout: Layout, at: number} | null} what we asked for last */
    this.asked = null;
  }

  connectedCallback() {
    super.connectedCallback();
    layouts().then(plans => (this.plans = plans), () => {}); // without them the buttons still have their words
  }

  /** What the next change starts from: what was asked for a moment ago, though nobody has answered yet. @returns {Layout} */
  get current() {
    const fresh = this.asked && performance.now() - this.asked.at < ANSWER_MS;
    return fresh && this.asked ? this.asked.layout : arrangement(this.layout);
  }

  /** @param {Layout} layout */
  set(layout) {
    this.former = this.current;
    this.asked = {layout, at: performance.now()};
    this.act('command', {type: 'layout', ...layout});
  }

  /** @param {Partial<Layout>} changed */
  choose(changed) {
    this.set({...this.current, page: 0, seats: [], ...changed});
  }

  undo() {
    if (this.former) this.set(known(this.former, this.seats));
  }

  render() {
    const {kind, focus} = this.layout;
    return html`<div class="layouts" role="group" aria-label=${t('layout.title')}>
      ${QUICK.map(
        one => html`<button type="button" class="tool" data-testid="layout-${one}" aria-pressed=${one === kind} @click=${() => this.choose({kind: one})}>
          ${pictogram(this.plans.find(plan => plan.kind === one))}<span>${t(`layout.${one}`)}</span>
        </button>`,
      )}
      <button type="button" class="tool" data-testid="arrange" aria-pressed=${!QUICK.includes(kind)} @click=${this.edit}>
        ${QUICK.includes(kind) ? icon('view') : pictogram(this.plans.find(plan => plan.kind === kind))}<span>${t('layout.arrange')}</span>
      </button>
      <label class="tool select"><span>${t('layout.focus')}</span>
        <select data-testid="focus" @change=${(/** @type {any} */ event) => this.set({...this.current, focus: event.target.value || null})}>
          <option value="" ?selected=${!focus}>${t('layout.follow')}</option>
          ${this.seats.filter(({here, role}) => here && role !== 'observer').map(({seat, name}) => html`<option value=${seat} ?selected=${seat === focus}>${name}</option>`)}
        </select>
      </label>
      <layout-editor .layout=${arrangement(this.layout)} .seats=${this.seats} .plans=${this.plans} .undoable=${this.former !== null}
        @apply=${(/** @type {CustomEvent<Layout>} */ {detail}) => this.set(detail)} @undo=${this.undo}></layout-editor>
    </div>`;
  }

  edit() {
    /** @type {import('./layout-editor.js').LayoutEditor} */ (this.querySelector('layout-editor')).open();
  }
}

customElements.define('layout-picker', LayoutPicker);
