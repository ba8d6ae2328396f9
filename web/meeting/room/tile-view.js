// Element `tile-view`: the layout out of forwarded cameras, over the composed picture's element.

import {html, nothing, repeat, svg} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {isHeard, seatActivity} from '../client/meeting-state.js';
import {coming, elementOrder, keyed, placed, seatOf, videoOf, viewOf} from '../client/tiles.js';
import {day, hourMinute} from '../../core/time.js';
import {BaseElement} from '../../core/base.js';
import './tile-video.js';

const LEAVE_MS = 1500; // the composed picture has a frame by then
const FRAMES_MS = 1000; // for so long an arrangement waits for the first frames of its videos, as it does in the server
const FRAME_PX = 4; // around who speaks, in pixels of the picture
const KEYS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};

const MICROPHONE = svg`<rect x="8" y="1" width="8" height="13" rx="4"/><path d="M5 11a7 7 0 0 0 14 0" fill="none" stroke-width="2"/><path d="M11 18h2v3h4v2H7v-2h4z"/>`;

/** The icons of the composed picture (mediaserver/video/tile_icons.py). @type {Record<TileIcon, unknown>} */
const ICONS = {
  floor: svg`${MICROPHONE}<path d="M3 3l18 18" stroke="#000" stroke-width="5"/><path d="M3 3l18 18" stroke-width="2"/>`,
  mic: MICROPHONE,
  sound: svg`<g transform="translate(-4 0)">${MICROPHONE}</g><path d="M16.500 5.500a5 5 0 0 1 0 7M19.400 2.600a9 9 0 0 1 0 12.800" fill="none" stroke-width="2"/>`,
  poor: svg`<path d="M2 16h5v6H2z"/><path d="M9.7 10.7h3.6v10.6H9.700zM16.700 3.700h3.600v17.600h-3.600z" fill="none" stroke-width="1.4"/>`,
};

/** Draws the host's layout out of cameras that are forwarded one by one, as the composer draws it for others. */
export class TileView extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, shown: {state: true}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
    /** What is drawn: the meeting's tiles once their videos have frames, and after them a while longer. @type {Tiles | null} */
    this.shown = null;
    /** What comes next; what is drawn, while nothing does. @type {Tiles | null} */
    this.next = null;
    this.waiting = 0;
    /** Keys of the tiles in the order of their elements. @type {string[]} */
    this.order = [];
    this.leaving = 0;
    /** The camera or screen that was enlarged by a tap, and what was seen before. @type {{view: string, before: string} | null} */
    this.enlarged = null;
    /** The view whose button had the focus when it was pressed. */
    this.keyboard = '';
    this.sizes = new ResizeObserver(() => this.emit('resized'));
    /** The element of the tiles, whose size is told. @type {Element | null} */
    this.box = null;
  }

  willUpdate() {
    const tiles = this.meeting?.tiles ?? null;
    if (tiles) {
      window.clearTimeout(this.leaving);
      this.leaving = 0;
      if (tiles !== this.next) this.await(tiles);
    } else if (this.next && !this.leaving) this.leave();
    if (this.enlarged && this.meeting?.state?.view !== this.enlarged.view) this.enlarged = null;
  }

  /** Show an arrangement when its videos have frames: no tile is black, and all change at once. @param {Tiles} tiles */
  await(tiles) {
    this.next = tiles;
    if (this.coming().size) this.waiting ||= window.setTimeout(() => this.show(), FRAMES_MS);
    else this.show();
  }

  /** Return the tiles that come next, whose videos are not on the page yet. */
  coming() {
    return this.next === this.shown ? new Map() : coming(keyed(this.next?.tiles ?? []), keyed(this.shown?.tiles ?? []));
  }

  show() {
    window.clearTimeout(this.waiting);
    this.waiting = 0;
    this.shown = this.next;
  }

  /** Keep the tiles until the one picture that comes instead has a frame. */
  leave() {
    const leave = () => {
      if (!this.meeting?.tiles) {
        this.next = null;
        this.show();
      }
      this.leaving = 0;
    };
    this.leaving = window.setTimeout(leave, LEAVE_MS);
    const picture = /** @type {HTMLVideoElement | null | undefined} */ (this.parentElement?.querySelector('[data-testid=picture]'));
    picture?.requestVideoFrameCallback?.(() => this.leaving && (window.clearTimeout(this.leaving), leave()));
  }

  updated() {
    if (this.waiting && [...this.querySelectorAll('.coming > tile-video')].every(video => /** @type {import('./tile-video.js').TileVideo} */ (video).ready)) this.show();
    this.focusAgain();
    const box = this.querySelector('.tiles');
    if (box === this.box) return;
    this.sizes.disconnect();
    if (box) this.sizes.observe(box);
    else this.emit('resized'); // it is the one picture's again
    this.box = box;
  }

  render() {
    const {shown, next, meeting} = this;
    if (!meeting?.state) return nothing;
    if (!next) return this.back();
    const tiles = keyed(shown?.tiles ?? []);
    const others = this.coming();
    const all = new Map([...tiles, ...others]);
    this.order = elementOrder(this.order, all.keys());
    const {width, height} = shown ?? next;
    const seats = meeting.state.seats;
    const first = [...tiles.keys()].find(key => viewOf(/** @type {ForwardedTile} */ (tiles.get(key)), seats)); // one stop for the Tab key
    // Elements stay where they are in the document; a screen reader is told the order of the panes.
    return html`<div class="tiles ${shown ? '' : 'coming'}" data-testid=${shown ? 'tiles' : nothing} .style=${`--ratio: ${width / height}`}>
      ${shown?.heading ? this.heading(shown) : nothing}
      <ul aria-label=${t('tiles.title')} aria-owns=${[...tiles.keys()].map(key => `tile-${key}`).join(' ')} @keydown=${this.step} @frame=${() => this.requestUpdate()}>
        ${repeat(this.order, key => key, key => this.tile(key, /** @type {ForwardedTile} */ (all.get(key)), others.has(key) ? next : /** @type {Tiles} */ (shown), key === first))}
      </ul>
    </div>`;
  }

  /** @param {Tiles} shown */
  heading({heading, height, title, clock}) {
    const now = this.meeting?.now ?? 0;
    const share = 100 / height;
    return html`<p class="heading" data-testid="tiles-heading" .style=${`height: ${heading * share}cqh; font-size: ${Math.floor((heading * 3) / 5) * share}cqh`}>
      <span>${title}</span>${clock ? html`<time>${hourMinute(now)} · ${day(now)}</time>` : nothing}</p>`;
  }

  /**
   * @param {string} key
   * @param {ForwardedTile} tile
   * @param {Tiles} tiles its arrangement: what is shown, or what comes next
   * @param {boolean} first
   */
  tile(key, tile, tiles, first) {
    const meeting = /** @type {import('../client/meeting-client.js').MeetingClient} */ (this.meeting);
    const state = /** @type {MeetingState} */ (meeting.state);
    const seat = state.seats.find(one => one.seat === seatOf(tile));
    const stream = this.stream(tile);
    const {left, top, width, height} = placed(tile, tiles);
    const waits = tiles !== this.shown;
    const speaks = Boolean(tile.tile) && state.speaking === tile.tile;
    const view = waits ? null : viewOf(tile, state.seats);
    const frame = (FRAME_PX * 100) / tiles.height;
    return html`<li id="tile-${key}" class="tile ${tile.tile ? '' : 'pane'} ${stream ? 'video' : ''} ${waits ? 'coming' : ''}" aria-hidden=${waits ? 'true' : nothing}
      data-testid=${waits ? nothing : 'tile'} data-tile=${tile.tile} data-speaks=${speaks}
      .style=${`left: ${left}%; top: ${top}%; width: ${width}%; height: ${height}%; --frame: ${frame}cqh`}>
      ${stream ? nothing : this.text('middle', tile.text, tile.letters, tiles)}
      <tile-video .since=${tile.since} .stream=${stream}></tile-video>
      ${this.bar(tile, stream ? tile.text : '', tiles, isHeard(state, tile.tile))}
      ${speaks ? html`<i class="speaks" aria-hidden="true"></i>` : nothing}
      <span class="spoken">${this.words(tile, seat)}</span>
      ${view ? this.enlarger(tile, view, first) : nothing}
    </li>`;
  }

  /** @param {ForwardedTile} tile */
  stream(tile) {
    const {meeting} = this;
    const video = videoOf(tile, meeting?.state?.me ?? '');
    if (!meeting || !video) return null;
    if (typeof video === 'object') return meeting.connection.video(video.mid);
    return meeting.ownVideo(video);
  }

  /**
   * Return the bar over a tile's lower left corner: icons, and the name over a video.
   * @param {ForwardedTile} tile
   * @param {string} text
   * @param {Tiles} tiles
   * @param {boolean} heard
   */
  bar({icons, bar}, text, tiles, heard) {
    if (!icons.length && !text) return nothing;
    const shown = icons.map(icon => (heard && icon === 'mic' ? 'sound' : icon));
    const drawn = shown.map(icon => html`<svg class=${icon} viewBox="0 0 24 24">${ICONS[icon]}</svg>`);
    return this.text('name', html`${drawn}${text ? html`<span>${text}</span>` : nothing}`, bar, tiles);
  }

  /**
   * Return a line in letters of so many pixels of the picture; a screen reader is told the whole name instead.
   * @param {'name' | 'middle'} kind
   * @param {unknown} text
   * @param {number} letters
   * @param {Tiles} tiles
   */
  text(kind, text, letters, tiles) {
    return html`<p class=${kind} aria-hidden="true" .style=${`font-size: ${(letters * 100) / tiles.height}cqh`}>${text}</p>`;
  }

  /**
   * Return what a screen reader says of a tile.
   * @param {ForwardedTile} tile
   * @param {Seat | undefined} seat
   */
  words(tile, seat) {
    if (!tile.tile) return [t('tiles.empty'), tile.label].filter(Boolean).join(' · ');
    const word = seat && this.meeting?.state && seatActivity(seat, isHeard(this.meeting.state, seat.seat));
    const doing = word ? [word === 'hand' ? t('seat.hand', seat.hand) : t(`seat.${word}`)] : [];
    return [tile.label, ...doing, ...(tile.icons.includes('poor') ? [t('quality.poor')] : [])].join(' · ');
  }

  /**
   * @param {ForwardedTile} tile
   * @param {string} view
   * @param {boolean} first
   */
  enlarger(tile, view, first) {
    const name = tile.label || t('share.view');
    const back = this.meeting?.state?.view === view;
    return html`<button type="button" class="enlarge" data-testid="enlarge" tabindex=${first ? 0 : -1} aria-label=${t(back ? 'tiles.reduce' : 'tiles.enlarge', name)}
      @click=${() => this.enlarge(view)}></button>`;
  }

  /** Look at a camera or screen alone, or at what was seen before. @param {string} view */
  async enlarge(view) {
    const {meeting} = this;
    if (!meeting?.state) return;
    const now = meeting.state.view;
    const focused = this.contains(document.activeElement);
    await meeting.watch(now === view ? (this.enlarged?.before ?? 'composed') : view);
    this.enlarged = now !== view && meeting.state.view === view ? {view, before: now} : null;
    this.keyboard = focused ? view : '';
    this.requestUpdate();
  }

  /** Give the focus to the button that takes the place of the one that had it, so that a keyboard goes on from there. */
  focusAgain() {
    if (!this.keyboard || !this.meeting?.state || document.activeElement !== document.body) return;
    const {seats, view} = this.meeting.state;
    const tile = this.shown?.tiles.find(one => viewOf(one, seats) === this.keyboard);
    const selector = view === this.keyboard ? '.reduce' : tile && `#${CSS.escape(`tile-${tile.tile}`)} button`;
    const button = /** @type {HTMLElement | null} */ (selector ? this.querySelector(selector) : null);
    if (!button) return;
    button.focus();
    this.keyboard = '';
  }

  /** Return the button over a picture that was enlarged by a tap: another tap goes back. */
  back() {
    if (!this.enlarged) return nothing;
    const {view} = this.enlarged;
    return html`<button type="button" class="reduce" data-testid="reduce" aria-label=${t('tiles.back')} @click=${() => this.enlarge(view)}></button>`;
  }

  /** Move the focus from tile to tile by arrow keys. @param {KeyboardEvent} event */
  step(event) {
    const by = /** @type {Record<string, number>} */ (KEYS)[event.key];
    if (!by || !this.shown) return;
    const buttons = [...keyed(this.shown.tiles).keys()].map(key => /** @type {HTMLElement | null} */ (this.querySelector(`#${CSS.escape(`tile-${key}`)} button`))).filter(button => button !== null);
    const at = buttons.findIndex(button => button === document.activeElement);
    buttons[(at + by + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  }
}

customElements.define('tile-view', TileView);
