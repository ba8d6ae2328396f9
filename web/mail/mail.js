// Page `post.html`: official letters, notices, and replies that are owed.

import {html, nothing, repeat} from '../vendor/lit.js';
import {acceptLetter, owedReplies, handleLetter, letter, letterDraft, letters, notices, resendNotice} from '../core/api.js';
import {keepProperties} from '../core/address.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import '../core/top-bar.js';
import {hasText, t} from '../core/i18n.js';
import {timeLeft, matchingLetters, matchingNotices, urgency} from './mail-filters.js';
import {isCentral, mayRegister} from '../core/nav.js';
import {day, hourMinute} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';

const FORM_FORMATS = ['docx', 'xlsx', 'csv'];
const REFRESH_MS = 60_000;

/** @param {string} at */
const moment = at => `${hourMinute(at)} ${day(at)}`;

/** Shows letters received, notices sent, and the replies that are owed with their deadlines. */
class PostPage extends Page {
  static properties = {
    ...Page.properties,
    letters: {state: true}, notices: {state: true}, owedReplies: {state: true}, opened: {state: true}, draft: {state: true}, text: {state: true},
  };

  constructor() {
    super();
    setTitle('post.title');
    /** @type {LetterRow[]} */
    this.letters = [];
    /** @type {NoticeRow[]} */
    this.notices = [];
    /** @type {OwedReplies | null} */
    this.owedReplies = null;
    /** The letter that is read. @type {OpenedLetter | null} */
    this.opened = null;
    /** The draft that was made from the open letter. @type {MailDraft | null} */
    this.draft = null;
    this.text = '';
    keepProperties(this, {q: 'text'});
    repeatWhileConnected(this, REFRESH_MS, () => this.refresh(() => this.load()));
  }

  /** Return whether the user may decide; supervisors only read. */
  get mayDecide() {
    return isCentral(this.me);
  }

  async load() {
    [this.letters, this.notices, this.owedReplies] = await Promise.all([letters(), notices(), owedReplies()]);
  }

  /** @param {string} id */
  read(id) {
    return this.attempt(async () => {
      const opened = await letter(id);
      this.draft = opened.draft ? await letterDraft(opened.draft) : null;
      this.opened = opened;
    });
  }

  /** @param {string} id */
  handle(id) {
    return this.attempt(async () => {
      await handleLetter(id);
      this.opened = null;
      await this.load();
    });
  }

  /** @param {string} id */
  accept(id) {
    return this.attempt(async () => {
      await acceptLetter(id);
      await this.load();
      await this.read(id);
    });
  }

  /** @param {string} id */
  resend(id) {
    return this.attempt(async () => {
      await resendNotice(id);
      await this.load();
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="post"></top-bar>
      <main class="post">
        <h1>${t('post.title')}</h1>
        ${errorMessage(this.error)}
        ${this.loading ? loadingState() : nothing}
        ${this.owedReplies ? html`${this.owedReplyList(this.owedReplies)} ${this.search()} ${this.incoming()} ${this.outgoing()}` : nothing}
      </main>
      ${this.opened ? this.letterDialog(this.opened) : nothing}`;
  }

  search() {
    return html`<div class="field search">
      <label for="post-search">${t('post.search')}</label>
      <input id="post-search" type="search" autocomplete="off" data-testid="post-search" .value=${this.text}
        @input=${(/** @type {any} */ {target}) => (this.text = target.value)}>
    </div>`;
  }

  /** @param {OwedReplies} owed */
  owedReplyList({open, on_time, late}) {
    return html`<section aria-labelledby="owed">
      <div class="row between wrap">
        <h2 id="owed">${t('post.owed', open.length)}</h2>
        <span class="soft" data-testid="counted">${t('post.counted', on_time, late)}</span>
      </div>
      ${open.length ? html`<ul class="cards">${repeat(open, one => one.subject, one => this.owedReply(one))}</ul>` : emptyState({picture: 'check', title: t('post.none-owed'), action: pageLink('queue'), testid: 'owed-none', slim: true})}
    </section>`;
  }

  /** @param {OwedReply} one */
  owedReply(one) {
    const {late, hours, minutes} = timeLeft(one.due, Date.now());
    return html`<li class="card owed ${urgency(one)}" data-testid="owed" data-number=${one.number} data-urgency=${urgency(one)}>
      <strong>${copyable(one.number)}</strong>
      <div class="what">
        <h3>${one.unit.name}</h3>
        <p>${t(`post.owed-${one.kind}`)} · ${t(`post.class-${one.klass}`)} · ${t('post.received', moment(one.received))}${
          one.effective === one.received ? nothing : html` · ${t('post.counts-from', moment(one.effective))}`}</p>
      </div>
      <div class="state">
        <span class="badge ${urgency(one)}">${t(late ? 'post.overdue' : 'post.left', hours, minutes)}</span>
        <span class="soft">${t('post.due', moment(one.due))}</span>
      </div>
      ${one.kind === 'draft' && this.mayDecide ? html`<a class="button" href="register.html?draft=${one.subject}" data-testid="answer">${t('post.confirm')}</a>` : nothing}
    </li>`;
  }

  incoming() {
    const found = matchingLetters(this.letters, this.text);
    return html`<section aria-labelledby="incoming">
      <div class="row between wrap">
        <h2 id="incoming">${t('post.incoming')}</h2>
        <span class="soft">${t('post.form')} ${FORM_FORMATS.map(kind => html`<a class="form-link" href="api/v1/forms/dang-ky-hop.${kind}" download data-testid="form-${kind}">${kind.toUpperCase()}</a> `)}</span>
      </div>
      ${found.length ? html`<ul class="cards">${repeat(found, one => one.id, one => this.letter(one))}</ul>`
        : this.none(this.letters.length, 'post.no-letters', mayRegister(this.me) ? 'register' : 'calendar', 'letters-none')}
    </section>`;
  }

  /** @param {LetterRow} one */
  letter(one) {
    const waits = one.fate === 'person' && !one.handled;
    return html`<li class="card mail ${waits ? 'waits' : ''}" data-testid="letter" data-fate=${one.fate} data-id=${one.id}>
      <span class="soft">${moment(one.arrived)}</span>
      <div class="what">
        <h3>${one.subject || t('post.no-subject')}</h3>
        <p>${one.unit?.name ?? t('post.stranger')} · ${one.sender}</p>
        ${one.verdict === 'fail' ? html`<p class="warn">${icon('warn')} ${t('post.unauthenticated', one.authentication)}</p>` : nothing}
      </div>
      <div class="state"><span class="badge fate-${waits ? 'person' : one.fate}">${t(one.fate === 'person' && one.handled ? 'post.fate-handled' : `post.fate-${one.fate}`)}</span>
        ${one.reason ? html`<span class="soft">${t(`post.reason-${one.reason}`)}</span>` : nothing}</div>
      ${one.unit ? html`<button type="button" data-testid="read" @click=${() => this.read(one.id)}>${t('post.read')}</button>` : nothing}
    </li>`;
  }

  /** Draw a list of which nothing is left by the search, or which is empty and leads to a page. @param {number} all @param {string} title @param {string} page @param {string} testid */
  none(all, title, page, testid) {
    if (all) return emptyState({picture: 'search', title: t('post.no-match'), action: clearButton(() => (this.text = '')), testid});
    return emptyState({picture: 'mail', title: t(title), action: pageLink(page), testid});
  }

  outgoing() {
    const found = matchingNotices(this.notices, this.text);
    return html`<section aria-labelledby="outgoing">
      <h2 id="outgoing">${t('post.outgoing')}</h2>
      ${found.length ? html`<ul class="cards">${repeat(found, one => one.id, one => this.notice(one))}</ul>`
        : this.none(this.notices.length, 'post.no-notices', 'sessions', 'notices-none')}
    </section>`;
  }

  /** @param {NoticeRow} one */
  notice(one) {
    return html`<li class="card mail" data-testid="notice" data-state=${one.state}>
      <span class="soft">${moment(one.created)}</span>
      <div class="what">
        <h3>${t(`post.kind-${one.kind}`)}${one.number ? ` · ${one.number}` : ''}</h3>
        <p>${one.channel === 'mail' ? t('post.by-letter') : t('post.by-group', one.channel)}${one.host ? ` · ${one.host}` : ''}</p>
        ${one.error ? html`<p class="warn">${icon('warn')} ${one.error}</p>` : nothing}
      </div>
      <div class="state"><span class="badge out-${one.state}">${t(`post.state-${one.state}`)}</span>
        <span class="soft">${one.sent ? moment(one.sent) : one.tries ? t('post.tries', one.tries) : nothing}</span></div>
      ${one.state === 'failed' && this.mayDecide ? html`<button type="button" data-testid="again" @click=${() => this.resend(one.id)}>${t('post.again')}</button>` : nothing}
    </li>`;
  }

  /** @param {OpenedLetter} one */
  letterDialog(one) {
    return html`<dialog class="letter" aria-labelledby="letter-subject" @close=${() => (this.opened = null)}>
      <h2 id="letter-subject">${one.subject || t('post.no-subject')}</h2>
      <p class="soft">${one.unit?.name} · ${one.sender} · ${moment(one.arrived)}</p>
      ${one.fate === 'person' && one.reason === 'unauthenticated' ? html`<p class="warn" data-testid="quarantined">${icon('warn')} ${t('post.quarantined', one.authentication)}</p>` : nothing}
      <pre data-testid="letter-body">${one.body}</pre>
      ${one.attachments.length ? html`<p>${t('post.attachments', one.attachments.join(', '))}</p>` : nothing}
      ${this.draft ? this.readFields(this.draft) : nothing}
      <form method="dialog" class="row end wrap">
        <a class="button" href="api/v1/letters/${one.id}/raw" download data-testid="raw">${t('post.raw')}</a>
        ${one.fate === 'person' && !one.handled && this.mayDecide
          ? html`${one.reason === 'unauthenticated'
            ? html`<button type="button" class="main" data-testid="accept" @click=${() => this.accept(one.id)}>${t('post.accept')}</button>` : nothing}
            <button type="button" class=${one.reason === 'unauthenticated' ? '' : 'main'} data-testid="handled" @click=${() => this.handle(one.id)}>${t('post.handled')}</button>` : nothing}
        ${one.draft && this.draft?.state === 'open' && this.mayDecide
          ? html`<a class="button main" href="register.html?draft=${one.draft}" data-testid="confirm-draft">${t('post.confirm')}</a>` : nothing}
        <button data-testid="close">${t('app.close')}</button>
      </form>
    </dialog>`;
  }

  /** @param {MailDraft} made */
  readFields({number, content}) {
    const {read = [], questions = []} = content;
    return html`<h3>${t('post.draft', number)}</h3>
      ${questions.length ? html`<ul class="questions">${questions.map(({field, word, value}) => html`<li data-testid="question" data-word=${word}>${icon('warn')}
        <span><strong>${t(`post.field-${field}`)}</strong>: ${t(`post.ask-${word}`)}${value ? html` <q>${value}</q>` : nothing}</span></li>`)}</ul>` : nothing}
      <dl class="understood">${read.map(({field, where, said}) => html`<div data-testid="understood" data-field=${field}>
        <dt>${t(`post.field-${field}`)}</dt><dd><q>${said}</q> <span class="soft">(${hasText(`post.where-${where}`) ? t(`post.where-${where}`) : where})</span></dd></div>`)}</dl>`;
  }
}

customElements.define('post-page', PostPage);
