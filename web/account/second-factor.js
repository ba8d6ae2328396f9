// Element `second-factor`: adds and removes the authenticator app and security keys, and shows recovery codes, for the page
// of the account; and for the sign-in page of who must have a second factor before anything else.

import {html, nothing} from '../vendor/lit.js';
import {beginKey, beginTotp, confirmKey, confirmTotp, newRecoveryCodes, ProblemError, removeKey, removeTotp, secondFactor} from '../core/api.js';
import {errorMessage, icon, RequestingElement} from '../core/base.js';
import {copyText} from '../core/copy.js';
import {formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {qrCode} from '../core/qr-code.js';
import {hasSecurityKeys, makeKey} from '../core/security-keys.js';
import {day} from '../core/time.js';
import {toast} from '../core/toast.js';
import {showFaults} from '../core/validation.js';

/** @typedef {'totp' | 'remove-totp' | 'recovery-codes' | 'key' | 'remove-key'} Change */

const DANGEROUS = ['remove-totp', 'remove-key'];

/** Below so many recovery codes somebody should make others. */
const FEW_CODES = 3;

/** The second factors of the signed-in account. Emits `enrolled` when the first one was added and its codes were read. */
export class SecondFactor extends RequestingElement {
  static properties = {...RequestingElement.properties, password: {attribute: false}, fresh: {attribute: false}, kind: {attribute: false}, factors: {state: true}, change: {state: true}, app: {state: true}, keyName: {state: true}, codes: {state: true}, busy: {state: true}};

  constructor() {
    super();
    /** The password, where it was typed just now; else each change asks for it. @type {string | null} */
    this.password = null;
    /** Whether the sign-in was just now, so that nothing is asked before a change. */
    this.fresh = false;
    /** Accounts of a provider have no password to ask for. @type {AccountKind} */
    this.kind = 'own';
    /** @type {SecondFactorState | null} */
    this.factors = null;
    /** The change for which the password is asked. @type {Change | null} */
    this.change = null;
    /** The app that waits to be confirmed. @type {NewApp | null} */
    this.app = null;
    /** What the browser makes a new key with, while the key waits for its name. @type {KeyCreationOptions | null} */
    this.keyOptions = null;
    /** Whether a name for the new key is asked. */
    this.keyName = false;
    /** The key to be removed. */
    this.keyId = '';
    /** Recovery codes, which are shown once. @type {string[]} */
    this.codes = [];
    this.busy = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.fetch();
  }

  fetch() {
    return this.attempt(async () => void (this.factors = await secondFactor()));
  }

  /** Begin a change: at once where the password is known, else once it is typed. @param {Change} change @param {string} [key] */
  async begin(change, key = '') {
    [this.error, this.app, this.keyName, this.codes, this.keyId] = ['', null, false, [], key];
    if (this.unasked) return this.carryOut(change, this.password);
    this.change = change;
    await this.focusInside();
  }

  /** Whether changes begin without the question for the password. */
  get unasked() {
    return this.fresh || this.kind === 'oidc';
  }

  /** @param {SubmitEvent} event */
  submitPassword(event) {
    const {password} = formValues(event);
    return this.carryOut(/** @type {Change} */ (this.change), password, formOf(event));
  }

  /** @param {Change} change @param {string | null} password @param {HTMLFormElement} [form] */
  async carryOut(change, password, form) {
    this.busy = true;
    const well = await this.attempt(async () => {
      if (change === 'totp') this.app = await beginTotp(password);
      else if (change === 'remove-totp') await removeTotp(password);
      else if (change === 'remove-key') await removeKey(this.keyId, password);
      else if (change === 'key') this.keyOptions = (await beginKey(password)).options;
      else this.codes = (await newRecoveryCodes(password)).recovery_codes;
    }, form);
    this.busy = false;
    if (!well) return;
    [this.change, this.keyName] = [null, change === 'key'];
    if (DANGEROUS.includes(change)) toast(t('second-factor.removed'));
    await this.fetch();
    this.focusInside();
  }

  /** Make a key by the browser, once it has a name, and confirm it. @param {SubmitEvent} event */
  async submitKey(event) {
    const [{name}, form] = [formValues(event), formOf(event)];
    [this.busy, this.error] = [true, ''];
    const answer = await makeKey(/** @type {KeyCreationOptions} */ (this.keyOptions));
    const well = answer && (await this.attempt(async () => void (this.codes = (await confirmKey(name, answer)).recovery_codes), form));
    this.busy = false;
    if (!answer) this.error = t('second-factor.no-answer');
    if (well) await this.added();
  }

  /** @param {SubmitEvent} event */
  async confirm(event) {
    const {code} = formValues(event);
    this.busy = true;
    const well = await this.attempt(async () => void (this.codes = (await confirmTotp(code)).recovery_codes), formOf(event));
    this.busy = false;
    if (well) await this.added();
  }

  /** Tell that a factor was added; its recovery codes are to be read before one goes on. */
  async added() {
    [this.app, this.keyName] = [null, false];
    toast(t('second-factor.added'));
    await this.fetch();
    await this.focusInside();
    if (this.codes.length) return;
    this.emit('enrolled');
  }

  async readCodes() {
    this.codes = [];
    await this.focusInside();
    this.emit('enrolled');
  }

  /** Move the focus to what was drawn in place of the button that was pressed. */
  async focusInside() {
    await this.updateComplete;
    const [field, title, button] = ['input', 'h3[tabindex]', 'button'].map(selector => /** @type {HTMLElement | null} */ (this.querySelector(selector)));
    (field ?? title ?? button)?.focus();
  }

  /** Show at its field that the password is wrong: nobody is signed out by it. @param {unknown} failure */
  onFailure(failure) {
    const form = /** @type {HTMLFormElement | null} */ (this.querySelector('form'));
    if (form && failure instanceof ProblemError && failure.word === 'bad-login') showFaults(form, [{field: 'password', detail: t('password.wrong')}]);
    else super.onFailure(failure);
  }

  render() {
    return html`<h2>${t('second-factor.title')}</h2>
      ${this.fresh ? nothing : html`<p class="soft">${t(this.kind === 'oidc' ? 'second-factor.hint-oidc' : 'second-factor.hint')}</p>`}
      ${errorMessage(this.error)}
      ${this.codes.length ? this.recoveryCodes() : this.app ? this.newApp(this.app) : this.keyName ? this.keyForm() : this.change ? this.passwordForm(this.change) : this.factors ? this.list(this.factors) : nothing}`;
  }

  /** @param {SecondFactorState} factors */
  list({totp, keys, keys_possible, recovery_codes, demanded}) {
    const none = !totp && !keys.length;
    return html`${demanded && none && !this.fresh ? html`<p class="alert" data-testid="demanded">${icon('lock')}<span>${t('second-factor.demanded')}</span></p>` : nothing}
      <ul class="plain-list">
        ${this.fresh && !none ? nothing : this.factorRows(totp, keys, keys_possible, demanded)}
        ${none ? nothing : html`<li class="row between wrap" data-testid="recovery-codes">
          <span>${t('second-factor.codes')} <span class=${recovery_codes < FEW_CODES ? 'badge warn' : 'soft'} data-testid="codes-left">${t('second-factor.codes-left', recovery_codes)}</span></span>
          ${this.button('recovery-codes', 'history', 'second-factor.new-codes')}
        </li>`}
      </ul>`;
  }

  /** Draw the app and the keys; not at a sign-in of who has one, where only recovery codes are due. @param {string | null} totp @param {SecurityKey[]} keys @param {boolean} possible @param {boolean} demanded */
  factorRows(totp, keys, possible, demanded) {
    return html`<li class="row between wrap" data-testid="totp">
        <span>${t('second-factor.app')} <span class="soft" data-testid="totp-state">${totp ? t('second-factor.since', day(totp)) : t('second-factor.none')}</span></span>
        <span class="row wrap">${this.button('totp', totp ? 'history' : 'plus', totp ? 'second-factor.other-app' : 'second-factor.add-app', demanded && !totp && !keys.length ? 'main' : '')}
          ${totp ? this.button('remove-totp', 'cross', 'second-factor.remove', 'danger') : nothing}</span>
      </li>
      ${keys.map(key => this.key(key))}
      ${possible && hasSecurityKeys() ? html`<li class="row between wrap"><span>${t('second-factor.key')} <span class="soft">${t('second-factor.key-hint')}</span></span>
        ${this.button('key', 'plus', 'second-factor.add-key')}</li>` : nothing}`;
  }

  /** @param {SecurityKey} key */
  key({id, name, created, last_used, here}) {
    return html`<li class="row between wrap" data-testid="security-key">
      <span>${name} <span class="soft">${t('second-factor.since', day(created))}${last_used ? ` · ${t('second-factor.last-used', day(last_used))}` : nothing}</span>
        ${here ? nothing : html`<span class="badge warn">${t('second-factor.elsewhere')}</span>`}</span>
      <button type="button" class="danger" data-testid="remove-key" aria-label="${t('second-factor.remove')}: ${name}" ?disabled=${this.busy} @click=${() => this.begin('remove-key', id)}>${icon('cross')}<span>${t('second-factor.remove')}</span></button>
    </li>`;
  }

  /** @param {Change} change @param {string} name @param {string} words @param {string} [tone] */
  button(change, name, words, tone = '') {
    return html`<button type="button" class=${tone || nothing} data-testid="begin-${change}" ?disabled=${this.busy} @click=${() => this.begin(change)}>${icon(name)}<span>${t(words)}</span></button>`;
  }

  /** @param {Change} change */
  passwordForm(change) {
    return html`<form class="column" @submit=${this.submitPassword}>
      <h3>${t(`second-factor.ask-${change}`)}</h3>
      <label class="field short">${t('account.password-now')}
        <input name="password" type="password" data-testid="factor-password" autocomplete="current-password" required></label>
      <div class="row wrap"><button class=${DANGEROUS.includes(change) ? 'danger' : 'main'} data-testid="factor-continue" ?disabled=${this.busy}>${t('second-factor.continue')}</button>
        <button type="button" data-testid="factor-cancel" @click=${() => (this.change = null)}>${t('dialog.cancel')}</button></div>
    </form>`;
  }

  keyForm() {
    return html`<form class="column" @submit=${this.submitKey}>
      <h3>${t('second-factor.add-key')}</h3>
      <p>${t('second-factor.key-how')}</p>
      <label class="field short">${t('second-factor.key-name')}
        <input name="name" data-testid="key-name" maxlength="64" autocomplete="off" required></label>
      <div class="row wrap"><button class="main" data-testid="make-key" ?disabled=${this.busy}>${t('second-factor.continue')}</button>
        <button type="button" data-testid="factor-cancel" @click=${() => (this.keyName = false)}>${t('dialog.cancel')}</button></div>
    </form>`;
  }

  /** @param {NewApp} app */
  newApp({secret, uri}) {
    return html`<form class="column" @submit=${this.confirm}>
      <h3>${t('second-factor.add-app')}</h3>
      <ol class="app-steps"><li>${t('second-factor.step-install')}</li><li>${t('second-factor.step-scan')}</li><li>${t('second-factor.step-code')}</li></ol>
      <div class="fresh-link">
        ${qrCode(uri, t('second-factor.qr'))}
        <div class="column">
          <p>${t('second-factor.by-hand')}</p>
          <code data-testid="totp-secret">${secret.replace(/.{4}(?=.)/g, '$& ')}</code>
          <div class="row"><button type="button" data-testid="copy-secret" @click=${() => copyText(secret, t('second-factor.secret-copied'))}>${icon('copy')}<span>${t('app.copy')}</span></button></div>
        </div>
      </div>
      <label class="field short">${t('second-factor.code')}
        <input name="code" data-testid="totp-code" inputmode="numeric" autocomplete="one-time-code" maxlength="9" required></label>
      <div class="row wrap"><button class="main" data-testid="confirm-totp" ?disabled=${this.busy}>${t('second-factor.confirm')}</button>
        <button type="button" data-testid="factor-cancel" @click=${() => (this.app = null)}>${t('dialog.cancel')}</button></div>
    </form>`;
  }

  recoveryCodes() {
    return html`<section class="column" aria-labelledby="codes-title">
      <h3 id="codes-title" tabindex="-1">${t('second-factor.codes')}</h3>
      <p>${t('second-factor.codes-once')}</p>
      <ol class="recovery-codes" data-testid="codes">${this.codes.map(code => html`<li><code>${code}</code></li>`)}</ol>
      <div class="row wrap">
        <button type="button" data-testid="copy-codes" @click=${() => copyText(this.codes.join('\n'), t('second-factor.codes-copied'))}>${icon('copy')}<span>${t('app.copy')}</span></button>
        <button type="button" class="main" data-testid="codes-read" @click=${this.readCodes}>${icon('check')}<span>${t('second-factor.codes-read')}</span></button>
      </div>
    </section>`;
  }
}

customElements.define('second-factor', SecondFactor);
