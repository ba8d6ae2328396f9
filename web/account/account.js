// Page `account.html`: who is signed in, with the settings of this device, calendar links, sign-ins and the password.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError, changePassword} from '../core/api.js';
import {errorMessage, Page, setTitle} from '../core/base.js';
import {formOf, formValues} from '../core/fields.js';
import {LANGUAGES, language, languageName, switchLanguage, t} from '../core/i18n.js';
import {isTypedAlike, passwordField} from '../core/new-password.js';
import {loadingState} from '../core/states.js';
import {chooseTheme, chosenTheme, THEMES} from '../core/theme.js';
import {toast} from '../core/toast.js';
import {showFaults} from '../core/validation.js';
import '../core/top-bar.js';
import './calendar-links.js';
import './device-clock.js';
import './reminder-settings.js';
import './reset-second-factor.js';
import './second-factor.js';
import './sign-ins.js';

/** Shows what belongs to the signed-in person. */
class AccountPage extends Page {
  static properties = {...Page.properties, busy: {state: true}, passwordFault: {state: true}};

  constructor() {
    super();
    setTitle('account.title');
    this.busy = false;
    this.passwordFault = '';
  }

  /** @param {SubmitEvent} event */
  async changePassword(event) {
    const {current, fresh} = formValues(event);
    const form = formOf(event);
    this.passwordFault = '';
    if (!isTypedAlike(form)) return;
    this.busy = true;
    const well = await this.attempt(() => changePassword(current, fresh), form, passwordField);
    this.busy = false;
    [this.passwordFault, this.error] = [this.error, ''];
    if (!well) return;
    form.reset();
    toast(t('account.password-changed'));
    this.changed();
  }

  /** Look again where the account is signed in: a change has ended sign-ins elsewhere. */
  changed() {
    this.querySelector('sign-ins')?.dispatchEvent(new Event('changed'));
  }

  /** Show at its field that the present password is wrong: nobody is signed out by it. @param {unknown} failure */
  onFailure(failure) {
    const form = /** @type {HTMLFormElement | null} */ (this.querySelector('form.password'));
    if (form && failure instanceof ProblemError && failure.word === 'bad-login') showFaults(form, [{field: 'current', detail: t('password.wrong')}]);
    else super.onFailure(failure);
  }

  render() {
    return html`<top-bar .me=${this.me}></top-bar>
      <main class="sections account">
        <h1>${t('account.title')}</h1>
        ${errorMessage(this.error)} ${this.me ? this.cards(this.me) : this.loading ? loadingState() : nothing}
      </main>`;
  }

  /** @param {SignedInUser} me */
  cards(me) {
    return html`${this.person(me)}
      ${me.roles.includes('provider') ? nothing : html`<calendar-links class="card" .me=${me}></calendar-links>`}
      ${this.device(me)}
      <sign-ins class="card"></sign-ins>
      <second-factor class="card" .kind=${me.kind} @enrolled=${this.changed}></second-factor>
      ${me.roles.includes('administrator') ? html`<reset-second-factor class="card"></reset-second-factor>` : nothing}
      ${me.kind === 'own' ? this.password() : nothing}`;
  }

  /** @param {SignedInUser} me */
  person({name, account, unit, point, provider, roles, kind}) {
    const rows = [
      ['account.name', name],
      ['sign-in.account', account],
      ['account.unit', unit?.name ?? provider?.name],
      ['account.point', point?.label],
      ['account.roles', roles.map(role => t(`account.role-${role}`)).join(', ')],
      ['account.kind', t(`account.kind-${kind}`)],
    ];
    return html`<section class="card" aria-labelledby="person"><h2 id="person">${t('account.person')}</h2>
      <dl class="account-facts">${rows.map(([label, text]) => (text ? html`<div><dt>${t(String(label))}</dt><dd>${text}</dd></div>` : nothing))}</dl>
      <p class="soft">${t(kind === 'own' ? 'account.person-hint' : 'account.person-hint-elsewhere')}</p></section>`;
  }

  /** @param {SignedInUser} me */
  device(me) {
    const theme = chosenTheme();
    return html`<section class="card column" aria-labelledby="device"><h2 id="device">${t('account.device')}</h2>
      <div class="columns">
        <fieldset @change=${(/** @type {any} */ event) => chooseTheme(event.target.value)}><legend>${t('theme.title')}</legend>
          ${THEMES.map(each => html`<label class="option"><input type="radio" name="look" value=${each} data-testid="look-${each}" .checked=${each === theme}><span>${t(`theme.${each}`)}</span></label>`)}
        </fieldset>
        <fieldset @change=${(/** @type {any} */ event) => switchLanguage(event.target.value)}><legend>${t('account.language')}</legend>
          ${LANGUAGES.map(each => html`<label class="option" lang=${each}><input type="radio" name="language" value=${each} data-testid="language-${each}" .checked=${each === language}><span>${languageName(each)}</span></label>`)}
        </fieldset>
      </div>
      ${me.roles.includes('provider') ? nothing : html`<reminder-settings .me=${me}></reminder-settings>`}
      <device-clock></device-clock>
    </section>`;
  }

  password() {
    return html`<form class="card column password" aria-labelledby="password-title" @submit=${this.changePassword}>
      <h2 id="password-title">${t('account.password')}</h2>
      <p class="soft">${t('account.password-hint')}</p>
      ${[['current', 'account.password-now', 'current-password'], ['fresh', 'password.fresh', 'new-password'], ['again', 'password.again', 'new-password']].map(
        ([name, label, kind]) => html`<label class="field short">${t(label)}
          <input name=${name} type="password" data-testid="password-${name}" autocomplete=${kind} minlength=${name === 'current' ? nothing : 12} required>
          ${name === 'fresh' ? html`<small>${t('password.hint')}</small>` : nothing}</label>`,
      )}
      ${errorMessage(this.passwordFault, 'password-fault')}
      <div class="row"><button data-testid="change-password" ?disabled=${this.busy}>${t('account.password-save')}</button></div>
    </form>`;
  }
}

customElements.define('account-page', AccountPage);
