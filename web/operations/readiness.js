import {html, nothing, repeat} from '../vendor/lit.js';
import {readiness, readinessOf} from '../core/api.js';
import {alertLine, every, guide, Page, title} from '../core/base.js';
import './attendee-lists.js';
import './duty-list.js';
import './readiness-board.js';
import '../core/top-bar.js';
import {language, t} from '../core/i18n.js';
import {hourMinute, slot, weekday} from '../core/time.js';

const LOOK_MS = 15_000;
const COLOURS = /** @type {const} */ (['red', 'amber', 'green', 'none']);

/** The sessions to come and how ready they are; with `?session=` the board of one. Both look again while they are open. */
class ReadinessPage extends Page {
  static properties = {...Page.properties, list: {state: true}, board: {state: true}};

  constructor() {
    super();
    title('ready.title');
    this.session = new URLSearchParams(location.search).get('session') ?? '';
    /** @type {ReadyHead[]} */
    this.list = [];
    /** @type {ReadyBoard | null} */
    this.board = null;
    every(this, LOOK_MS, () => this.refresh(() => this.load()));
  }

  async load() {
    if (this.session) this.board = await readinessOf(this.session);
    else this.list = await readiness();
  }

  /** Do something and show what came of it. @param {CustomEvent<() => Promise<ReadyBoard | null>>} event */
  change({detail: run}) {
    this.attempt(async () => {
      this.board = (await run()) ?? (await readinessOf(this.session));
    });
  }

  render() {
    return html`<top-bar .me=${this.me} current="readiness"></top-bar>
      <main class="readiness" @change-board=${this.change}>
        ${this.session ? this.one() : this.overview()}
      </main>`;
  }

  overview() {
    return html`<div class="row between"><h1>${t('ready.title')}</h1>${guide('site')}</div>
      ${alertLine(this.error)} ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : nothing}
      ${this.loading || this.list.length || this.error ? nothing : html`<p class="empty" data-testid="ready-none">${t('ready.none')}</p>`}
      <ul class="cards">${repeat(this.list, ({id}) => id, head => this.head(head))}</ul>`;
  }

  /** @param {ReadyHead} head */
  head(head) {
    return html`<li class="card session" data-testid="ready-row" data-id=${head.id} data-colour=${head.colour}>
      <div class="when"><strong>${hourMinute(head.start)}–${hourMinute(head.end)}</strong><span>${weekday(head.start, language)}</span></div>
      <div class="what">
        <h2><a href="readiness.html?session=${head.id}">${head.title}</a></h2>
        <p>${t('sessions.host', head.host)} · ${t(`ready.kind-${head.kind}`)} · ${t('sessions.number', head.number)}</p>
        <p class="row wrap">${COLOURS.filter(colour => head.counts[colour]).map(
          colour => html`<span class="light ${colour}">${t(`ready.count-${colour}`, head.counts[colour])}</span>`,
        )}</p>
      </div>
      <div class="state"><span class="light ${head.colour}">${t(`ready.colour-${head.colour}`)}</span></div>
      <div class="acts"><a class="button" href="readiness.html?session=${head.id}" data-testid="ready-open">${t('ready.open')}</a></div>
    </li>`;
  }

  one() {
    const {board} = this;
    return html`<p><a href="readiness.html" data-testid="ready-all">${t('ready.all')}</a></p>
      ${alertLine(this.error)} ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : nothing}
      ${board ? this.whole(board) : nothing}`;
  }

  /** @param {ReadyBoard} board */
  whole(board) {
    const {session} = board;
    return html`<div class="row between wrap">
        <h1>${session.title}</h1>
        <span class="light ${session.colour}" data-testid="ready-colour">${t(`ready.colour-${session.colour}`)}</span>
      </div>
      <p>${t(`ready.kind-${session.kind}`)} ${slot(session)} · ${t('sessions.host', session.host)} · ${t('ready.due', `${hourMinute(session.due)} ${weekday(session.due, language)}`)}</p>
      <duty-list .board=${board}></duty-list>
      <attendance-lists .board=${board}></attendance-lists>
      <readiness-board .board=${board}></readiness-board>`;
  }
}

customElements.define('readiness-page', ReadinessPage);
