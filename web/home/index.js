// Page `index.html`: sign in by password and second factor or by a provider of single sign-on, change the password, or
// follow a one-time link.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, beginSso, changePassword, allSessions, endSso, finishSso, firstPassword, login, loginCode, loginKey, logout, me, signInWays} from '../core/api.js';
import {besidePages, errorMessage, RequestingElement, setTitle} from '../core/base.js';
import {codeField, meetingUrl} from '../core/code-field.js';
import {languageButton} from '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {digitsOf} from '../core/meeting-code.js';
import {homePage} from '../core/nav.js';
import {isTypedAlike, passwordField} from '../core/new-password.js';
import {utc} from '../core/time.js';

const DAY_MS = 86_400_000;

/** Where the page keeps what the user wanted while the browser is at the provider. */
const WANTED = 'sso';

/** Return `next` if it is a page of this site, else ''. @param {string | null} next */
const ownPage = next => (next && /^[a-z-]+\.html(\?[\w=&%.+*~-]*)?$/.test(next) ? next : '');

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
const formFields = form => /** @type {any} */ (Object.fromEntries(new FormData(form)));

/** Signs users in and leads them to their first page or to a meeting. */
class SignInPage extends RequestingElement {
  static properties = {me: {state: true}, busy: {state: true}, changing: {state: true}, methods: {state: true}, recovering: {state: true}, enrolling: {state: true}, ways: {state: true}};

  constructor() {
    super();
    setTitle('sign-in.title');
    const query = new URLSearchParams(location.search);
    /** What the provider brought back; its `code` is none of a meeting. @type {SsoAnswer | null} */
    this.answer = query.has('state') ? {code: query.get('code') ?? '', state: query.get('state') ?? '', issuer: query.get('iss') ?? ''} : null;
    const wanted = this.answer ? new URLSearchParams(sessionStorage.getItem(WANTED) ?? '') : query;
    this.next = ownPage(wanted.get('next'));
    this.code = wanted.get('code') ?? new URLSearchParams(this.next.split('?')[1]).get('code') ?? '';
    /** @type {SignedInUser | null} */
    this.me = null;
    this.busy = false;
    /** Whether the user has just signed out, and may be signed in at the provider still. */
    this.left = query.has('left');
    /** By what else one signs in. @type {SignInWays} */
    this.ways = {oidc: null, ldap: null};
    /** The password just used, while it must be changed. @type {string | null} */
    this.changing = null;
    /** The ways to pass the second step, while it is due. @type {string[] | null} */
    this.methods = null;
    /** What a security key is asked, if the account has one that works here. @type {KeyRequestOptions | null} */
    this.key = null;
    /** Whether a recovery code is typed in place of the app's. */
    this.recovering = false;
    /** The user who must add a second factor before anything else, and the password just used. @type {{user: SignedInUser, password: string | null} | null} */
    this.enrolling = null;
    /** The password just used, null after a sign-in without one. @type {string | null} */
    this.password = '';
    /** The token of a one-time link; it is removed from the address at once. */
    this.token = location.hash.slice(1);
    if (this.token || this.answer || this.left) history.replaceState(null, '', location.pathname);
    if (this.token) return;
    this.findWays();
    if (this.answer) this.comeBack(this.answer, query.get('error'));
    else if (localStorage.getItem('account')) this.recognise();
  }

  /** Find out by what else one signs in; without an answer passwords remain. */
  async findWays() {
    this.ways = await signInWays().catch(() => this.ways);
  }

  /** Go to the provider. */
  goToProvider() {
    const wanted = new URLSearchParams({next: this.next, ...(this.code && {code: this.code})});
    return this.attempt(async () => {
      const {url} = await beginSso();
      sessionStorage.setItem(WANTED, wanted.toString());
      location.assign(url);
    });
  }

  /** End what began at the provider. @param {SsoAnswer} answer @param {string | null} refused */
  async comeBack(answer, refused) {
    sessionStorage.removeItem(WANTED);
    this.password = null;
    if (refused || !answer.code) this.error = t(refused === 'access_denied' ? 'sign-in.sso-cancelled' : 'sign-in.sso-refused');
    else await this.attempt(async () => this.enter(await finishSso(answer)));
  }

  /** Sign out of the provider, too. */
  leaveProvider() {
    return this.attempt(async () => {
      const {url} = await endSso();
      if (url) location.assign(url);
      else this.left = false;
    });
  }

  async recognise() {
    try {
      const someone = await me();
      this.me = someone.must_change || someone.must_enrol ? null : someone; // these need the password once more
    } catch {
      localStorage.removeItem('account');
    }
  }

  /** Send one form; its error stays on the screen. @param {() => Promise<unknown>} run @param {HTMLFormElement} [form] */
  async attempt(run, form) {
    this.busy = true;
    const well = await super.attempt(run, form, passwordField);
    this.busy = false;
    return well;
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    if (!(failure instanceof ProblemError)) return;
    if (failure.word === 'bad-login') this.error = t('sign-in.wrong');
    if (failure.word === 'challenge-over') [this.methods, this.changing, this.token] = [null, null, ''];
    if (failure.word === 'second-factor') this.askSecondFactor(failure.problem.methods ?? [], failure.problem.key ?? null);
  }

  /** Go on to the second step: the password was right. @param {string[]} methods @param {KeyRequestOptions | null} key */
  async askSecondFactor(methods, key) {
    [this.error, this.methods, this.recovering, this.key] = ['', methods, !methods.includes('totp'), key];
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('#second'))?.focus();
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const {account, password, code} = formFields(/** @type {HTMLFormElement} */ (event.target));
    this.code = digitsOf(code);
    this.password = password ?? '';
    this.attempt(async () => this.enter(this.me ?? await login(account.trim(), password)));
  }

  /** @param {SubmitEvent} event */
  submitCode(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    this.attempt(async () => this.enter(await loginCode(formFields(form).code)), form);
  }

  /** Pass the second step by a security key. */
  submitKey() {
    return this.attempt(async () => {
      const {askKey} = await import('../core/security-keys.js'); // few need it, and the first page must open fast
      const answer = await askKey(/** @type {KeyRequestOptions} */ (this.key));
      if (answer) await this.enter(await loginKey(answer));
      else this.error = t('second-factor.no-answer');
    });
  }

  /** Lead a user on who is signed in: to a second factor, recovery codes or a password that are due, else in. @param {SignedInUser} user */
  async enter(user) {
    localStorage.setItem('account', user.account);
    [this.methods, this.token] = [null, ''];
    if (user.must_enrol || user.recovery_codes_due) {
      await import('../account/second-factor.js'); // few need it, and the first page must open fast
      this.enrolling = {user, password: this.password};
    } else if (user.must_change) this.changing = this.password;
    else await this.proceed(user);
  }

  async enrolled() {
    const {user} = /** @type {{user: SignedInUser}} */ (this.enrolling);
    this.enrolling = null;
    await this.attempt(() => this.enter({...user, must_enrol: false, recovery_codes_due: false}));
  }

  /** @param {SubmitEvent} event */
  changePassword(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const {fresh} = formFields(form);
    if (!isTypedAlike(form)) return;
    this.password = fresh;
    this.attempt(async () => this.enter(this.token ? await firstPassword(this.token, fresh) : await changePassword(this.changing ?? '', fresh)), form);
  }

  /** Go where the user wanted to, or begins. @param {SignedInUser} user */
  async proceed(user) {
    if (!this.code) return location.assign(this.next || homePage(user.roles));
    if (this.next.includes(this.code)) return location.assign(this.next);
    const now = Date.now();
    location.assign(meetingUrl(this.code, await allSessions(utc(now - DAY_MS), utc(now + DAY_MS))));
  }

  async switchAccount() {
    localStorage.removeItem('account');
    await this.attempt(async () => void (await logout()));
    this.me = null;
  }

  render() {
    return html`<main class="sign-in">
      <section class="welcome" aria-hidden="true">
        <img src=${besidePages('icon.svg')} alt="" width="72" height="72">
        <p class="big">${t('app.name')}</p>
        <p>${t('app.claim')}</p>
      </section>
      <section class="panel">
        <div class="row end">${languageButton()}</div>
        ${this.form()}
      </section>
    </main>`;
  }

  form() {
    if (this.enrolling) return this.enrolment(this.enrolling);
    if (this.methods) return this.codeForm(this.methods);
    return this.changing === null && !this.token ? this.signInForm() : this.passwordForm();
  }

  signInForm() {
    return html`<form @submit=${this.submit}>
      <h1>${t('sign-in.title')}</h1>
      ${this.me || !this.ways.oidc ? nothing : this.provider(this.ways.oidc)}
      ${this.me ? this.signedInAs(this.me) : this.credentials()} ${codeField(this.code, false)} ${errorMessage(this.error)}
      <button class=${this.ways.oidc && !this.me ? 'wide' : 'main wide'} data-testid="sign-in" ?disabled=${this.busy}>${t('sign-in.enter')}</button>
      <p class="help"><a href="check.html" data-testid="check">${t('sign-in.check')}</a> · <a href="help.html" data-testid="help">${t('guide.title')}</a></p>
    </form>`;
  }

  /** @param {string} label */
  provider(label) {
    return html`${this.left ? html`<p class="row wrap" data-testid="left"><span>${t('sign-in.left', label)}</span>
        <button type="button" class="quiet" data-testid="leave-provider" ?disabled=${this.busy} @click=${this.leaveProvider}>${t('sign-in.leave')}</button></p>` : nothing}
      <button type="button" class="main wide" data-testid="provider" ?disabled=${this.busy} @click=${this.goToProvider}>${label}</button>
      <p class="soft" data-testid="own-accounts">${t('sign-in.own')}</p>`;
  }

  credentials() {
    return html`${this.ways.ldap ? html`<p class="soft" data-testid="directory">${t('sign-in.directory', this.ways.ldap)}</p>` : nothing}
      <div class="field">
        <label for="account">${t('sign-in.account')}</label>
        <input id="account" name="account" data-testid="account" autocomplete="username" autocapitalize="none" spellcheck="false" required>
      </div>
      <div class="field">
        <label for="password">${t('sign-in.password')}</label>
        <input id="password" name="password" type="password" data-testid="password" autocomplete="current-password" required>
      </div>`;
  }

  /** @param {SignedInUser} someone */
  signedInAs(someone) {
    return html`<p class="row">
      <span>${t('sign-in.as', someone.name)}</span>
      <button type="button" class="quiet" data-testid="other-account" @click=${this.switchAccount}>${t('sign-in.other')}</button>
    </p>`;
  }

  /** @param {string[]} methods */
  codeForm(methods) {
    const kind = this.recovering ? 'recovery' : 'code';
    const other = this.recovering ? methods.includes('totp') : methods.includes('recovery-code');
    return html`<form @submit=${this.submitCode}>
      <h1>${t('sign-in.code-title')}</h1>
      ${this.key ? html`<button type="button" class="main wide" data-testid="pass-by-key" ?disabled=${this.busy} @click=${this.submitKey}>${t('sign-in.key')}</button>` : nothing}
      <p>${t(`sign-in.${kind}-why`)}</p>
      <div class="field">
        <label for="second">${t(`sign-in.${kind}`)}</label>
        <input id="second" name="code" class="code" data-testid="second-factor" inputmode=${this.recovering ? 'text' : 'numeric'} autocomplete=${this.recovering ? 'off' : 'one-time-code'} autocapitalize="none" spellcheck="false" maxlength="20" required>
      </div>
      ${errorMessage(this.error)}
      <button class=${this.key ? 'wide' : 'main wide'} data-testid="pass-second-factor" ?disabled=${this.busy}>${t('sign-in.enter')}</button>
      <div class="row">
        <button type="button" class="quiet" data-testid="sign-in-back" @click=${() => (this.methods = null)}>${t('sign-in.back')}</button>
        ${other ? html`<button type="button" class="quiet" data-testid="other-factor" @click=${this.switchFactor}>${t(this.recovering ? 'sign-in.use-code' : 'sign-in.use-recovery')}</button>` : nothing}
      </div>
      <p class="soft">${t('sign-in.code-lost')}</p>
    </form>`;
  }

  async switchFactor() {
    [this.recovering, this.error] = [!this.recovering, ''];
    await this.updateComplete;
    const field = /** @type {HTMLInputElement} */ (this.querySelector('#second'));
    field.value = '';
    field.focus();
  }

  /** @param {{user: SignedInUser, password: string | null}} enrolling */
  enrolment({user, password}) {
    const what = user.must_enrol ? 'enrol' : 'codes-due';
    return html`<div class="enrolment">
      <h1>${t(`sign-in.${what}`)}</h1>
      <p>${t(`sign-in.${what}-why`)}</p>
      <second-factor .password=${password} .fresh=${true} @enrolled=${this.enrolled}></second-factor>
      ${user.must_enrol ? nothing : html`<div class="row"><button type="button" data-testid="codes-later" @click=${this.enrolled}>${t('sign-in.codes-later')}</button></div>`}
    </div>`;
  }

  passwordForm() {
    return html`<form @submit=${this.changePassword}>
      <h1>${t('password.title')}</h1>
      <p>${t(this.token ? 'password.first' : 'password.why')}</p>
      ${['fresh', 'again'].map(
        name => html`<div class="field">
          <label for=${name}>${t(`password.${name}`)}</label>
          <input id=${name} name=${name} type="password" data-testid="password-${name}" autocomplete="new-password" minlength="12" required>
          ${name === 'fresh' ? html`<small>${t('password.hint')}</small>` : nothing}
        </div>`,
      )}
      ${errorMessage(this.error)}
      <button class="main wide" data-testid="change-password" ?disabled=${this.busy}>${t('password.save')}</button>
    </form>`;
  }
}

customElements.define('sign-in-page', SignInPage);
