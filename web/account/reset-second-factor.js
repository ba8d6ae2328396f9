// Element `reset-second-factor`: removes the second factors of somebody who has lost them, for the account page of an
// administrator.

import {html} from '../vendor/lit.js';
import {resetSecondFactor} from '../core/api.js';
import {errorMessage, RequestingElement} from '../core/base.js';
import {ask} from '../core/dialog.js';
import {formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {toast} from '../core/toast.js';

/** Asks for an account, and removes its second factors. */
export class ResetSecondFactor extends RequestingElement {
  /** @param {SubmitEvent} event */
  async submit(event) {
    const {account} = formValues(event);
    const form = formOf(event);
    const choices = [{value: 'reset', label: t('second-factor.reset'), tone: /** @type {'danger'} */ ('danger')}];
    if ((await ask({title: t('second-factor.ask-reset', account), text: t('second-factor.reset-text'), choices})) !== 'reset') return;
    if (!(await this.attempt(() => resetSecondFactor(account.toLowerCase()), form))) return;
    form.reset();
    toast(t('second-factor.reset-done', account));
  }

  render() {
    return html`<form class="column" @submit=${this.submit}>
      <h2>${t('second-factor.reset-title')}</h2>
      <p class="soft">${t('second-factor.reset-hint')}</p>
      ${errorMessage(this.error, 'reset-fault')}
      <label class="field short">${t('sign-in.account')}<input name="account" data-testid="reset-account" autocapitalize="none" spellcheck="false" autocomplete="off" maxlength="64" required></label>
      <div class="row"><button class="danger" data-testid="reset-second-factor">${t('second-factor.reset')}</button></div>
    </form>`;
  }
}

customElements.define('reset-second-factor', ResetSecondFactor);
