// Page `setup.html`: the first run of a server, and later changes of what it asks for. `diemcau setup --web` serves it
// and prints its link; what is asked and judged is that of the command.

import {html, nothing} from '../vendor/lit.js';
import {ProblemError} from '../core/api.js';
import {RequestingElement, errorMessage, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {checkbox, field, formOf, formValues} from '../core/fields.js';
import {saveAs} from '../core/files.js';
import {t} from '../core/i18n.js';
import {keptForm, keptForms} from '../core/kept-form.js';
import {loadingState} from '../core/states.js';
import {languageButton} from '../core/top-bar.js';
import {answersOf} from './answers.js';
import {apply, check, end, open, sendFile, there} from './setup-api.js';

const PROFILES = ['pre-KH-2023:KH-2023', 'pre-KH-2023:KH-2023:KH-2025-2T'];
const TWO_TIER = PROFILES[1];
const TLS = ['implicit', 'starttls', 'none'];
const FILES = ['certificate', 'key', 'table'];
const START_MS = 2000;
const PATIENCE_MS = 90_000;
/** What is typed outlives a reload, as of another language, though nobody is signed in; passwords and files do not. */
const KEPT = 'setup';
keptForms.account ||= KEPT;

/** @param {string} key @param {string[]} names @returns {[string, string][]} */
const options = (key, names) => names.map(name => [name, t(`first-run.${key}-${name}`)]);

/** Check answers; the faults that the page found itself are told with those of the server. @param {{field: string, detail: string}[]} errors @param {object} answers */
async function checkWith(errors, answers) {
  const judged = await check(answers).catch(failure => {
    if (!(failure instanceof ProblemError) || failure.status !== 422) throw failure;
    throw new ProblemError({...failure.problem, errors: [...(failure.problem.errors ?? []), ...errors]});
  });
  if (errors.length) throw new ProblemError({type: 'urn:diemcau:invalid', title: '', detail: '', status: 422, errors});
  return judged;
}

/** Asks, shows what will be done, does it, and leads to the server. */
class SetupPage extends RequestingElement {
  static properties = {...RequestingElement.properties, state: {state: true}, chosen: {state: true}, plan: {state: true}, busy: {state: true}, result: {state: true}, started: {state: true}};

  constructor() {
    super();
    setTitle('first-run.title');
    /** What is there. @type {SetupState | null} */
    this.state = null;
    /** The choices on which other fields depend. @type {Record<string, string>} */
    this.chosen = {};
    /** What will be done, once it was checked. @type {string[] | null} */
    this.plan = null;
    /** The answers that were checked. @type {Record<string, object>} */
    this.answers = {};
    /** What goes on: an i18n key, or ''. */
    this.busy = '';
    /** @type {SetupResult | null} */
    this.result = null;
    /** Whether the server was seen to run: '' (not known), 'waiting', 'running', 'unseen'. */
    this.started = '';
    this.begin();
  }

  /** Open the page by the token of its link, or again by the cookie. */
  async begin() {
    const token = location.hash.slice(1);
    history.replaceState(null, '', location.pathname);
    await this.attempt(async () => {
      if (token) await open(token).catch(failure => { if (!(failure instanceof ProblemError) || failure.word !== 'link-dead') throw failure; });
      this.state = await there();
      const {profile, certificate, administrators} = this.state;
      this.chosen = {
        profile: PROFILES.includes(profile) ? profile : 'other',
        units: 'keep',
        certificate: certificate ? 'present' : 'authority',
        mail: 'keep',
        administrator: administrators.length ? '' : 'on',
      };
    });
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    if (failure instanceof ProblemError && [401, 404].includes(failure.status)) this.error = t('first-run.closed');
  }

  /** Note a choice on which other fields depend. @param {Event} event */
  choose(event) {
    const {name, value, type, checked} = /** @type {HTMLInputElement} */ (event.target);
    if (name in this.chosen) this.chosen = {...this.chosen, [name]: type === 'checkbox' ? (checked ? 'on' : '') : value};
    this.plan = null;
  }

  /** Check what was answered. @param {SubmitEvent} event */
  async submit(event) {
    const form = formOf(event);
    const values = formValues(event);
    const errors = (values['administrator.again'] ?? '') === (values['administrator.password'] ?? '') ? [] : [{field: 'administrator.again', detail: t('password.differ')}];
    delete values['administrator.again'];
    await this.work('first-run.checking', async () => {
      for (const name of FILES) {
        const [file] = /** @type {HTMLInputElement | null} */ (form.querySelector(`input[type=file][data-file=${name}]`))?.files ?? [];
        if (file) await sendFile(name, file);
      }
      this.answers = answersOf(values, /** @type {SetupState} */ (this.state));
      this.plan = (await checkWith(errors, this.answers)).lines;
      return false; // what was typed is kept until it is carried out
    }, form);
    await this.updateComplete;
    this.querySelector('#plan')?.scrollIntoView({block: 'nearest'});
  }

  /** Do what was shown, and have the page's server end. */
  carryOut() {
    return this.work('first-run.working', async () => {
      this.result = await apply(this.answers);
      keptForms.drop(KEPT);
      await end().catch(() => {}); // it ends by itself, too
      this.waitForServer(this.result.url);
    });
  }

  /** @param {string} busy @param {() => Promise<unknown>} run @param {HTMLFormElement} [form] */
  async work(busy, run, form) {
    this.busy = busy;
    await this.attempt(run, form, named => (form?.elements.namedItem(named) ? named : named.split('.')[0]));
    this.busy = '';
  }

  /** Ask now and then whether the server runs; only where it has this page's address does the browser tell. @param {string} url */
  async waitForServer(url) {
    if (!url || new URL(url).origin !== location.origin) return;
    this.started = 'waiting';
    const until = Date.now() + PATIENCE_MS;
    while (this.started === 'waiting') {
      await new Promise(resolve => setTimeout(resolve, START_MS));
      const found = await fetch('api/v1/sso').catch(() => null);
      if (found?.ok) this.started = 'running';
      else if (Date.now() > until) this.started = 'unseen';
    }
  }

  render() {
    return html`<main class="first-run">
      <div class="row between wrap"><h1>${t('first-run.title')}</h1>${languageButton()}</div>
      ${this.result ? this.done(this.result) : this.state ? this.form(this.state) : this.error ? errorMessage(this.error) : loadingState()}
    </main>`;
  }

  /** @param {SetupState} state */
  form(state) {
    return html`<p class="soft">${t('first-run.hint')}</p>
      <form class="column" data-testid="setup-form" @submit=${this.submit} @input=${this.choose}>${keptForm(KEPT)}
        ${this.address(state)} ${this.profile(state)} ${this.units(state)} ${this.certificate(state)} ${this.administrator(state)}
        ${this.mail(state)} ${this.files(state)} ${this.capacity(state)}
        ${errorMessage(this.error)}
        <div class="row end">${this.progress('first-run.checking')}<button class=${this.plan ? '' : 'main'} data-testid="setup-check" ?disabled=${Boolean(this.busy)}>${t('first-run.check')}</button></div>
      </form>
      ${this.plan ? this.summary(this.plan) : nothing}`;
  }

  /** @param {string} what */
  progress(what) {
    return this.busy === what ? html`<span class="row" role="status" data-testid="setup-busy"><progress aria-label=${t(what)}></progress><span>${t(what)}</span></span>` : nothing;
  }

  /** Draw one step. @param {string} name @param {unknown} fields */
  step(name, fields) {
    return html`<section class="card column" aria-labelledby="step-${name}"><h2 id="step-${name}">${t(`first-run.${name}`)}</h2>${fields}</section>`;
  }

  /** Draw a choice on which other fields depend. @param {string} name @param {[string, string][]} values @param {string} [label] */
  choice(name, values, label = `first-run.${name}`) {
    return field({name, label, value: this.chosen[name], options: values});
  }

  /** Draw a field for a file. @param {string} name @param {string} accept */
  file(name, accept) {
    return html`<label class="field">${t(`first-run.file-${name}`)} <input type="file" data-file=${name} data-testid="f-${name}-file" accept=${accept} required></label>`;
  }

  /** @param {SetupState} state */
  address({host, port}) {
    return this.step('address', html`<div class="pair">
      ${field({name: 'address.host', label: 'first-run.host', value: host, required: true, hint: 'hop.khanhhoa.gov.vn'})}
      ${field({name: 'address.port', label: 'first-run.port', value: port, required: true, max: 5})}</div>`);
  }

  /** @param {SetupState} state */
  profile({profile}) {
    const known = PROFILES.map((name, at) => /** @type {[string, string]} */ ([name, t(`first-run.profile-${at + 1}`)]));
    return this.step('profile', html`${this.choice('profile', [...known, ['other', t('first-run.profile-other')]], 'first-run.profile-which')}
      ${this.chosen.profile === 'other' ? field({name: 'profile.files', label: 'first-run.profile-files', value: profile, max: 400, required: true}) : nothing}`);
  }

  /** @param {SetupState} state */
  units({units}) {
    /** @type {[string, string][]} */
    const values = [['keep', units ? t('first-run.units-there', units) : t('first-run.units-later')]];
    if (this.chosen.profile === TWO_TIER) values.push(['shipped', t('first-run.units-shipped')]);
    values.push(['table', t('first-run.units-table')]);
    return this.step('units', html`${this.choice('units', values, 'first-run.units-from')}
      ${this.chosen.units === 'table' ? html`${this.file('table', '.csv,.xlsx')}<p class="soft">${t('first-run.table-hint')}</p>` : nothing}`);
  }

  /** @param {SetupState} state */
  certificate({certificate}) {
    /** @type {[string, string][]} */
    const values = [['authority', t('first-run.certificate-authority')], ['files', t('first-run.certificate-files')], ['present', t(certificate ? 'first-run.certificate-there' : 'first-run.certificate-none')]];
    return this.step('certificate', html`${this.choice('certificate', values, 'first-run.certificate-from')}
      ${this.chosen.certificate === 'files' ? html`<div class="pair">${this.file('certificate', '.pem,.crt,.cer')} ${this.file('key', '.pem,.key')}</div>` : nothing}
      <p class="soft">${t('first-run.acme')}</p>`);
  }

  /** @param {SetupState} state */
  administrator({administrators}) {
    return this.step('administrator', html`
      ${administrators.length ? html`<p>${t('first-run.administrators', administrators.join(', '))}</p>${checkbox({name: 'administrator', label: 'first-run.administrator-more', checked: Boolean(this.chosen.administrator)})}` : nothing}
      ${this.chosen.administrator ? html`<div class="pair">
        ${field({name: 'administrator.account', label: 'first-run.account', value: administrators.length ? '' : 'quantri', required: true, max: 64})}
        ${field({name: 'administrator.name', label: 'first-run.name'})}
        ${field({name: 'administrator.password', label: 'first-run.password', type: 'password'})}
        ${field({name: 'administrator.again', label: 'first-run.again', type: 'password'})}</div><p class="soft">${t('first-run.password-hint')}</p>` : nothing}`);
  }

  /** @param {SetupState} state */
  mail({mail}) {
    /** @type {[string, string][]} */
    const values = [['keep', mail ? t('first-run.mail-there', `${mail.host}, ${mail.sender}`) : t('first-run.mail-none')], ['server', t('first-run.mail-server')]];
    if (mail) values.push(['none', t('first-run.mail-none')]);
    return this.step('mail', html`${this.choice('mail', values, 'first-run.mail-by')}
      ${this.chosen.mail === 'server' ? html`<div class="pair">
        ${field({name: 'mail.host', label: 'first-run.smtp-host', value: mail?.host, required: true})}
        ${field({name: 'mail.sender', label: 'first-run.smtp-sender', value: mail?.sender, required: true, hint: 'hop@khanhhoa.gov.vn'})}
        ${field({name: 'mail.tls', label: 'first-run.smtp-tls', value: mail?.tls ?? 'implicit', options: options('tls', TLS)})}
        ${field({name: 'mail.port', label: 'first-run.smtp-port', value: mail?.port, max: 5, hint: t('first-run.smtp-port-hint')})}
        ${field({name: 'mail.user', label: 'first-run.smtp-user', value: mail?.user})}
        ${field({name: 'mail.password', label: 'first-run.smtp-password', type: 'password'})}</div>
        ${field({name: 'mail.authority', label: 'first-run.smtp-authority', max: 400})}` : nothing}`);
  }

  /** @param {SetupState} state */
  files({groups, sso}) {
    return this.step('files', html`<div class="pair">
      ${field({name: 'groups.file', label: 'first-run.groups-file', value: groups, max: 400, hint: '/etc/diemcau/groups.yaml'})}
      ${field({name: 'sso.file', label: 'first-run.sso-file', value: sso, max: 400, hint: '/etc/diemcau/sso.toml'})}</div>
      <p class="soft">${t('first-run.files-hint')}</p>`);
  }

  /** @param {SetupState} state */
  capacity({sessions, points}) {
    return this.step('capacity', html`<div class="pair">
      ${field({name: 'capacity.sessions', label: 'first-run.sessions', value: sessions, required: true, max: 6})}
      ${field({name: 'capacity.points', label: 'first-run.points', value: points, required: true, max: 6})}</div>`);
  }

  /** Draw what will be done. @param {string[]} lines */
  summary(lines) {
    return html`<section id="plan" class="card column" data-testid="setup-plan"><h2>${t('first-run.plan')}</h2>
      <ul>${lines.map(line => html`<li>${line.startsWith('!') ? html`<strong>${line.slice(2)}</strong>` : line.replace(/^- /, '')}</li>`)}</ul>
      <div class="row end">${this.progress('first-run.working')}<button type="button" class="main" data-testid="setup-apply" ?disabled=${Boolean(this.busy)} @click=${this.carryOut}>${t('first-run.apply')}</button></div></section>`;
  }

  /** @param {SetupResult} result */
  done({next, url, account, password, authority}) {
    const pem = () => saveAs(new Blob([authority], {type: 'application/x-pem-file'}), 'diemcau-ca.pem');
    return html`<section class="good column" role="status" data-testid="setup-done"><h2>${t('first-run.done')}</h2>
        ${password ? html`<p>${t('first-run.made-account', account)}</p><p>${copyable(password, {testid: 'setup-password'})}</p>` : nothing}
        ${this.started ? html`<p data-testid="setup-started">${t(`first-run.${this.started}`)}</p>` : nothing}</section>
      <section class="card column"><h2>${t('first-run.next')}</h2>
        <ul>${next.map(line => html`<li>${line}</li>`)}</ul>
        <div class="row wrap">${authority ? html`<button type="button" data-testid="setup-authority" @click=${pem}>${t('first-run.save-authority')}</button>` : nothing}
        ${url ? html`<a class="button main" href=${url} data-testid="setup-enter">${t('first-run.enter', url)}</a>` : nothing}</div>
        <p class="soft">${t('first-run.start-hint')}</p></section>`;
  }
}

customElements.define('setup-page', SetupPage);
