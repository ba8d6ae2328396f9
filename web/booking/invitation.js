// Page `invitation.html`: the sheet that invites to a session, to print and to copy from. The server tells the code to
// those alone for whom it is.

import {html, nothing} from '../vendor/lit.js';
import {session} from '../core/api.js';
import {errorMessage, icon, Page, setTitle} from '../core/base.js';
import {copyable, copyText} from '../core/copy.js';
import {t} from '../core/i18n.js';
import {joinUrl} from '../core/join-url.js';
import {qrCode} from '../core/qr-code.js';
import {emptyState} from '../core/states.js';
import '../core/top-bar.js';
import {slot} from '../core/time.js';
import {formatCode} from '../core/meeting-code.js';

/** Shows one session as an invitation with its code, its address and its QR code. */
class InvitationPage extends Page {
  static properties = {...Page.properties, session: {state: true}};

  constructor() {
    super();
    setTitle('invitation.title');
    /** @type {Session | null} */
    this.session = null;
  }

  async load() {
    this.session = await session(new URLSearchParams(location.search).get('session') ?? '');
  }

  render() {
    return html`<top-bar .me=${this.me} current="sessions"></top-bar><main class="page">${errorMessage(this.error)} ${this.session ? this.sheet(this.session) : nothing}</main>`;
  }

  /** @param {Session} session */
  sheet(session) {
    if (!session.code) return emptyState({picture: 'lock', title: t(session.withheld ? 'audit.withheld' : 'invitation.none'), action: html`<a class="button" href="sessions.html">${t('sessions.title')}</a>`});
    const link = joinUrl(session.code, location.href);
    return html`<div class="row wrap no-print">
        <button type="button" class="main" data-testid="print" @click=${() => window.print()}>${icon('print')}<span>${t('invitation.print')}</span></button>
        ${this.copy('copy-code', t('sessions.copy-code'), session.code, t('sessions.copied', formatCode(session.code)))}
        ${this.copy('copy-link', t('invitation.copy-link'), link, t('invitation.copied-link'))}
        ${this.copy('copy-text', t('invitation.copy-text'), this.text(session, link), t('invitation.copied-text'))}
      </div>
      <article class="card invitation" data-testid="invitation-sheet">
        <div>
          <p class="soft">${t('invitation.heading')}</p>
          <h1>${session.title}</h1>
          <dl>
            <dt>${t('invitation.when')}</dt><dd>${slot(session.official)}</dd>
            ${session.rehearsal ? html`<dt>${t('invitation.rehearsal')}</dt><dd>${slot(session.rehearsal)}</dd>` : nothing}
            <dt>${t('invitation.host')}</dt><dd>${session.host.label}</dd>
            <dt>${t('invitation.number')}</dt><dd>${copyable(session.number)}</dd>
            <dt>${t('invitation.points')}</dt><dd>${session.points.map(({label, name}) => label || name).join(', ')}</dd>
          </dl>
        </div>
        <div class="way">
          ${qrCode(link, t('invitation.qr'))}
          <p>${t('invitation.code')}</p>
          <p>${copyable(session.code, {shown: formatCode(session.code), testid: 'invitation-code', kind: 'code huge'})}</p>
        </div>
        <div class="notes">
          <p>${t('invitation.how', new URL('.', location.href).href)}</p>
          <p>${t('invitation.check', new URL('check.html', location.href).href)}</p>
          <p><strong>${t('invitation.secret')}</strong></p>
        </div>
      </article>`;
  }

  /** @param {string} id @param {string} words @param {string} text @param {string} done */
  copy(id, words, text, done) {
    return html`<button type="button" data-testid=${id} @click=${() => copyText(text, done)}>${icon('copy')}<span>${words}</span></button>`;
  }

  /** Return the invitation as a text for a letter. @param {Session} session @param {string} link */
  text({title, official, host, code}, link) {
    return t('invitation.text', title, slot(official), host.label, formatCode(code ?? ''), link);
  }
}

customElements.define('invitation-page', InvitationPage);
