// Page `tokens.html`: the tokens by which other systems call the API, for administrators.

import {html, nothing} from '../vendor/lit.js';
import {makeToken, revokeToken, tokens, units} from '../core/api.js';
import {Page, errorMessage, icon, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {ask} from '../core/dialog.js';
import {checkbox, field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {emptyState, loadingState} from '../core/states.js';
import {day, fromLocal, hourMinute} from '../core/time.js';
import {toast} from '../core/toast.js';
import '../core/top-bar.js';
import './webhook-list.js';

const SCOPES = ['read', 'book', 'directory'];
const TONES = {valid: 'good', expired: 'plain', revoked: 'bad'};

/** Lists tokens with their state and last use, makes one, which is shown once, and revokes one. */
class TokensPage extends Page {
  static properties = {...Page.properties, tokens: {state: true}, adding: {state: true}, made: {state: true}};

  constructor() {
    super();
    setTitle('tokens.title');
    /** @type {ApiToken[]} */
    this.tokens = [];
    /** @type {Unit[]} */
    this.units = [];
    /** Whether the form is open. */
    this.adding = false;
    /** The token that was made, which cannot be read again. @type {{name: string, token: string} | null} */
    this.made = null;
  }

  mayOpen() {
    return Boolean(this.me?.roles.includes('administrator'));
  }

  async load() {
    const [, all] = await Promise.all([this.list(), units()]);
    this.units = all;
  }

  async list() {
    this.tokens = await tokens();
  }

  /** @param {SubmitEvent} event */
  async add(event) {
    const form = formOf(event);
    const {name, unit, networks, expires, ...chosen} = formValues(event);
    await this.attempt(async () => {
      const {token} = await makeToken({
        name,
        scopes: SCOPES.filter(scope => scope in chosen),
        unit: unit || null,
        networks: networks.split(/[\s,;]+/).filter(Boolean),
        expires: expires && fromLocal(`${expires}T23:59`),
      });
      this.made = {name, token};
      this.adding = false;
      await this.list();
    }, form);
  }

  /** @param {ApiToken} token */
  async askToRevoke({name}) {
    const choices = [{value: 'revoke', label: t('tokens.revoke'), tone: /** @type {const} */ ('danger')}];
    if (!(await ask({title: t('tokens.revoke-ask', name), text: t('tokens.revoke-text'), choices}))) return;
    await this.attempt(async () => {
      await revokeToken(name);
      if (this.made?.name === name) this.made = null;
      toast(t('tokens.revoked-done', name));
      await this.list();
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="tokens"></top-bar>
      <main>
        <h1>${t('tokens.title')}</h1>
        <p class="soft">${t('tokens.hint')}</p>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : html`${this.made ? this.secret(this.made) : nothing} ${this.table()} ${this.tokens.length ? this.opener() : nothing} ${this.adding ? this.form() : nothing} <webhook-list></webhook-list>`}
      </main>`;
  }

  /** Draw the token that is shown this once. @param {{name: string, token: string}} made */
  secret({name, token}) {
    return html`<section class="good" role="status" data-testid="token-made">
      <p><strong>${t('tokens.secret-of', name)}</strong></p><p>${copyable(token, {testid: 'token-text'})}</p><p>${t('tokens.secret-once')}</p>
      <button type="button" data-testid="token-close" @click=${() => (this.made = null)}>${t('tokens.secret-kept')}</button></section>`;
  }

  table() {
    if (!this.tokens.length) return emptyState({picture: 'lock', title: t('tokens.none'), text: t('tokens.none-text'), action: this.opener(), testid: 'tokens-none'});
    const columns = ['name', 'state', 'owner', 'scopes', 'networks', 'expires', 'used', 'action'];
    return html`<section class="card"><div class="wide-table" tabindex="0" role="region" aria-label=${t('tokens.title')}>
      <table class="ledger" data-testid="tokens"><thead><tr>${columns.map(column => html`<th scope="col">${t(`tokens.${column}`)}</th>`)}</tr></thead>
      <tbody>${this.tokens.map(each => this.row(each))}</tbody></table></div></section>`;
  }

  /** @param {ApiToken} token */
  row(token) {
    const {name, state, unit, scopes, networks, expires, used, used_address: address} = token;
    return html`<tr data-testid="token" data-name=${name}>
      <th scope="row">${name}</th>
      <td><span class="badge ${TONES[state]}" data-testid="token-state">${t(`tokens.${state}`)}</span></td>
      <td>${unit?.name ?? t('tokens.centre')}</td><td>${scopes.map(scope => t(`tokens.scope-${scope}`)).join(', ')}</td>
      <td>${networks.join(', ') || t('tokens.everywhere')}</td><td>${day(expires)}</td>
      <td data-testid="token-used">${used ? `${hourMinute(used)} ${day(used)} · ${address}` : t('tokens.unused')}</td>
      <td>${state === 'valid' ? html`<button type="button" class="danger" data-testid="token-revoke" @click=${() => this.askToRevoke(token)}>${t('tokens.revoke')}</button>` : nothing}</td></tr>`;
  }

  opener() {
    return html`<button type="button" aria-expanded=${this.adding} data-testid="token-add" @click=${() => (this.adding = !this.adding)}>${icon('plus')}<span>${t('tokens.add')}</span></button>`;
  }

  form() {
    /** @type {[string, string][]} */
    const owners = [['', t('tokens.centre')], ...this.units.map(({id, name}) => /** @type {[string, string]} */ ([id, name]))];
    return html`<form class="card column" data-testid="token-form" @submit=${this.add}>${keptForm('token')}
      <h2>${t('tokens.add')}</h2>
      <div class="pair">${field({name: 'name', label: 'tokens.name', required: true, max: 58, hint: 'cong-thong-tin'})} ${field({name: 'unit', label: 'tokens.owner', options: owners})}</div>
      <fieldset><legend>${t('tokens.scopes')}</legend>${SCOPES.map(scope => checkbox({name: scope, label: `tokens.scope-${scope}`}))}</fieldset>
      <div class="pair">${field({name: 'expires', label: 'tokens.expires', type: 'date', required: true})} ${field({name: 'networks', label: 'tokens.networks-from', max: 1000, hint: '10.57.1.0/24'})}</div>
      <div class="row end"><button class="main" data-testid="token-send">${t('tokens.make')}</button></div>
    </form>`;
  }
}

customElements.define('tokens-page', TokensPage);
