// Page `display.html`: the screen of a meeting room. It shows the day of its point, joins by itself, and needs nobody.

import {html, nothing} from '../vendor/lit.js';
import {hasText, language, t} from '../core/i18n.js';
import {BaseElement, icon, setTitle} from '../core/base.js';
import {qrCode} from '../core/qr-code.js';
import {clock, day, hourMinute, span, weekday} from '../core/time.js';
import {formatCode} from '../core/meeting-code.js';
import '../meeting/chat/chat-notice.js';
import '../meeting/room/meeting-video.js';
import '../meeting/room/room-head.js';
import '../meeting/room/turn-line.js';
import '../meeting/vote/vote-result.js';
import {isOpen as isVoteOpen, secondsLeft} from '../meeting/client/vote.js';
import {DisplayClient} from './display-client.js';
import {inOrder, isOpen, slotAt, spelled} from './day.js';

const TICK_MS = 1000;
const NOTICE_MS = 15_000; // for so long the notice of the profile stands over a meeting that was joined
const MOST_ROWS = 6;
const BADGES = new Map([['open', 'open'], ['lobby', 'lobby'], ['upcoming', ''], ['ended', 'ended'], ['cancelled', 'cancelled']]);

/** Return whether the browser plays no sound before somebody taps: Firefox tells, Chromium shows it by a context that does not run. */
function blocksSound() {
  const policy = /** @type {any} */ (navigator).getAutoplayPolicy?.('mediaelement');
  if (policy) return policy !== 'allowed';
  const context = new AudioContext();
  const {state} = context;
  context.close();
  return state === 'suspended';
}

/** The screen of a meeting room. */
export class RoomDisplay extends BaseElement {
  constructor() {
    super();
    setTitle('display.title');
    this.client = new DisplayClient();
    /** When the meeting began to be shown, milliseconds. */
    this.joinedAt = 0;
    this.client.addEventListener('change', () => this.requestUpdate());
    this.client.addEventListener('reload', () => this.reload());
    document.addEventListener('click', () => this.listen(), {capture: true});
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.stayAwake());
  }

  connectedCallback() {
    super.connectedCallback();
    this.listen();
    this.stayAwake();
    window.setInterval(() => this.requestUpdate(), TICK_MS);
    this.client.run();
  }

  /** Find out whether sound may be played; a tap may have changed that. */
  listen() {
    this.client.silent = blocksSound();
    this.client.changed();
  }

  /** Keep the screen on; a browser lets go of it whenever the page is not seen. */
  async stayAwake() {
    const lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
    lock?.addEventListener('release', () => document.visibilityState === 'visible' && window.setTimeout(() => this.stayAwake(), TICK_MS));
  }

  /** Load the page anew, if the server has it: a browser's page about an error would stay for ever. */
  async reload() {
    const page = await fetch(location.href, {cache: 'reload'}).catch(() => null);
    if (page?.ok) location.reload();
  }

  willUpdate() {
    this.joinedAt = this.client.meeting?.state ? this.joinedAt || performance.now() : 0;
  }

  updated() {
    const audio = /** @type {HTMLAudioElement | null} */ (this.querySelector('audio'));
    if (audio) audio.volume = this.client.volume / 100;
  }

  render() {
    const {client} = this;
    if (client.meeting) return this.meeting(client.meeting);
    if (client.turn) return this.day(client.turn);
    return this.pairing();
  }

  pairing() {
    const {code, online, before} = this.client;
    const address = new URL(`displays.html?pair=${code}`, location.href).href;
    return html`<main class="display pair-screen" data-testid="pairing">
      <h1>${t('display.title')}</h1>
      ${before ? html`<p class="unpaired" role="status" data-testid="display-unpaired">${icon('warn')} ${t('display.unpaired', before)}</p>` : nothing}
      ${code
        ? html`<div class="pair-code">${qrCode(address, t('display.qr'))}
            <div><p>${t('display.pair-how')}</p><p class="code" data-testid="pairing-code">${spelled(code)}</p><p>${t('display.pair-where')}</p></div></div>`
        : html`<p role="status">${t(online ? 'app.loading' : 'display.offline')}</p>`}
      <p class="foot"><span>${location.host}</span>${code && !online ? html`<strong role="status">${t('display.offline')}</strong>` : nothing}</p>
    </main>`;
  }

  /** Draw the day of the point. @param {DisplayTurn} turn */
  day(turn) {
    const {now, online, silent} = this.client;
    const sessions = inOrder(turn.sessions, now);
    const shown = sessions.slice(0, MOST_ROWS);
    return html`<main class="display" data-testid="day">
      <header><div><h1 data-testid="display-point">${turn.point.label}</h1><p>${weekday(now, language)}</p></div><time class="now" data-testid="display-clock">${clock(now)}</time></header>
      ${shown.length
        ? html`<ol class="day">${shown.map(session => this.row(session, now))}</ol>`
        : html`<p class="free" data-testid="no-session">${t('display.none')}</p>`}
      ${sessions.length > shown.length ? html`<p>${t('display.more', sessions.length - shown.length)}</p>` : nothing}
      <p class="foot">
        <span>${turn.name}</span>
        <span data-testid="display-line" class=${online ? 'reached' : 'lost'} role="status">${icon('network')} ${t(online ? 'display.online' : 'display.offline')}</span>
        ${silent ? html`<strong data-testid="display-silent">${icon('sound')} ${t('display.silent')}</strong>` : nothing}
      </p>
    </main>`;
  }

  /** @param {DaySession} session @param {number} now */
  row(session, now) {
    const {start, end} = slotAt(session, now);
    const {refusal} = this.client;
    const why = refusal?.session === session.id ? refusal.word : '';
    return html`<li data-testid="day-session" data-phase=${session.phase} class=${isOpen(session) ? 'on' : ''}>
      <time>${hourMinute(start)}–${hourMinute(end)}</time>
      <div><h2>${session.title}</h2><p>${t('display.host', session.host)}</p>
        ${why && hasText(`error.${why}`) ? html`<p class="why" role="status" data-testid="display-why">${icon('warn')} ${t(`error.${why}`, formatCode(session.number))}</p>` : nothing}</div>
      <span class="badge ${BADGES.get(session.phase) ?? ''}">${t(`display.phase-${session.phase}`)}</span>
    </li>`;
  }

  /** Draw a meeting as the room sees it, without what is tapped. @param {import('../meeting/client/meeting-client.js').MeetingClient} meeting */
  meeting(meeting) {
    const {turn} = this.client;
    const tick = Date.now();
    const notice = this.joinedAt && performance.now() - this.joinedAt < NOTICE_MS ? turn?.notice : '';
    return html`<main class="display room" data-testid="display-meeting">
      <room-head .meeting=${meeting} .tick=${tick}></room-head>
      <meeting-video page="room" .meeting=${meeting} .tick=${tick}></meeting-video>
      ${notice ? html`<p class="display-notice" role="status" data-testid="display-notice">${notice}</p>` : nothing}
      <div class="notices">
        <chat-notice .state=${meeting.state} .now=${meeting.now}></chat-notice>
        ${this.vote(meeting)}
        <vote-result .vote=${meeting.state?.vote ?? null}></vote-result>
      </div>
      ${turn?.sends ? html`<turn-line .meeting=${meeting} .tick=${tick}></turn-line>` : nothing}
    </main>`;
  }

  /** Draw the question of a vote, which is answered at another device of the point. @param {import('../meeting/client/meeting-client.js').MeetingClient} meeting */
  vote(meeting) {
    const vote = meeting.state?.vote;
    if (!vote || !isVoteOpen(vote) || !vote.may) return nothing;
    if (vote.voted) return html`<p class="vote-stored" role="status" data-testid="vote-stored">${icon('check')}<span>${vote.secret ? t('vote.stored-secret') : t('vote.stored', vote.choice === null ? '' : vote.choices[vote.choice])}</span></p>`;
    const left = secondsLeft(vote, meeting.countedNow);
    return html`<section class="vote-prompt" role="group" aria-labelledby="vote-question" data-testid="display-vote">
      <p class="of">${icon('vote')}<span>${t(vote.secret ? 'vote.ask-secret' : 'vote.ask-open')}</span>${left === null ? nothing : html`<strong role="timer">${t('vote.left', span(left))}</strong>`}</p>
      <h2 id="vote-question" dir="auto">${vote.question}</h2>
      <ul class="choices">${vote.choices.map(choice => html`<li dir="auto">${choice}</li>`)}</ul>
      <p>${t('display.vote-how')}</p>
    </section>`;
  }
}

customElements.define('room-display', RoomDisplay);
