// Element <account-roles>: the roles of one account, changed by an administrator, for `directory.js`.

import {html} from '../vendor/lit.js';
import {changeRoles, ProblemError} from '../core/api.js';
import {RequestingElement, errorMessage} from '../core/base.js';
import {checkbox, field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {toast} from '../core/toast.js';

const ROLES = ['administrator', 'technician', 'supervisor', 'registrant', 'site'];

/** Shows the roles of an account as a form; fires `changed` when they were, or wait for a second person, and `shut`. */
export class AccountRoles extends RequestingElement {
  static properties = {...RequestingElement.properties, account: {attribute: false}};

  constructor() {
    super();
    /** @type {KnownAccount | null} */
    this.account = null;
  }

  firstUpdated() {
    this.querySelector('input')?.focus();
  }

  /** @param {SubmitEvent} event */
  async change(event) {
    const form = formOf(event);
    const {reason, ...chosen} = formValues(event);
    const sent = await this.attempt(async () => {
      try {
        await changeRoles(this.account?.account ?? '', {roles: ROLES.filter(role => role in chosen), reason});
        toast(t('roles.done'));
      } catch (failure) {
        if (!(failure instanceof ProblemError) || failure.status !== 409 || !failure.problem.approval) throw failure;
        toast(t('roles.asked'));
      }
    }, form);
    if (sent) this.emit('changed');
  }

  render() {
    const {account = '', name = '', roles = []} = this.account ?? {};
    return html`<form class="card column" data-testid="roles-form" @submit=${this.change}>${keptForm(`roles-${account}`)}
      <h3>${t('roles.of', name, account)}</h3>
      <p class="soft">${t('roles.hint')}</p>
      ${errorMessage(this.error, 'roles-error')}
      <fieldset><legend>${t('account.roles')}</legend>${ROLES.map(role => checkbox({name: role, label: `account.role-${role}`, checked: roles.includes(role)}))}</fieldset>
      ${field({name: 'reason', label: 'roles.reason', required: true, max: 500})}
      <div class="row end"><button type="button" @click=${() => this.emit('shut')}>${t('roles.leave')}</button> <button class="main" data-testid="roles-send">${t('roles.change')}</button></div>
    </form>`;
  }
}

customElements.define('account-roles', AccountRoles);
