// What stands in place of a list or a page: nothing there yet, still loading, not allowed. Each leads somewhere. For
// all pages.

import {html, nothing} from '../vendor/lit.js';
import {icon} from './base.js';
import {t} from './i18n.js';
import {PAGES} from './nav.js';

/**
 * Draw an empty list; `action` is the way on. A slim one, for a part of a page, is one line without a picture.
 * @param {{picture?: string, title: string, text?: string, action?: unknown, testid?: string, slim?: boolean}} options
 */
export const emptyState = ({picture = 'list', title, text = '', action = nothing, testid = 'empty', slim = false}) =>
  html`<div class="empty ${slim ? 'slim' : ''}" data-testid=${testid}>${slim ? nothing : icon(picture)}<p><strong>${title}</strong></p>${text ? html`<p>${text}</p>` : nothing}${action}</div>`;

/** Draw the link to a page on which an empty list is filled, or on which one goes on. @param {string} page */
export const pageLink = page =>
  html`<a class="button" href="${page}.html" data-testid="empty-next">${icon(PAGES.find(each => each.page === page)?.picture ?? 'next')}<span>${t(`nav.${page}`)}</span></a>`;

/** Draw the button that shows everything again. @param {() => unknown} clear */
export const clearButton = clear => html`<button type="button" data-testid="empty-next" @click=${clear}>${t('table.clear')}</button>`;

/** Draw rows that are still being fetched. */
export const loadingState = () =>
  html`<div class="loading" role="status" data-testid="loading"><span class="unseen">${t('app.loading')}</span><i></i><i></i><i></i></div>`;

/** Draw a fault of a list, with a button that tries again. @param {string} text @param {() => unknown} retry */
export const faultState = (text, retry) =>
  html`<div class="alert" role="alert" data-testid="list-fault">${icon('warn')}<span>${text}</span><button type="button" @click=${retry}>${t('app.retry')}</button></div>`;
