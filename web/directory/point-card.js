// Element `point-card`: everything about one point, on the page of the directory.

import {html, nothing} from '../vendor/lit.js';
import {postTo} from '../core/api.js';
import {STATE_BADGES, countForQuota} from './unit-tree.js';
import {t} from '../core/i18n.js';
import {isCentral} from '../core/nav.js';
import {day, hourMinute} from '../core/time.js';
import {errorMessage, icon, RequestingElement} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {field, formOf, formValues} from '../core/fields.js';
import {keptForm} from '../core/kept-form.js';
import './evidence-files.js';
import './point-assessment.js';
import './point-equipment.js';
import '../display/point-displays.js';
import './guest-access.js';
import './point-people.js';
import './unit-card.js';

const MOVES_WITH_REASON = ['suspend', 'withdraw'];

/** Shows one point: its data, what it lacks, and the actions that the user may take. Fires `changed`. */
export class PointCard extends RequestingElement {
  static properties = {card: {attribute: false}, tree: {attribute: false}, me: {attribute: false}, issued: {state: true}, pendingMove: {state: true}};

  constructor() {
    super();
    /** @type {PointDetails | null} */
    this.card = null;
    /** @type {DirectoryTree | null} */
    this.tree = null;
    /** @type {SignedInUser | null} */
    this.me = null;
    this.error = '';
    /** @type {IssuedAccount | null} */
    this.issued = null;
    /** The change of state whose form asks for a reason, or ''. */
    this.pendingMove = '';
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    const before = /** @type {PointDetails | null | undefined} */ (changed.get('card'));
    if (before && before.point.id !== this.card?.point.id) [this.issued, this.error, this.pendingMove] = [null, '', ''];
  }

  /**
   * Send a change of this point and return the response; null after an error, which is shown, in a form at its fields.
   * @param {string} path
   * @param {object} body
   * @param {HTMLFormElement | null} [form]
   * @param {(named: string) => string} [nameOf] returns the form's name of a field of the request
   */
  async send(path, body, form = null, nameOf) {
    let answer = null;
    await this.attempt(async () => {
      answer = await postTo(path, body);
      this.emit('changed');
    }, form, nameOf);
    return answer;
  }

  get path() {
    return `directory/points/${encodeURIComponent(this.card?.point.id ?? '')}`;
  }

  render() {
    const {card, tree} = this;
    if (!card || !tree) return nothing;
    const unit = tree.units.find(({id}) => id === card.point.unit);
    return html`<section class="point-card" data-testid="point-card" data-id=${card.point.id} data-state=${card.point.state}>
      <header class="row between">
        <div><h2>${card.point.label}</h2><p class="soft">${copyable(card.point.name, {testid: 'point-name'})}</p></div>
        <div class="row wrap">${this.me?.unit?.id === card.point.unit ? html`<a class="button" href="test-room.html?point=${encodeURIComponent(card.point.id)}" data-testid="test-room">${icon('sound')}<span>${t('test-room.enter')}</span></a>` : nothing}
          <span class="badge ${STATE_BADGES[card.point.state]}" data-testid="point-state">${t(`point.${card.point.state}`)}</span></div>
      </header>
      ${card.point.aliases.length ? html`<p class="soft">${t('directory.was', card.point.aliases.join(', '))}</p>` : nothing}
      ${card.point.first_due ? html`<p class="mark amber" data-testid="first-due">${icon('clock')}<span>${t('directory.taken-over-until', day(`${card.point.first_due}T12:00:00+07:00`))}</span></p>` : nothing}
      ${errorMessage(this.error)} ${this.missingItems(card)} ${this.stateButtons(card)}
      ${this.section('room', this.room(card))}
      ${this.section('equipment', html`<point-equipment .point=${card.point} .edit=${card.may_edit}></point-equipment>`)}
      ${this.runsDisplays(card) ? this.section('displays', html`<point-displays .point=${card.point.id}></point-displays>`) : nothing}
      ${this.section('people', html`<point-people .point=${card.point} .central=${card.may_edit} .me=${this.me} .units=${tree.units}></point-people>`)}
      ${this.section('assessment', html`<point-assessment .card=${card} .items=${tree.items} @assess=${this.assess}></point-assessment>`)}
      <guest-access .point=${card.point} .edit=${card.may_edit}></guest-access>
      ${this.section('account', this.account(card))} ${unit ? this.section('unit', this.unit(card, unit)) : nothing}
      ${card.may_edit ? this.section('name', this.name(card)) : nothing} ${card.history.length ? this.section('history', this.history(card)) : nothing}
    </section>`;
  }

  /** Return whether the user may pair displays of this point. @param {PointDetails} card */
  runsDisplays({point}) {
    const {me} = this;
    const own = me?.point ? me.point.id === point.id : me?.unit?.id === point.unit;
    return isCentral(me) || Boolean(me?.roles.includes('site') && own);
  }

  /** @param {string} name @param {unknown} content */
  section(name, content) {
    return html`<details class="card"><summary data-testid="fold-${name}">${t(`directory.${name}`)}</summary>${content}</details>`;
  }

  /** @param {PointDetails} card */
  missingItems({lacks, point}) {
    if (!lacks.length || point.state === 'withdrawn') return nothing;
    return html`<div class="lacks" data-testid="lacks"><strong>${t(point.state === 'active' ? 'directory.to-mend' : 'directory.lacks')}</strong>
      <ul>${lacks.map(({word, text}) => html`<li data-word=${word}>${text}</li>`)}</ul></div>`;
  }

  /** @param {PointDetails} card */
  stateButtons({moves}) {
    if (!moves.length) return nothing;
    if (this.pendingMove)
      return html`<form class="row wrap" @submit=${this.confirm}>${keptForm(`${this.pendingMove}:${this.card?.point.id}`)}
        ${field({name: 'reason', label: `move.${this.pendingMove}-why`, max: 500})}
        <button class="danger solid" data-testid="confirm">${t(`move.${this.pendingMove}`)}</button>
        <button type="button" data-testid="keep" @click=${() => (this.pendingMove = '')}>${t('directory.no')}</button>
      </form>`;
    return html`<div class="row wrap">${moves.map(
      move => html`<button type="button" class=${MOVES_WITH_REASON.includes(move) ? 'danger' : 'main'} data-testid="move-${move}" @click=${() => this.changeState(move)}>${t(`move.${move}`)}</button>`,
    )}</div>`;
  }

  /** @param {string} move */
  async changeState(move) {
    if (MOVES_WITH_REASON.includes(move)) this.pendingMove = move;
    else await this.send(`${this.path}/move`, {move});
  }

  /** @param {SubmitEvent} event */
  async confirm(event) {
    const {reason} = formValues(event);
    await this.attempt(async () => {
      await postTo(`${this.path}/move`, {move: this.pendingMove, reason});
      this.pendingMove = '';
      this.emit('changed');
    }, formOf(event));
  }

  /** @param {PointDetails} card */
  room({room, may_edit}) {
    const units = this.tree?.units ?? [];
    if (!may_edit)
      return html`<dl class="facts">
        <dt>${t('room.address')}</dt><dd>${room.address || '–'}</dd>
        <dt>${t('room.seats')}</dt><dd>${room.seats ?? '–'}</dd>
        <dt>${t('room.unit')}</dt><dd>${units.find(({id}) => id === room.managing_unit)?.name ?? '–'}</dd>
      </dl>`;
    /** @type {[string, string][]} */
    const options = [['', '–'], ...units.map(({id, name}) => /** @type {[string, string]} */ ([id, name]))];
    return html`<form @submit=${this.saveRoom}>${keptForm(`room:${this.card?.point.id}`)}
      ${field({name: 'address', label: 'room.address', value: room.address, max: 300})}
      <div class="pair">
        ${field({name: 'seats', label: 'room.seats', value: room.seats, type: 'number'})}
        ${field({name: 'managing_unit', label: 'room.unit', value: room.managing_unit, options})}
      </div>
      ${field({name: 'security_owner', label: 'room.owner', value: room.security_owner})} ${field({name: 'note', label: 'room.note', value: room.note, max: 1000})}
      <div class="row end"><button class="main" data-testid="save-room">${t('directory.save')}</button></div>
    </form>`;
  }

  /** @param {SubmitEvent} event */
  saveRoom(event) {
    const {seats, managing_unit, ...rest} = formValues(event);
    this.send(`${this.path}/room`, {...rest, seats: seats ? Number(seats) : null, managing_unit: managing_unit || null}, formOf(event));
  }

  /** @param {CustomEvent<{body: {items: {id: string}[]}, form: HTMLFormElement}>} event */
  assess({detail: {body, form}}) {
    const nameOf = (/** @type {string} */ named) => named.replace(/^items\.(\d+)\.(note|remedy).*/, (_, place, name) => `${name}-${body.items[place].id}`);
    this.send(`${this.path}/assess`, body, form, nameOf);
  }

  /** @param {PointDetails} card */
  account({account, may_edit}) {
    return html`<p>${account ? t('account.has', account) : t('account.none')}</p>
      ${this.issued ? this.issuedAccount(this.issued) : nothing}
      ${may_edit
        ? html`<button type="button" data-testid="issue" @click=${this.issue}>${t(account ? 'account.again' : 'account.issue')}</button>
            <p class="soft">${t('account.hint')}</p>`
        : nothing}`;
  }

  async issue() {
    this.issued = await this.send(`${this.path}/account`, {account: this.card?.account ?? null});
  }

  /** @param {IssuedAccount} issued */
  issuedAccount({account, link, expires}) {
    const until = `${hourMinute(expires)} ${day(expires)}`;
    if (!link) return html`<p class="good" role="status" data-testid="issued">${t('account.sent', account, until)}</p>`;
    return html`<div class="good" role="status" data-testid="issued"><p>${t('account.once', account, until)}</p><p class="link">${copyable(link, {testid: 'link'})}</p></div>`;
  }

  /** @param {PointDetails} card @param {TreeUnit} unit */
  unit({exemptions, may_edit}, unit) {
    const has = countForQuota(this.tree?.points ?? [], unit.id);
    return html`<p data-testid="quota">${unit.name}: ${unit.quota === null ? t('unit.free', has) : t('unit.quota', has, unit.quota)}</p>
      <unit-card .unit=${unit.id}></unit-card>
      <ul class="plain">${exemptions.map(
        given => html`<li>${t(`exemption.${given.kind}`, given.extra)} · ${given.number} · ${day(given.dated)}${given.valid_to ? ` – ${day(given.valid_to)}` : ''}
          <evidence-files .path=${`directory/documents/${given.id}`} .files=${given.files} .edit=${may_edit}></evidence-files></li>`,
      )}</ul>
      ${may_edit
        ? html`<button type="button" data-testid="add-point" @click=${() => this.emit('add-point', unit.id)}>${icon('plus')}<span>${t('unit.add-point')}</span></button>
            <form @submit=${(/** @type {SubmitEvent} */ event) => this.addExemption(event, unit.id)}>${keptForm(`exemption:${unit.id}`)}
              <h3>${t('exemption.title')}</h3>
              <div class="pair">
                ${field({name: 'kind', label: 'exemption.kind', options: [['points', t('exemption.points', 1)], ['internet', t('exemption.internet')]]})}
                ${field({name: 'number', label: 'exemption.number', required: true, max: 100})}
                ${field({name: 'dated', label: 'exemption.dated', type: 'date', required: true})} ${field({name: 'valid_to', label: 'exemption.valid-to', type: 'date'})}
              </div>
              <div class="row end"><button data-testid="allow">${t('directory.save')}</button></div>
            </form>`
        : nothing}`;
  }

  /** @param {SubmitEvent} event @param {string} unit */
  addExemption(event, unit) {
    const {kind, number, dated, valid_to} = formValues(event);
    this.send(`directory/units/${encodeURIComponent(unit)}/documents`, {kind, number, dated, valid_to: valid_to || null, extra: kind === 'points' ? 1 : 0}, formOf(event));
  }

  /** @param {PointDetails} card */
  name({point}) {
    return html`<form @submit=${(/** @type {SubmitEvent} */ event) => this.send(`${this.path}/name`, formValues(event), formOf(event))}>${keptForm(`name:${point.id}`)}
      <div class="pair">
        ${field({name: 'name', label: 'name.name', value: point.name, required: true, max: 64})} ${field({name: 'label', label: 'name.label', value: point.label, max: 250})}
      </div>
      <div class="row end"><button data-testid="rename">${t('directory.save')}</button></div>
    </form>`;
  }

  /** @param {PointDetails} card */
  history({history}) {
    return html`<ol class="plain">${history.map(
      ({at, state, by, reason}) => html`<li>${hourMinute(at)} ${day(at)} · <strong>${t(`point.${state}`)}</strong> · ${by || t('directory.by-itself')}${reason ? ` · ${reason}` : ''}</li>`,
    )}</ol>`;
  }
}

customElements.define('point-card', PointCard);
