// Element `script-editor`: the items of a script, in the register form and in the console.

import {html, nothing} from '../../vendor/lit.js';
import {layouts} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {ITEM_KINDS, blankItem, withItemChanged, withItemMoved, plannedMinutes, withoutItem} from '../client/script.js';
import {icon, BaseElement} from '../../core/base.js';
import './script-spreadsheet.js';

/**
 * Adds, changes, moves and deletes items of a script. Fires `script` with the new list; `points` are those an item
 * may name.
 */
export class ScriptEditor extends BaseElement {
  static properties = {items: {attribute: false}, points: {attribute: false}, host: {}, kinds: {state: true}};

  constructor() {
    super();
    /** @type {ScriptItem[]} */
    this.items = [];
    /** @type {Named[]} */
    this.points = [];
    /** The host point, which leads items that name no point. */
    this.host = '';
    /** @type {LayoutKind[]} */
    this.kinds = [];
  }

  connectedCallback() {
    super.connectedCallback();
    layouts().then(plans => (this.kinds = plans.map(({kind}) => kind)), () => {}); // without them the picture stays as it is arranged
  }

  /** @param {ScriptItem[]} items */
  emitItems(items) {
    this.emit('script', items);
  }

  /** @param {number} place @param {Partial<ScriptItem>} fields */
  change(place, fields) {
    this.emitItems(withItemChanged(this.items, place, fields));
  }

  render() {
    const {items} = this;
    return html`<ol class="script-items">${items.map((item, place) => this.row(item, place))}</ol>
      <div class="row between">
        <button type="button" data-testid="script-add" @click=${() => this.emitItems([...items, blankItem()])}>${icon('plus')}<span>${t('script.add')}</span></button>
        ${items.length ? html`<span class="soft" data-testid="script-planned">${t('script.planned', plannedMinutes(items))}</span>` : nothing}
      </div>
      <script-spreadsheet .items=${items} .points=${this.points} .host=${this.host}></script-spreadsheet>`;
  }

  /** @param {ScriptItem} item @param {number} place */
  row(item, place) {
    return html`<li data-testid="script-item">
      <div class="field wide">
        <label for="script-title-${place}">${t('script.title-of', place + 1)}</label>
        <input id="script-title-${place}" name="script.${place}.title" data-testid="script-title" required maxlength="200" .value=${item.title} @input=${(/** @type {any} */ {target}) => this.change(place, {title: target.value})}>
      </div>
      ${this.choice(place, 'kind', ITEM_KINDS.map(kind => [kind, t(`script.kind-${kind}`)]), item.kind)}
      ${this.choice(place, 'point', [['', t('script.host')], ...this.points.filter(({id}) => id !== this.host).map(({id, name}) => [id, name])], item.point ?? '')}
      ${this.choice(place, 'layout', [['', t('script.as-is')], ...this.kinds.map(kind => [kind, t(`layout.${kind}`)])], item.layout ?? '')}
      <div class="field minutes">
        <label for="script-minutes-${place}">${t('script.minutes')}</label>
        <input id="script-minutes-${place}" name="script.${place}.minutes" data-testid="script-minutes" type="number" required min="1" max="600" .value=${String(item.minutes)} @input=${(/** @type {any} */ {target}) => this.change(place, {minutes: Math.round(target.valueAsNumber) || 0})}>
      </div>
      <div class="row">${this.button(place, 'up', withItemMoved(this.items, place, -1), place === 0)} ${this.button(place, 'down', withItemMoved(this.items, place, 1), place === this.items.length - 1)}
        ${this.button(place, 'cross', withoutItem(this.items, place), false)}</div>
    </li>`;
  }

  /**
   * @param {number} place
   * @param {'kind' | 'point' | 'layout'} name
   * @param {string[][]} options
   * @param {string} chosen
   */
  choice(place, name, options, chosen) {
    return html`<div class="field">
      <label for="script-${name}-${place}">${t(`script.${name}`)}</label>
      <select id="script-${name}-${place}" name="script.${place}.${name}" data-testid="script-${name}" @change=${(/** @type {any} */ {target}) => this.change(place, {[name]: target.value || null})}>
        ${options.map(([value, words]) => html`<option value=${value} ?selected=${value === chosen}>${words}</option>`)}
      </select>
    </div>`;
  }

  /**
   * @param {number} place
   * @param {'up' | 'down' | 'cross'} name
   * @param {ScriptItem[]} items
   * @param {boolean} disabled
   */
  button(place, name, items, disabled) {
    return html`<button type="button" class="quiet" data-testid="script-${name}" ?disabled=${disabled} aria-label=${t(`script.${name}`, place + 1)} title=${t(`script.${name}`, place + 1)}
      @click=${() => this.emitItems(items)}>${icon(name)}</button>`;
  }
}

customElements.define('script-editor', ScriptEditor);
