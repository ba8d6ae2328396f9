import {html, nothing, repeat} from '../vendor/lit.js';
import {cancel, sessions} from '../api.js';
import {alertLine, icon, Page, title} from '../elements/base.js';
import '../elements/closing-list.js';
import {door} from '../elements/code-field.js';
import '../elements/document-list.js';
import '../elements/top-bar.js';
import {language, t} from '../i18n.js';
import {grouped} from '../logic.js';
import {hourMinute, slot, utc, weekday} from '../time.js';

const DAY_MS = 86_400_000;
const BACK_DAYS = 30;
const AHEAD_DAYS = 90;
const OVER = ['ended', 'cancelled'];

class SessionsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, asking: {state: true}, opened: {state: true}};

  constructor() {
    super();
    title('sessions.title');
    /** @type {Session[]} */
    this.list = [];
    /** Sessions whose details somebody looked at. @type {Set<string>} */
    this.opened = new Set();
    /** The session whose cancelling waits for a yes. @type {Session | null} */
    this.asking = null;
  }

  async load() {
    const now = Date.now();
    const found = await sessions(utc(now - BACK_DAYS * DAY_MS), utc(now + AHEAD_DAYS * DAY_MS));
    this.list = found.sort((a, b) => a.official.start.localeCompare(b.official.start));
  }

  async confirm() {
    const session = this.asking;
    this.asking = null;
    if (!session) return;
    await this.attempt(async () => {
      const changed = await cancel(session.id);
      this.list = this.list.map(one => (one.id === changed.id ? changed : one));
    });
  }

  render() {
    const coming = this.list.filter(({phase}) => !OVER.includes(phase));
    const over = this.list.filter(({phase}) => OVER.includes(phase)).reverse();
    return html`<top-bar .me=${this.me} current="sessions"></top-bar>
      <main>
        <div class="row between">
          <h1>${t('sessions.title')}</h1>
          <a class="button main" href="register.html" data-testid="register">${icon('plus')}<span>${t('sessions.register')}</span></a>
        </div>
        ${alertLine(this.error)}
        ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : this.rows(coming, 'sessions.none')}
        ${over.length ? html`<h2>${t('sessions.over')}</h2>${this.rows(over, '')}` : nothing}
      </main>
      ${this.asking ? this.question(this.asking) : nothing}`;
  }

  /** @param {Session[]} list @param {string} none */
  rows(list, none) {
    if (!list.length) return html`<p class="empty">${t(none)}</p>`;
    return html`<ul class="cards">${repeat(list, ({id}) => id, session => this.row(session))}</ul>`;
  }

  /** @param {Session} session */
  row(session) {
    return html`<li class="card session" data-testid="session-row" data-id=${session.id} data-phase=${session.phase}>
      <div class="when">
        <strong>${hourMinute(session.official.start)}–${hourMinute(session.official.end)}</strong>
        <span>${weekday(session.official.start, language)}</span>
      </div>
      <div class="what">
        <h2>${session.title}</h2>
        <p>${t('sessions.host', session.host.name)} · ${t('sessions.points', session.points.length + 1)} · ${t('sessions.number', session.number)}</p>
        ${session.rehearsal ? html`<p class="soft">${t('sessions.rehearsal', slot(session.rehearsal))}</p>` : nothing}
      </div>
      <div class="state">
        <span class="badge ${session.phase}" data-testid="session-state">${t(`phase.${session.phase}`)}</span>
        ${session.code ? html`<span class="code" data-testid="session-code" aria-label=${t('code.label')}>${grouped(session.code)}</span>` : nothing}
      </div>
      <div class="acts">${this.acts(session)}</div>
      ${this.details(session)}
    </li>`;
  }

  /** Documents, and after the start the closing lists; fetched when somebody looks. @param {Session} session */
  details({id, phase, official}) {
    if (phase === 'cancelled') return nothing;
    const open = this.opened.has(id);
    return html`<details @toggle=${(/** @type {any} */ {target}) => target.open && (this.opened = new Set([...this.opened, id]))}>
      <summary data-testid="session-details">${t('sessions.details')}</summary>
      ${open ? html`<div class="columns"><document-list .session=${id}></document-list>
        ${Date.parse(official.start) <= Date.now() ? html`<closing-list .session=${id}></closing-list>` : nothing}</div>` : nothing}
    </details>`;
  }

  /** @param {Session} session */
  acts(session) {
    if (OVER.includes(session.phase)) return nothing;
    const enter = session.code ? door(session.code, this.list) : '';
    return html`${enter
      ? html`<a class="button ${session.phase === 'upcoming' ? '' : 'main'}" href=${enter} data-testid="enter">${t(session.may_control ? 'sessions.control' : 'sessions.enter')}</a>`
      : nothing}
    ${session.may_cancel
      ? html`<button type="button" class="danger" data-testid="cancel" @click=${() => (this.asking = session)}>${t('sessions.cancel')}</button>`
      : nothing}`;
  }

  /** @param {Session} session */
  question(session) {
    return html`<dialog aria-labelledby="question" @close=${() => (this.asking = null)}>
      <h2 id="question">${t('sessions.cancel-ask')}</h2>
      <p>${session.title} · ${slot(session.official)}</p>
      <p class="soft">${t('sessions.cancel-effect')}</p>
      <form method="dialog" class="row end">
        <button data-testid="keep">${t('sessions.keep')}</button>
        <button type="button" class="danger solid" data-testid="confirm" @click=${this.confirm}>${t('sessions.cancel-yes')}</button>
      </form>
    </dialog>`;
  }
}

customElements.define('sessions-page', SessionsPage);
