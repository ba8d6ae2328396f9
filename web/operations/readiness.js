// Page `readiness.html`: how ready the coming sessions are.

import {html, nothing, repeat} from '../vendor/lit.js';
import {readiness, readinessBoard} from '../core/api.js';
import {errorMessage, repeatWhileConnected, guideLink, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import './attendee-lists.js';
import './duty-list.js';
import './readiness-board.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {hourMinute, slot, weekday, isPast} from '../core/time.js';
import {emptyState, loadingState, pageLink} from '../core/states.js';

const POLL_MS = 15_000;
const COLOURS = /** @type {const} */ (['red', 'amber', 'green', 'none']);

/**
 * Lists the sessions to come with their readiness; with `?session=` shows the board of one. Both are refreshed while
 * open.
 */
class ReadinessPage extends Page {
  static properties = {...Page.properties, list: {state: true}, board: {state: true}};

  constructor() {
    super();
    setTitle('ready.title');
    this.session = new URLSearchParams(location.search).get('session') ?? '';
    /** @type {ReadyHead[]} */
    this.list = [];
    /** @type {ReadyBoard | null} */
    this.board = null;
    repeatWhileConnected(this, POLL_MS, () => this.refresh(() => this.load()));
  }

  async load() {
    if (this.session) this.board = await readinessBoard(this.session);
    else this.list = await readiness();
  }

  /**
   * Run a request that an element passed on, and show the board that it returns.
   * @param {CustomEvent<{run: () => Promise<ReadyBoard | null>, form?: HTMLFormElement}>} event
   */
  change({detail: {run, form}}) {
    this.attempt(async () => {
      this.board = (await run()) ?? (await readinessBoard(this.session));
    }, form);
  }

  render() {
    return html`<top-bar .me=${this.me} current="readiness"></top-bar>
      <main class="readiness" @change-board=${this.change}>
        ${this.session ? this.boardPage() : this.overview()}
      </main>`;
  }

  overview() {
    return html`<div class="row between"><h1>${t('ready.title')}</h1>${guideLink('site')}</div>
      ${errorMessage(this.error)} ${this.loading ? loadingState() : nothing}
      ${this.loading || this.list.length || this.error ? nothing : emptyState({picture: 'check', title: t('ready.none'), action: pageLink('calendar'), testid: 'ready-none'})}
      <ul class="cards">${repeat(this.list, ({id}) => id, head => this.sessionCard(head))}</ul>`;
  }

  /** @param {ReadyHead} head */
  sessionCard(head) {
    return html`<li class="card session" data-testid="ready-row" data-id=${head.id} data-colour=${head.colour}>
      <div class="when"><strong>${hourMinute(head.start)}–${hourMinute(head.end)}</strong><span>${weekday(head.start, language)}</span></div>
      <div class="what">
        <h2><a href="readiness.html?session=${head.id}">${head.title}</a></h2>
        <p>${t('sessions.host', head.host)} · ${t(`ready.kind-${head.kind}`)} · ${copyable(head.number, {shown: t('sessions.number', head.number)})}</p>
        <p class="row wrap">${COLOURS.filter(colour => head.counts[colour]).map(
          colour => html`<span class="light ${colour}">${t(`ready.count-${colour}`, head.counts[colour])}</span>`,
        )}</p>
      </div>
      <div class="state"><span class="light ${head.colour}">${t(`ready.colour-${head.colour}`)}</span></div>
      <div class="acts"><a class="button" href="readiness.html?session=${head.id}" data-testid="ready-open">${t('ready.open')}</a></div>
    </li>`;
  }

  boardPage() {
    const {board} = this;
    return html`<p><a href="readiness.html" data-testid="ready-all">${t('ready.all')}</a></p>
      ${errorMessage(this.error)} ${this.loading ? loadingState() : nothing}
      ${board ? this.boardOf(board) : nothing}`;
  }

  /** @param {ReadyBoard} board */
  boardOf(board) {
    const {session} = board;
    return html`<div class="row between wrap">
        <h1>${session.title}</h1>
        <span class="light ${session.colour}" data-testid="ready-colour">${t(`ready.colour-${session.colour}`)}</span>
      </div>
      <p>${t(`ready.kind-${session.kind}`)} ${slot(session)} · ${t('sessions.host', session.host)} · ${t(isPast(session.due) ? 'ready.due-now' : 'ready.due', `${hourMinute(session.due)} ${weekday(session.due, language)}`)}</p>
      <duty-list .board=${board}></duty-list>
      <attendee-lists .board=${board} ?signs=${this.me?.signs}></attendee-lists>
      <readiness-board .board=${board}></readiness-board>`;
  }
}

customElements.define('readiness-page', ReadinessPage);
