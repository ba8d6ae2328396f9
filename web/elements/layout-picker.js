import {html} from '../vendor/lit.js';
import {t} from '../i18n.js';
import {icon, Piece} from './base.js';

/** @type {LayoutKind[]} */
const KINDS = ['grid', 'speaker', 'single'];

/** The composed picture for everyone: three pictograms and whom to show large. Acts `command` with a message. */
export class LayoutPicker extends Piece {
  static properties = {layout: {attribute: false}, seats: {attribute: false}};

  constructor() {
    super();
    /** @type {Layout} */
    this.layout = {kind: 'grid', focus: null};
    /** @type {Seat[]} */
    this.seats = [];
  }

  /** @param {Partial<Layout>} changed */
  choose(changed) {
    this.act('command', {type: 'layout', ...this.layout, ...changed});
  }

  render() {
    const {kind, focus} = this.layout;
    return html`<div class="layouts" role="group" aria-label=${t('layout.title')}>
      ${KINDS.map(
        one => html`<button type="button" class="tool" data-testid="layout-${one}" aria-pressed=${one === kind} @click=${() => this.choose({kind: one})}>
          ${icon(one, 'wide')}<span>${t(`layout.${one}`)}</span>
        </button>`,
      )}
      <label class="tool select"><span>${t('layout.focus')}</span>
        <select data-testid="focus" @change=${(/** @type {any} */ event) => this.choose({focus: event.target.value || null})}>
          <option value="" ?selected=${!focus}>${t('layout.follow')}</option>
          ${this.seats.filter(({here, role}) => here && role !== 'observer').map(({seat, name}) => html`<option value=${seat} ?selected=${seat === focus}>${name}</option>`)}
        </select>
      </label>
    </div>`;
  }
}

customElements.define('layout-picker', LayoutPicker);
