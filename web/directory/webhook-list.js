// Element <webhook-list>: the webhooks of other systems and their deliveries, for `tokens.js`.

import {html, nothing} from '../vendor/lit.js';
import '../core/action-menu.js';
import {addWebhook, changeWebhook, pauseWebhook, removeWebhook, resumeWebhook, rotateWebhook, sendDeliveryAgain, testWebhook, webhookDeliveries, webhooks} from '../core/api.js';
import {RequestingElement, errorMessage, icon, repeatWhileConnected} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {ask} from '../core/dialog.js';
import {checkbox, field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {emptyState} from '../core/states.js';
import {day, hourMinute} from '../core/time.js';
import {toast} from '../core/toast.js';

const EVENTS = [
  'session.registered', 'session.changed', 'session.cancelled', 'session.started', 'session.ended',
  'code.issued', 'code.revoked', 'recording.ready', 'recording.deleted', 'incident.opened', 'incident.closed',
];
const TONES = {waiting: 'plain', sent: 'good', failed: 'bad'};
const REFRESH_MS = 5000;

/** Lists webhooks, registers, changes, pauses and removes one, gives it another secret; lists deliveries. */
export class WebhookList extends RequestingElement {
  static properties = {...RequestingElement.properties, webhooks: {state: true}, deliveries: {state: true}, adding: {state: true}, changing: {state: true}, made: {state: true}};

  constructor() {
    super();
    /** @type {Webhook[]} */
    this.webhooks = [];
    /** @type {WebhookDelivery[]} */
    this.deliveries = [];
    /** Whether the form is open. */
    this.adding = false;
    /** The webhook that the form changes, else it registers one. @type {Webhook | null} */
    this.changing = null;
    /** A new secret, which cannot be read again, and until when the one before is valid. @type {{name: string, secret: string, until?: string} | null} */
    this.made = null;
    repeatWhileConnected(this, REFRESH_MS, () => this.refresh(() => this.list()));
  }

  connectedCallback() {
    super.connectedCallback();
    this.refresh(() => this.list());
  }

  async list() {
    [this.webhooks, this.deliveries] = await Promise.all([webhooks(), webhookDeliveries()]);
  }

  /** @param {SubmitEvent} event */
  async add(event) {
    const form = formOf(event);
    const {name, url, ...chosen} = formValues(event);
    const [fields, changing] = [{url, events: EVENTS.filter(each => each in chosen)}, this.changing];
    await this.attempt(async () => {
      if (changing) {
        await changeWebhook(changing.name, fields);
        toast(t('webhooks.changed-done', changing.name));
      } else {
        const {secret} = await addWebhook({name, ...fields});
        this.made = {name, secret};
      }
      [this.adding, this.changing] = [false, null];
      await this.list();
    }, form);
  }

  /** @param {Webhook} webhook */
  async askToRotate({name}) {
    const choices = [{value: 'rotate', label: t('webhooks.rotate'), tone: /** @type {const} */ ('main')}];
    if (!(await ask({title: t('webhooks.rotate-ask', name), text: t('webhooks.rotate-text'), choices}))) return;
    await this.attempt(async () => {
      this.made = {name, ...(await rotateWebhook(name))};
      await this.list();
    });
  }

  /** Open the form for a webhook, or for a new one. @param {Webhook | null} webhook */
  async open(webhook) {
    const again = this.adding && this.changing === webhook;
    [this.adding, this.changing] = [false, null];
    if (again) return;
    await this.updateComplete; // a form of its own, with nothing of the one before
    [this.adding, this.changing] = [true, webhook];
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector(`[data-testid=f-${webhook ? 'url' : 'name'}]`))?.focus();
  }

  /** Do something and list again. @param {() => Promise<unknown>} run @param {string} done */
  async act(run, done) {
    await this.attempt(async () => {
      await run();
      toast(done);
      await this.list();
    });
  }

  /** @param {Webhook} webhook */
  async askToRemove({name}) {
    const choices = [{value: 'remove', label: t('webhooks.remove'), tone: /** @type {const} */ ('danger')}];
    if (!(await ask({title: t('webhooks.remove-ask', name), text: t('webhooks.remove-text'), choices}))) return;
    if (this.made?.name === name) this.made = null;
    await this.act(() => removeWebhook(name), t('webhooks.removed-done', name));
  }

  render() {
    return html`<h2>${t('webhooks.title')}</h2>
      <p class="soft">${t('webhooks.hint')}</p>
      ${errorMessage(this.error, 'webhook-error')}
      ${this.made ? this.secret(this.made) : nothing} ${this.table()}
      ${this.webhooks.length ? this.opener() : nothing} ${this.adding ? this.form() : nothing} ${this.deliveries.length ? this.sent() : nothing}`;
  }

  /** Draw the secret that is shown this once. @param {{name: string, secret: string, until?: string}} made */
  secret({name, secret, until}) {
    return html`<section class="good" role="status" data-testid="webhook-made">
      <p><strong>${t('webhooks.secret-of', name)}</strong></p><p>${copyable(secret, {testid: 'webhook-secret'})}</p><p>${t('webhooks.secret-once')} ${until ? t('webhooks.before-until', `${hourMinute(until)} ${day(until)}`) : ''}</p>
      <button type="button" data-testid="webhook-close" @click=${() => (this.made = null)}>${t('webhooks.secret-kept')}</button></section>`;
  }

  table() {
    if (!this.webhooks.length) return emptyState({title: t('webhooks.none'), text: t('webhooks.none-text'), action: this.opener(), testid: 'webhooks-none', slim: true});
    const columns = ['name', 'state', 'url', 'events', 'action'];
    return html`<section class="card"><div class="wide-table" tabindex="0" role="region" aria-label=${t('webhooks.title')}>
      <table class="ledger" data-testid="webhooks"><thead><tr>${columns.map(column => html`<th scope="col">${t(`webhooks.${column}`)}</th>`)}</tr></thead>
      <tbody>${this.webhooks.map(each => this.row(each))}</tbody></table></div></section>`;
  }

  /** @param {Webhook} webhook */
  row(webhook) {
    const {name, url, events, paused, before_until: until} = webhook;
    return html`<tr data-testid="webhook" data-name=${name}>
      <th scope="row">${name}</th>
      <td><span class="badge ${paused ? 'bad' : 'good'}" data-testid="webhook-state">${paused ? t('webhooks.paused', `${hourMinute(paused)} ${day(paused)}`) : t('webhooks.active')}</span>
        ${until ? html`<small data-testid="webhook-before">${t('webhooks.before-until', `${hourMinute(until)} ${day(until)}`)}</small>` : nothing}</td>
      <td>${url}</td><td>${events.map(event => t(`webhooks.event-${event}`)).join(', ')}</td>
      <td><div class="row">
        ${paused ? html`<button type="button" class="main" data-testid="webhook-resume" @click=${() => this.act(() => resumeWebhook(name), t('webhooks.resumed-done', name))}>${t('webhooks.resume')}</button>` : html`<button type="button" data-testid="webhook-test" @click=${() => this.act(() => testWebhook(name), t('webhooks.tested-done', name))}>${t('webhooks.test')}</button>`}
        <action-menu label=${t('webhooks.menu', name)} .actions=${this.actions(webhook)}></action-menu></div></td></tr>`;
  }

  /** @param {Webhook} webhook @returns {import('../core/action-menu.js').MenuAction[]} */
  actions(webhook) {
    const {name, paused} = webhook;
    const pause = {label: t('webhooks.pause'), picture: 'pause', testid: 'webhook-pause', run: () => this.act(() => pauseWebhook(name), t('webhooks.paused-done', name))};
    return [
      {label: t('webhooks.change'), picture: 'edit', testid: 'webhook-change', run: () => this.open(webhook)},
      {label: t('webhooks.rotate'), picture: 'lock', testid: 'webhook-rotate', run: () => this.askToRotate(webhook)},
      ...(paused ? [] : [pause]),
      {label: t('webhooks.remove'), picture: 'trash', testid: 'webhook-remove', run: () => this.askToRemove(webhook), danger: true},
    ];
  }

  opener() {
    return html`<button type="button" aria-expanded=${this.adding && !this.changing} data-testid="webhook-add" @click=${() => this.open(null)}>${icon('plus')}<span>${t('webhooks.add')}</span></button>`;
  }

  form() {
    const {changing} = this;
    const name = changing ? nothing : field({name: 'name', label: 'webhooks.name', required: true, max: 58, hint: 'lich-cong-tac'});
    return html`<form class="card column" data-testid="webhook-form" @submit=${this.add}>${keptForm(changing ? `webhook ${changing.name}` : 'webhook')}
      <h3>${changing ? t('webhooks.change-of', changing.name) : t('webhooks.add')}</h3>
      <div class="pair">${name} ${field({name: 'url', label: 'webhooks.url', value: changing?.url, required: true, max: 500, hint: 'https://…'})}</div>
      <fieldset><legend>${t('webhooks.events')}</legend>${EVENTS.map(each => checkbox({name: each, label: `webhooks.event-${each}`, checked: changing?.events.includes(each)}))}</fieldset>
      <div class="row end"><button class="main" data-testid="webhook-send">${t(changing ? 'webhooks.save' : 'webhooks.register')}</button></div>
    </form>`;
  }

  /** Draw what was sent, waits or failed. */
  sent() {
    const columns = ['name', 'event', 'created', 'delivery', 'tries', 'action'];
    return html`<section class="card"><h3>${t('webhooks.deliveries')}</h3><div class="wide-table" tabindex="0" role="region" aria-label=${t('webhooks.deliveries')}>
      <table class="ledger" data-testid="deliveries"><thead><tr>${columns.map(column => html`<th scope="col">${t(`webhooks.${column}`)}</th>`)}</tr></thead>
      <tbody>${this.deliveries.map(each => this.delivery(each))}</tbody></table></div></section>`;
  }

  /** @param {WebhookDelivery} delivery */
  delivery({id, message, webhook, event, state, error, tries, created, due}) {
    const next = state === 'waiting' && tries ? t('webhooks.next', hourMinute(due)) : '';
    return html`<tr data-testid="delivery" data-id=${id}>
      <th scope="row">${webhook}</th><td title=${message}>${t(`webhooks.event-${event}`)}</td><td>${hourMinute(created)} ${day(created)}</td>
      <td><span class="badge ${TONES[state]}" data-testid="delivery-state">${t(`webhooks.${state}`)}</span> ${[error, next].filter(Boolean).join(' · ')}</td><td>${tries}</td>
      <td><button type="button" data-testid="delivery-again" @click=${() => this.act(() => sendDeliveryAgain(id), t('webhooks.again-done'))}>${t('webhooks.again')}</button></td></tr>`;
  }
}

customElements.define('webhook-list', WebhookList);
