// Page `neighbours.html`: the Diemcau systems above and below that sessions are held with, for administrators.

import {html, nothing} from '../vendor/lit.js';
import {addNeighbour, neighbours, points, removeNeighbour} from '../core/api.js';
import {Page, errorMessage, icon, repeatWhileConnected, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {ask} from '../core/dialog.js';
import {field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';
import {day, hourMinute} from '../core/time.js';
import {toast} from '../core/toast.js';
import '../core/top-bar.js';

const POLL_MS = 10_000;

/** Lists neighbouring systems, registers one above, whose key is shown once, or one below, and removes one. */
class NeighboursPage extends Page {
  static properties = {...Page.properties, neighbours: {state: true}, direction: {state: true}, made: {state: true}};

  constructor() {
    super();
    setTitle('neighbours.title');
    /** @type {Neighbour[]} */
    this.neighbours = [];
    /** @type {Point[]} */
    this.points = [];
    /** Which kind the form registers: `above`, `below` or none. */
    this.direction = '';
    /** The system above that was registered, with the key that it needs. @type {{name: string, key: string} | null} */
    this.made = null;
    repeatWhileConnected(this, POLL_MS, () => !this.loading && !document.hidden && this.refresh(() => this.list()));
  }

  mayOpen() {
    return Boolean(this.me?.roles.includes('administrator'));
  }

  async load() {
    const [, all] = await Promise.all([this.list(), points()]);
    this.points = all;
  }

  async list() {
    this.neighbours = await neighbours();
  }

  /** @param {SubmitEvent} event */
  async add(event) {
    const form = formOf(event);
    const values = formValues(event);
    await this.attempt(async () => {
      const {key} = await addNeighbour({...values, direction: this.direction});
      this.made = key ? {name: values.name, key} : null;
      this.direction = '';
      toast(t('neighbours.added', values.name));
      await this.list();
    }, form);
  }

  /** @param {Neighbour} neighbour */
  async askToRemove({name, accepted}) {
    const text = accepted ? t('neighbours.remove-held', accepted) : t('neighbours.remove-text');
    if (!(await ask({title: t('neighbours.remove-ask', name), text, choices: [{value: 'remove', label: t('neighbours.remove'), tone: 'danger'}]}))) return;
    await this.attempt(async () => {
      await removeNeighbour(name);
      if (this.made?.name === name) this.made = null;
      toast(t('neighbours.removed', name));
      await this.list();
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="neighbours"></top-bar>
      <main>
        <h1>${t('neighbours.title')}</h1>
        <p class="soft">${t('neighbours.hint')}</p>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : html`${this.made ? this.key(this.made) : nothing} ${this.table()} ${this.choices()} ${this.direction ? this.form() : nothing}`}
      </main>`;
  }

  /** Draw the key that is shown this once. @param {{name: string, key: string}} made */
  key({name, key}) {
    return html`<section class="good" role="status" data-testid="neighbour-key">
      <p><strong>${t('neighbours.key-of', name)}</strong></p><p>${copyable(key, {testid: 'neighbour-key-text'})}</p><p>${t('neighbours.key-once')}</p>
      <button type="button" data-testid="neighbour-key-close" @click=${() => (this.made = null)}>${t('neighbours.key-kept')}</button></section>`;
  }

  table() {
    if (!this.neighbours.length)
      return emptyState({picture: 'network', title: t('neighbours.none'), text: t('neighbours.none-text'), action: pageLink('directory'), testid: 'neighbours-none'});
    const columns = ['name', 'stands-for', 'with', 'state', 'accepted', 'action'];
    return html`<section class="card"><div class="wide-table" tabindex="0" role="region" aria-label=${t('neighbours.title')}>
      <table class="ledger" data-testid="neighbours"><thead><tr>${columns.map(column => html`<th scope="col">${t(`neighbours.${column}`)}</th>`)}</tr></thead>
      <tbody>${this.neighbours.map(each => this.row(each))}</tbody></table></div></section>`;
  }

  /** @param {Neighbour} neighbour */
  row(neighbour) {
    const {name, direction, point, label, our_point: ours, our_label: ourLabel, url, accepted} = neighbour;
    /** @param {string} id @param {string} words */
    const link = (id, words) => html`<a href="directory.html?point=${encodeURIComponent(id)}">${words}</a>`;
    return html`<tr data-testid="neighbour" data-name=${name}>
      <th scope="row">${name} <span class="badge plain">${t(`neighbours.${direction}`)}</span></th>
      <td>${link(point, label)}</td><td>${url || link(ours, ourLabel)}</td><td role="status">${this.state(neighbour)}</td><td data-testid="neighbour-accepted">${accepted}</td>
      <td><button type="button" class="danger" data-testid="neighbour-remove" @click=${() => this.askToRemove(neighbour)}>${t('neighbours.remove')}</button></td></tr>`;
  }

  /** Say when a system was heard of, and why one below could not be asked since. @param {Neighbour} neighbour */
  state({heard, fault}) {
    const when = heard ? t('neighbours.heard', `${hourMinute(heard)} ${day(heard)}`) : t('neighbours.unheard');
    if (fault) return html`<span class="badge bad" data-testid="neighbour-state">${t('neighbours.fault')}</span> <small>${t(fault === 'HTTP 401' ? 'neighbours.fault-key' : 'neighbours.fault-why', fault)} · ${when}</small>`;
    return html`<span class="badge ${heard ? 'good' : 'plain'}" data-testid="neighbour-state">${when}</span>`;
  }

  choices() {
    return html`<div class="row wrap">${['above', 'below'].map(
      direction => html`<button type="button" aria-expanded=${this.direction === direction} data-testid="neighbour-add-${direction}" @click=${() => (this.direction = this.direction === direction ? '' : direction)}>${icon('plus')}<span>${t(`neighbours.add-${direction}`)}</span></button>`,
    )}</div>`;
  }

  form() {
    const {direction} = this;
    /** @type {[string, string][]} */
    const options = [['', t('neighbours.choose')], ...this.points.map(({id, label, name}) => /** @type {[string, string]} */ ([id, `${label} · ${name}`]))];
    return html`<form class="card column" data-testid="neighbour-form" @submit=${this.add}>${keptForm(`neighbour:${direction}`)}
      <h2>${t(`neighbours.add-${direction}`)}</h2>
      <p class="soft">${t(`neighbours.form-${direction}`)}</p>
      <div class="pair">${field({name: 'name', label: 'neighbours.name', required: true, max: 32, hint: direction === 'above' ? 'chinh-phu' : 'xa-vinh-hai'})}
        ${field({name: 'point', label: 'neighbours.point', options})}</div>
      ${direction === 'above'
        ? field({name: 'our_point', label: 'neighbours.our-point', options})
        : html`<div class="pair">${field({name: 'url', label: 'neighbours.url', required: true, hint: 'https://mcu.example'})} ${field({name: 'key', label: 'neighbours.key', type: 'password', required: true, max: 100})}</div>
          <details><summary>${t('neighbours.authority')}</summary><label class="field">${t('neighbours.authority-hint')} <textarea name="authority" rows="4" maxlength="20000" data-testid="f-authority"></textarea></label></details>`}
      <div class="row end"><button class="main" data-testid="neighbour-send">${t('neighbours.add')}</button></div>
    </form>`;
  }
}

customElements.define('neighbours-page', NeighboursPage);
