// Element `script-bar`: the script of the running meeting, in the console.

import {html, nothing, repeat} from '../../vendor/lit.js';
import {setScript} from '../../core/api.js';
import {t} from '../../core/i18n.js';
import {EMPTY_SCRIPT, neighbours, elapsedSeconds, isOverdue, itemToSend, plannedMinutes, currentIndex, voteOfItem} from '../client/script.js';
import {hostPoint} from '../client/meeting-state.js';
import {span, timeLeft} from '../../core/time.js';
import {errorMessage, icon, RequestingElement} from '../../core/base.js';
import {loadPart} from '../../core/parts.js';

/**
 * Steps through the script in the console, shows planned and elapsed time, and opens the editor. Fires `command` with
 * a message, and `vote` with the one that puts the current item to the vote.
 */
export class ScriptBar extends RequestingElement {
  static properties = {script: {attribute: false}, vote: {attribute: false}, seats: {attribute: false}, now: {attribute: false}, session: {}, draft: {state: true}};

  constructor() {
    super();
    /** @type {ScriptState} */
    this.script = EMPTY_SCRIPT;
    /** @type {Vote | null} the latest vote of the meeting */
    this.vote = null;
    /** @type {Seat[]} */
    this.seats = [];
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** The id of the session. */
    this.session = '';
    /** @type {ScriptItem[] | null} what is being changed */
    this.draft = null;
    /** @type {import('../../core/kept-forms.js').KeptForms | null} */
    this.keptForms = null;
  }

  /** Load what edits a script when one is edited: few meetings need it. @param {Map<PropertyKey, unknown>} changed */
  willUpdate(changed) {
    if (this.draft) loadPart(() => import('./script-editor.js'), !changed.has('draft'));
  }

  /** @param {string | null | undefined} to */
  goTo(to) {
    if (to !== undefined) this.emit('command', {type: 'step', to});
  }

  /** Return the points of the session, once each. @returns {Named[]} */
  get points() {
    const named = new Map(this.seats.filter(({point, role}) => point && role === 'component').map(({point, name, label}) => [point, label || name.replace(/\.\d\d$/, '')]));
    return [...named].map(([id, name]) => ({id: String(id), name}));
  }

  /** Return the id of the host point, or '' while it is absent. */
  get host() {
    return hostPoint(this) ?? '';
  }

  /** @param {string | null} point */
  nameOf(point) {
    return this.points.find(({id}) => id === point)?.name ?? t('script.host');
  }

  /** The name under which a script that is being changed is kept. */
  get keptName() {
    return `script:${this.session}`;
  }

  /** @param {ScriptItem[]} items */
  change(items) {
    this.draft = items;
    this.keptForms?.keep(this.keptName, {items});
  }

  /** Stop to change the script: it was saved, or is to stay as it is. */
  endChange() {
    this.draft = null;
    this.keptForms?.drop(this.keptName);
  }

  async open() {
    await loadPart(async () => (this.keptForms ??= (await import('../../core/kept-form.js')).keptForms)); // few meetings need it
    if (!this.keptForms) return;
    this.draft = this.keptForms.kept(this.keptName)?.items ?? (this.script.items.length ? null : []);
    this.error = '';
    /** @type {HTMLDialogElement} */ (this.querySelector('dialog')).showModal();
  }

  close() {
    /** @type {HTMLDialogElement} */ (this.querySelector('dialog')).close();
  }

  /** @param {SubmitEvent} event */
  async save(event) {
    event.preventDefault();
    await this.attempt(
      async () => {
        await setScript(this.session, (this.draft ?? []).map(itemToSend));
        this.endChange();
      },
      /** @type {HTMLFormElement} */ (event.target),
      named => named.replace(/^items/, 'script'),
    );
  }

  render() {
    const {script} = this;
    const {back, on} = neighbours(script);
    const none = !script.items.length;
    return html`<div class="script-bar" role="group" aria-label=${t('script.title')}>
        <button type="button" data-testid="script-open" ?disabled=${!this.session} @click=${this.open}>${icon('list')}<span>${t('script.title')}</span></button>
        ${none ? html`<p class="soft">${t('script.none')}</p>` : this.current(script.items[currentIndex(script)])}
        ${this.voteButton(script.items[currentIndex(script)])}
        <button type="button" class="more" data-testid="script-back" ?hidden=${none} ?disabled=${back === undefined} aria-label=${t('script.back')} title=${t('script.back')} @click=${() => this.goTo(back)}>${icon('previous')}</button>
        <button type="button" class="main script-next" data-testid="script-next" ?hidden=${none} ?disabled=${on === undefined} @click=${this.step}><span>${t('script.next')}</span>${icon('next')}</button>
      </div>
      <dialog class="wide script-dialog" aria-labelledby="script-heading">${this.draft ? this.editing(this.draft) : this.list()}</dialog>`;
  }

  /** Draw the button that puts the current item to the vote. @param {ScriptedItem | undefined} item */
  voteButton(item) {
    const message = voteOfItem(item, this.vote);
    return message ? html`<button type="button" class="main" data-testid="script-vote" @click=${() => this.emit('vote', message)}>${icon('vote')}<span>${t('vote.ask-short')}</span></button>` : nothing;
  }

  /** Go to the next item. */
  step() {
    this.goTo(neighbours(this.script).on);
  }

  /** @param {ScriptedItem | undefined} item */
  current(item) {
    const {script, now} = this;
    const next = script.items[currentIndex(script) + 1];
    return html`<p class="script-on" aria-live="polite" data-testid="script-on" data-item=${item?.id ?? ''}>
        <strong>${item ? t('script.on', currentIndex(script) + 1, script.items.length, item.title) : t('script.before')}</strong>
        <small>${item ? this.nameOf(item.point) : nothing} ${next ? html`<span data-testid="script-then">${t('script.then', next.title)}</span>` : nothing}</small></p>
      ${item ? this.time(item, now) : nothing}`;
  }

  /** Draw how long an item has to go, and how long it is on. @param {ScriptedItem} item @param {number} now */
  time(item, now) {
    const {script} = this;
    const elapsed = elapsedSeconds(script, item, now);
    const late = isOverdue(script, item, now);
    const left = item.minutes * 60 - elapsed;
    return html`<p class="script-clock ${late ? 'late' : ''}" role="timer"><strong data-testid="script-left">${timeLeft(left)}</strong>
      <small data-testid="script-time" data-late=${late}>${span(elapsed)} / ${span(item.minutes * 60)}</small></p>`;
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
      <script-editor .items=${draft} .points=${this.points} .host=${this.host} @script=${(/** @type {CustomEvent} */ {detail}) => this.change(detail)}></script-editor>
      <div class="row end">
        <button type="button" data-testid="script-cancel" @click=${() => { this.endChange(); this.close(); }}>${t('script.cancel')}</button>
        <button class="main" data-testid="script-save">${t('script.save')}</button>
      </div>
    </form>`;
  }
}

customElements.define('script-bar', ScriptBar);
