// Element <account-review>: the six-monthly review of all accounts, for `directory.js`.

import {html, nothing} from '../vendor/lit.js';
import {accountReviews, accountsUrl, confirmAccountReview} from '../core/api.js';
import {RequestingElement, errorMessage, icon} from '../core/base.js';
import {field, formOf, formValues} from '../core/fields.js';
import {t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {day, hourMinute} from '../core/time.js';
import {toast} from '../core/toast.js';

/** Says who reviewed all accounts last and when that is due again, and lets an administrator confirm a review. */
export class AccountReviewForm extends RequestingElement {
  static properties = {...RequestingElement.properties, state: {state: true}};

  constructor() {
    super();
    /** @type {AccountReviews | null} */
    this.state = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.refresh(() => this.load());
  }

  async load() {
    this.state = await accountReviews();
  }

  /** @param {SubmitEvent} event */
  confirm(event) {
    const form = formOf(event);
    const {remark} = formValues(event);
    this.attempt(async () => {
      this.state = await confirmAccountReview({seal: this.state?.seal ?? '', remark});
      toast(t('review.done'));
    }, form);
  }

  render() {
    if (!this.state) return errorMessage(this.error, 'review-error');
    const {accounts, disabled, due, overdue, reviews, may_confirm: may} = this.state;
    const [last] = reviews;
    return html`<section class="card column" data-testid="account-review">
      <div class="row between wrap"><h3>${t('review.title')}</h3>${may ? html`<a class="button" href=${accountsUrl()} download data-testid="accounts-export">${icon('download')}<span>CSV</span></a>` : nothing}</div>
      <p>${last ? t('review.last', last.by, day(last.at), last.accounts) : t('review.none')} ${due ? t('review.due', day(`${due}T00:00:00+07:00`)) : nothing}
        ${overdue ? html`<span class="badge warn" data-testid="review-overdue">${t('review.overdue')}</span>` : nothing}</p>
      ${errorMessage(this.error, 'review-error')} ${may ? this.form(accounts, disabled) : nothing}
      ${reviews.length > 1 ? html`<details><summary>${t('review.earlier')}</summary><ul class="plain">${reviews.slice(1).map(each => html`<li>${hourMinute(each.at)} ${day(each.at)} · ${each.by} · ${each.accounts} ${each.remark}</li>`)}</ul></details>` : nothing}
    </section>`;
  }

  /** @param {number} accounts @param {number} disabled */
  form(accounts, disabled) {
    return html`<form class="column" data-testid="review-form" @submit=${this.confirm}>${keptForm('account-review')}
      <p class="soft">${t('review.hint', accounts, disabled)}</p>
      ${field({name: 'remark', label: 'review.remark', max: 1000})}
      <div class="row end"><button data-testid="review-confirm">${t('review.confirm')}</button></div></form>`;
  }
}

customElements.define('account-review', AccountReviewForm);
