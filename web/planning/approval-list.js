// Element <approval-list>: what waits for a second person, where the profile asks for two, for `queue.js` and
// `directory.js`.

import {html, nothing} from '../vendor/lit.js';
import {approvals, decideApproval} from '../core/api.js';
import {RequestingElement, errorMessage, icon, repeatWhileConnected} from '../core/base.js';
import {ask} from '../core/dialog.js';
import {t} from '../core/i18n.js';
import {hourMinute} from '../core/time.js';
import {toast} from '../core/toast.js';

const REFRESH_MS = 15_000;

/** Return the names of roles. @param {string[]} roles */
const rolesOf = roles => roles.map(role => t(`account.role-${role}`)).join(', ') || t('approvals.no-roles');

/** Return the text of the button for an emergency. @param {Approval['action']} action */
const emergencyOf = action => t(action === 'change-roles' ? 'approvals.emergency-roles' : 'approvals.emergency');

/** Lists requests and emergencies; administrators decide those of others, who asked may do it at once. */
export class ApprovalList extends RequestingElement {
  static properties = {...RequestingElement.properties, me: {attribute: false}, action: {}, waiting: {state: true}};

  constructor() {
    super();
    /** @type {SignedInUser | null} */
    this.me = null;
    /** The action to which the list is limited; empty: all. */
    this.action = '';
    /** @type {Approval[]} */
    this.waiting = [];
    this.list = this.list.bind(this);
    repeatWhileConnected(this, REFRESH_MS, () => this.refresh(this.list));
  }

  connectedCallback() {
    super.connectedCallback();
    this.refresh(this.list);
  }

  async list() {
    this.waiting = (await approvals()).filter(({action}) => !this.action || action === this.action);
  }

  /** @param {Approval} approval @param {'approve' | 'refuse' | 'emergency'} word */
  async decide({id, action, account, victims, state}, word) {
    const confirms = state === 'emergency';
    const ofRoles = action === 'change-roles';
    const label = confirms || word !== 'emergency' ? t(`approvals.${confirms ? 'confirm' : word}`) : emergencyOf(action);
    const choices = [{value: word, label, tone: /** @type {const} */ ('danger')}];
    const text = confirms ? t('approvals.confirm-text') : ofRoles ? t(`approvals.${word}-roles-text`, account) : t(`approvals.${word}-text`, victims.length);
    if (!(await ask({title: `${label}?`, text, choices}))) return;
    if (await this.attempt(() => decideApproval(id, word))) toast(t('approvals.done'));
    await this.refresh(this.list);
    this.emit('decided');
  }

  render() {
    if (!this.waiting.length && !this.error) return nothing;
    return html`<section class="card" data-testid="approvals"><h2>${icon('warn')} ${t('approvals.title')}</h2>
      ${errorMessage(this.error, 'approval-error')}
      <ul class="plain-list">${this.waiting.map(each => this.one(each))}</ul></section>`;
  }

  /** @param {Approval} approval */
  one(approval) {
    const {action, account, roles_before: before, roles, session, victims, reason, asked_by: by, asked, expires, state, mine} = approval;
    const ofRoles = action === 'change-roles';
    const forCodes = session ? t('approvals.for-session', session.number, session.host) : t('approvals.for-capacity');
    const lost = () => victims.map(({number, host}) => `${number} ${host}`).join('; ');
    const title = ofRoles ? '-roles' : '';
    const decides = !mine && account !== this.me?.account && this.me?.roles.includes('administrator');
    return html`<li class="column" data-testid="approval" data-state=${state}>
      <p><strong>${state === 'emergency' ? t(`approvals.was-emergency${title}`) : t(`approvals.asked${title}`)}</strong> ${ofRoles ? account : forCodes}</p>
      <p>${ofRoles ? t('approvals.roles', rolesOf(before), rolesOf(roles)) : t('approvals.victims', lost())}</p>
      <p class="soft">${reason} · ${by}, ${hourMinute(asked)}${state === 'asked' ? ` · ${t('approvals.until', hourMinute(expires))}` : ''}</p>
      <div class="row end">
        ${mine && state === 'asked' ? html`<button type="button" class="danger" data-testid="approval-emergency" @click=${() => this.decide(approval, 'emergency')}>${emergencyOf(action)}</button>` : nothing}
        ${decides && state === 'asked' ? html`<button type="button" data-testid="approval-refuse" @click=${() => this.decide(approval, 'refuse')}>${t('approvals.refuse')}</button>` : nothing}
        ${decides ? html`<button type="button" class="danger solid" data-testid="approval-approve" @click=${() => this.decide(approval, 'approve')}>${t(state === 'emergency' ? 'approvals.confirm' : 'approvals.approve')}</button>` : nothing}
      </div></li>`;
  }
}

customElements.define('approval-list', ApprovalList);
