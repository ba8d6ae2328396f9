// Element `layout-picker`: the layout of each audience, in the console.

import {html, live, nothing} from '../../vendor/lit.js';
import {layouts} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {DEFAULT_LAYOUT, layoutFields, layoutForAudience, withoutUnknownSeats} from '../client/layouts.js';
import {properName} from '../client/meeting-state.js';
import {icon, BaseElement} from '../../core/base.js';
import {loadPart} from '../../core/parts.js';
import {pictogram} from './layout-plan.js';
import './more-menu.js';
import {layoutOfPreset, presetOf, presets} from './presets.js';

/** @type {LayoutKind[]} The layouts a meeting mostly needs, one tap away. */
const QUICK_LAYOUTS = ['grid', 'speaker', 'single', 'lecture', 'content', 'side-by-side', '1+5', '1+7', '2x2', '3x3'];
const REPLY_MS = 2000; // the server replies sooner, or not at all

/** @type {Audience[]} Whose picture it is. */
const AUDIENCES = ['everyone', 'host', 'components', 'systems', 'recording'];

/**
 * Chooses the layout of everyone or of one audience: ten layouts and six presets by one tap, whom to show large, all
 * others in the editor; at once or prepared first; and undo. Fires `command` with a message.
 */
export class LayoutPicker extends BaseElement {
  static properties = {
    shown: {attribute: false}, own: {attribute: false}, seats: {attribute: false}, onePicture: {type: Boolean}, audience: {state: true}, plans: {state: true}, undoLayouts: {state: true},
    saved: {attribute: false}, prepared: {state: true}, saving: {state: true},
  };

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
    /** Whether everyone gets the layout as one composed picture, the same everywhere. */
    this.onePicture = false;
    /** @type {LayoutPlan[]} */
    this.plans = [];
    /** @type {Partial<Record<Audience, Layout>>} what was shown before our last change */
    this.undoLayouts = {};
    /** @type {Partial<Record<Audience, {layout: Layout, at: number}>>} what we asked for last */
    this.requested = {};
    /** @type {Layout | null} what is being prepared and nobody sees */
    this.prepared = null;
    /** @type {SavedPreset[]} the presets that the session has */
    this.saved = [];
    /** Whether the next preset is not shown but replaced. */
    this.saving = false;
  }

  connectedCallback() {
    super.connectedCallback();
    layouts().then(plans => (this.plans = plans), () => {}); // without them the buttons still have their words
  }

  /** The layouts on the keys 1 to 6. */
  get presets() {
    return presets(this.saved);
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

  /** The layout that the buttons change: the prepared one, else what is shown. */
  get target() {
    return this.prepared ?? this.layout;
  }

  /** Change the prepared layout, or at once what is shown. @param {Partial<Layout>} changed */
  change(changed) {
    if (this.prepared) this.prepared = {...this.prepared, ...changed};
    else this.set({...this.current, ...changed});
  }

  /** @param {Partial<Layout>} changed */
  choose(changed) {
    this.change({page: 0, seats: [], ...changed});
  }

  undo() {
    const former = this.undoLayouts[this.audience];
    if (former) this.set(withoutUnknownSeats(former, this.seats));
  }

  render() {
    const {kind, focus} = this.target;
    const others = !QUICK_LAYOUTS.includes(kind);
    return html`<div class="layouts" role="group" aria-label=${t('layout.title')}>
        ${QUICK_LAYOUTS.map(one => this.thumbnail(one))}
        <button type="button" class="thumbnail" data-testid="arrange" aria-pressed=${others && !this.prepared} data-prepared=${others && Boolean(this.prepared)} @click=${this.edit}>
          ${others ? pictogram(this.planOf(kind)) : icon('view')}<span>${t('layout.arrange')}</span></button>
      </div>
      <div class="direct">
        <div class="presets" role="group" aria-label=${t('presets.title')}>${this.presets.map((preset, index) => this.preset(preset, index))}
          <button type="button" class="more" data-testid="preset-save" aria-pressed=${this.saving} aria-label=${t('presets.save')} title=${t('presets.save-hint')} @click=${() => (this.saving = !this.saving)}>${icon('plus')}</button></div>
        <button type="button" data-testid="prepare" aria-pressed=${Boolean(this.prepared)} title=${t('layout.prepare-hint')} @click=${this.prepare}>${t('layout.prepare')}</button>
        <button type="button" class="main" data-testid="take" ?disabled=${!this.prepared} @click=${this.take}>${t('layout.apply')}</button>
        <button type="button" class="more" data-testid="layout-undo" ?disabled=${!(this.audience in this.undoLayouts)} aria-label=${t('layout.undo')} title=${t('layout.undo')} @click=${this.undo}>${icon('undo')}</button>
        <select aria-label=${t('layout.audience')} title=${t('layout.audience')} data-testid="audience" @change=${(/** @type {any} */ event) => this.chooseAudience(event.target.value)}>
          ${AUDIENCES.map(one => html`<option value=${one} ?selected=${one === this.audience}>${t(`audience.${one}`)}${this.own[one] ? ' *' : ''}</option>`)}
        </select>
        ${this.own[this.audience] ? html`<button type="button" data-testid="layout-same" @click=${this.showSameAsEveryone}>${t(this.audience === 'systems' ? 'layout.same.systems' : 'layout.same')}</button>` : nothing}
        <select aria-label=${t('layout.focus')} title=${t('layout.focus')} data-testid="focus" @change=${(/** @type {any} */ event) => this.change({focus: event.target.value || null})}>
          <option value="" .selected=${live(!focus)}>${t('layout.follow')}</option>
          ${this.seats.filter(({here, role}) => here && role !== 'observer').map(seat => html`<option value=${seat.seat} .selected=${live(seat.seat === focus)}>${properName(seat)}</option>`)}
        </select>
        <more-menu testid="layout-more" .label=${t('layout.more')} .content=${() => this.onePictureButton()}></more-menu>
      </div>
      <layout-editor .layout=${layoutFields(this.layout)} .seats=${this.seats} .plans=${this.plans}
        @apply=${(/** @type {CustomEvent<Layout>} */ {detail}) => this.set(detail)}></layout-editor>`;
  }

  onePictureButton() {
    return html`<button type="button" data-testid="one-picture" aria-pressed=${this.onePicture} title=${t('host.one-picture-hint')}
      @click=${() => this.emit('command', {type: 'one-picture-all', on: !this.onePicture})}>${icon('view')}<span>${t('host.one-picture')}</span></button>
      <p>${t('host.one-picture-hint')}</p>`;
  }

  /** @param {LayoutKind} kind */
  planOf(kind) {
    return this.plans.find(plan => plan.kind === kind);
  }

  /** @param {LayoutKind} kind */
  thumbnail(kind) {
    const prepared = this.prepared?.kind === kind;
    return html`<button type="button" class="thumbnail" data-testid="layout-${kind}" aria-pressed=${kind === this.layout.kind} data-prepared=${prepared} @click=${() => this.choose({kind})}>
      ${pictogram(this.planOf(kind))}<span>${t(`layout.${kind}`)}</span>${prepared ? html`<span class="unseen">${t('layout.prepared')}</span>` : nothing}</button>`;
  }

  /** @param {Preset} preset @param {number} index */
  preset(preset, index) {
    const words = t('presets.of', index + 1, t(`layout.${preset.kind}`));
    return html`<button type="button" class="preset" data-testid="preset-${index + 1}" aria-label=${words} title=${words} @click=${() => this.usePreset(index)}><b>${index + 1}</b>${pictogram(this.planOf(preset.kind))}</button>`;
  }

  /** Show the layout of a preset, or keep the present one as that preset. @param {number} index */
  usePreset(index) {
    if (!this.presets[index]) return;
    if (this.saving) {
      this.emit('command', {type: 'preset', number: index + 1, ...presetOf(this.target, this.seats)});
      this.saving = false;
    } else this.change(layoutOfPreset(this.presets[index], this.seats));
  }

  /** @param {Audience} audience */
  chooseAudience(audience) {
    this.audience = audience;
    this.prepared = null;
  }

  /** Begin to prepare a layout that nobody sees yet, or give that up. */
  prepare() {
    this.prepared = this.prepared ? null : this.current;
  }

  /** Show the prepared layout. */
  take() {
    if (this.prepared) this.set(withoutUnknownSeats(this.prepared, this.seats));
    this.prepared = null;
  }

  /** Open the editor, which is loaded when it is first wanted: few meetings need it. */
  async edit() {
    if (!(await loadPart(() => import('./layout-editor.js')))) return;
    const editor = /** @type {import('./layout-editor.js').LayoutEditor} */ (this.querySelector('layout-editor'));
    await editor.updateComplete;
    editor.open();
  }
}

customElements.define('layout-picker', LayoutPicker);
