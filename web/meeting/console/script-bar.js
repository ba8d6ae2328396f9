// Element `script-bar`: the script of the running meeting, in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {setScript, errorText} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {EMPTY_SCRIPT, neighbours, elapsedSeconds, isOverdue, itemToSend, plannedMinutes, currentIndex} from '../client/script.js';
import {span} from '../../core/time.js';
import {errorMessage, icon, BaseElement} from '../../core/base.js';
import './script-editor.js';

/**
 * Steps through the script in the console, shows planned and elapsed time, and opens the editor. Fires `command` with
 * a message.
 */
export class ScriptBar extends BaseElement {
  static properties = {script: {attribute: false}, seats: {attribute: false}, now: {attribute: false}, session: {}, draft: {state: true}, error: {state: true}};

  constructor() {
    super();
    /** @type {ScriptState} */
    this.script = EMPTY_SCRIPT;
    /** @type {Seat[]} */
    this.seats = [];
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** The id of the session. */
    this.session = '';
    /** @type {ScriptItem[] | null} what is being changed */
    this.draft = null;
    this.error = '';
  }

  /** @param {string | null | undefined} to */
  goTo(to) {
    if (to !== undefined) this.emit('command', {type: 'step', to});
  }

  /** Return the points of the session, once each. @returns {Named[]} */
  get points() {
    const named = new Map(this.seats.filter(({point, role}) => point && role === 'component').map(({point, name}) => [point, name.replace(/\.\d\d$/, '')]));
    return [...named].map(([id, name]) => ({id: String(id), name}));
  }

  /** Return the id of the host point, or '' while it is absent. */
  get host() {
    return this.seats.find(({role}) => role === 'host')?.point ?? '';
  }

  /** @param {string | null} point */
  nameOf(point) {
    return this.points.find(({id}) => id === point)?.name ?? t('script.host');
  }

  open() {
    this.draft = this.script.items.length ? null : [];
    this.error = '';
    /** @type {HTMLDialogElement} */ (this.querySelector('dialog')).showModal();
  }

  close() {
    /** @type {HTMLDialogElement} */ (this.querySelector('dialog')).close();
  }

  /** @param {SubmitEvent} event */
  async save(event) {
    event.preventDefault();
    try {
      await setScript(this.session, (this.draft ?? []).map(itemToSend));
      this.draft = null;
    } catch (failure) {
      this.error = errorText(failure);
    }
  }

  render() {
    const {script} = this;
    const {back, on} = neighbours(script);
    const item = script.items[currentIndex(script)];
    return html`<div class="script-bar" role="group" aria-label=${t('script.title')}>
        <button type="button" class="tool" data-testid="script-open" @click=${this.open}>${icon('list')}<span>${t('script.title')}</span></button>
        ${script.items.length ? this.current(item) : html`<p class="soft">${t('script.none')}</p>`}
        <button type="button" class="tool" data-testid="script-back" ?hidden=${!script.items.length} ?disabled=${back === undefined} @click=${() => this.goTo(back)}>${icon('previous')}<span>${t('script.back')}</span></button>
        <button type="button" class="tool main" data-testid="script-next" ?hidden=${!script.items.length} ?disabled=${on === undefined} @click=${() => this.goTo(on)}>${icon('next')}<span>${t('script.next')}</span></button>
      </div>
      <dialog class="wide script-dialog" aria-labelledby="script-heading">${this.draft ? this.editing(this.draft) : this.list()}</dialog>`;
  }

  /** @param {ScriptedItem | undefined} item */
  current(item) {
    const {script, now} = this;
    const next = script.items[currentIndex(script) + 1];
    return html`<p class="script-on" aria-live="polite" data-testid="script-on" data-item=${item?.id ?? ''}>
      <strong>${item ? t('script.on', currentIndex(script) + 1, script.items.length, item.title) : t('script.before')}</strong>
      <small>${item ? this.nameOf(item.point) : nothing} ${next ? t('script.then', next.title) : nothing}</small></p>
      ${item
        ? html`<p class="script-time ${isOverdue(script, item, now) ? 'late' : ''}" role="timer" data-testid="script-time" data-late=${isOverdue(script, item, now)}>${span(elapsedSeconds(script, item, now))} / ${span(item.minutes * 60)}</p>`
        : nothing}`;
  }

  list() {
    const {script, now} = this;
    return html`<h2 id="script-heading">${t('script.title')}</h2>
      <ol class="script-list">${repeat(script.items, ({id}) => id, item => html`<li data-testid="script-row" data-item=${item.id} aria-current=${item.id === script.at ? 'step' : nothing}>
          <button type="button" class="quiet" data-testid="script-jump" data-item=${item.id} @click=${() => this.goTo(item.id)}>
            <span>${item.title}<small>${t(`script.kind-${item.kind}`)} · ${this.nameOf(item.point)} ${item.layout ? `· ${t(`layout.${item.layout}`)}` : nothing}</small></span></button>
          <span class="script-time ${isOverdue(script, item, now) ? 'late' : ''}">${span(elapsedSeconds(script, item, now))} / ${span(item.minutes * 60)}</span>
        </li>`)}</ol>
      <div class="row between">
        <span class="soft">${t('script.planned', plannedMinutes(script.items))}</span>
        <span class="row">
          <button type="button" data-testid="script-edit" @click=${() => (this.draft = script.items)}>${t('script.edit')}</button>
          <button type="button" class="main" data-testid="script-close" @click=${this.close}>${t('app.close')}</button>
        </span>
      </div>`;
  }

  /** @param {ScriptItem[]} draft */
  editing(draft) {
    return html`<form @submit=${this.save}>
      <h2 id="script-heading">${t('script.edit')}</h2>
      ${errorMessage(this.error, 'script-error')}
      <script-editor .items=${draft} .points=${this.points} .host=${this.host} @script=${(/** @type {CustomEvent} */ {detail}) => (this.draft = detail)}></script-editor>
      <div class="row end">
        <button type="button" data-testid="script-cancel" @click=${() => { this.draft = null; this.close(); }}>${t('script.cancel')}</button>
        <button class="main" data-testid="script-save">${t('script.save')}</button>
      </div>
    </form>`;
  }
}

customElements.define('script-bar', ScriptBar);
