// Page `index.html`: sign in by password and second factor, change the password, or follow a one-time link.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, changePassword, allSessions, firstPassword, login, loginCode, loginKey, logout, me} from '../core/api.js';
import {besidePages, errorMessage, RequestingElement, setTitle} from '../core/base.js';
import {codeField, meetingUrl} from '../core/code-field.js';
import {languageButton} from '../core/top-bar.js';
import {t} from '../core/i18n.js';
import {digitsOf} from '../core/meeting-code.js';
import {homePage} from '../core/nav.js';
import {isTypedAlike, passwordField} from '../core/new-password.js';
import {utc} from '../core/time.js';

const DAY_MS = 86_400_000;

/** Return `next` if it is a page of this site, else ''. @param {string | null} next */
const ownPage = next => (next && /^[a-z-]+\.html(\?[\w=&%.+*~-]*)?$/.test(next) ? next : '');

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
const formFields = form => /** @type {any} */ (Object.fromEntries(new FormData(form)));

/** Signs users in and leads them to their first page or to a meeting. */
class SignInPage extends RequestingElement {
  static properties = {me: {state: true}, busy: {state: true}, changing: {state: true}, methods: {state: true}, recovering: {state: true}, enrolling: {state: true}};

  constructor() {
    super();
    setTitle('sign-in.title');
    const query = new URLSearchParams(location.search);
    this.next = ownPage(query.get('next'));
    this.code = query.get('code') ?? new URLSearchParams(this.next.split('?')[1]).get('code') ?? '';
    /** @type {SignedInUser | null} */
    this.me = null;
    this.busy = false;
    /** The password just used, while it must be changed. @type {string | null} */
    this.changing = null;
    /** The ways to pass the second step, while it is due. @type {string[] | null} */
    this.methods = null;
    /** What a security key is asked, if the account has one that works here. @type {KeyRequestOptions | null} */
    this.key = null;
    /** Whether a recovery code is typed in place of the app's. */
    this.recovering = false;
    /** The user who must add a second factor before anything else, and the password just used. @type {{user: SignedInUser, password: string} | null} */
    this.enrolling = null;
    /** The password just used. */
    this.password = '';
    /** The token of a one-time link; it is removed from the address at once. */
    this.token = location.hash.slice(1);
    if (this.token) history.replaceState(null, '', location.pathname);
    else if (localStorage.getItem('account')) this.recognise();
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

  /** Lead a user on who is signed in: to a second factor or a new password that is due, else in. @param {SignedInUser} user */
  async enter(user) {
    localStorage.setItem('account', user.account);
    [this.methods, this.token] = [null, ''];
    if (user.must_enrol) {
      await import('../account/second-factor.js'); // few need it, and the first page must open fast
      this.enrolling = {user, password: this.password};
    } else if (user.must_change) this.changing = this.password;
    else await this.proceed(user);
  }

  async enrolled() {
    const {user} = /** @type {{user: SignedInUser}} */ (this.enrolling);
    this.enrolling = null;
    await this.attempt(() => this.enter({...user, must_enrol: false}));
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
    if (this.enrolling) return this.enrolment(this.enrolling.password);
    if (this.methods) return this.codeForm(this.methods);
    return this.changing === null && !this.token ? this.signInForm() : this.passwordForm();
  }

  signInForm() {
    return html`<form @submit=${this.submit}>
      <h1>${t('sign-in.title')}</h1>
      ${this.me ? this.signedInAs(this.me) : this.credentials()} ${codeField(this.code, false)} ${errorMessage(this.error)}
      <button class="main wide" data-testid="sign-in" ?disabled=${this.busy}>${t('sign-in.enter')}</button>
      <p class="help"><a href="check.html" data-testid="check">${t('sign-in.check')}</a> · <a href="help.html" data-testid="help">${t('guide.title')}</a></p>
    </form>`;
  }

  credentials() {
    return html`<div class="field">
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

  /** @param {string} password */
  enrolment(password) {
    return html`<div class="enrolment">
      <h1>${t('sign-in.enrol')}</h1>
      <p>${t('sign-in.enrol-why')}</p>
      <second-factor .password=${password} @enrolled=${this.enrolled}></second-factor>
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
