// Element `control-bar`: the buttons of a seat, in the room and in the console.

import {html, live, nothing} from '../../vendor/lit.js';
import {t} from '../../core/i18n.js';
import {cameras, mayShare, properName, waitedSeconds} from '../client/meeting-state.js';
import {unreadCount} from '../client/chat.js';
import {canShareScreen, deviceChoices} from '../client/devices.js';
import {span} from '../../core/time.js';
import {icon, BaseElement} from '../../core/base.js';
import {oneLine} from '../../core/one-line.js';
import {showFaults} from '../../core/validation.js';
import '../../core/action-menu.js';
import {micButton} from './mic-button.js';
import {canOpenWindow} from './picture-in-picture.js';

/** Layouts that a seat may choose for itself. */
const OWN_VIEWS = ['grid', 'speaker', 'single'];
const ONE_PICTURE = 'one-picture'; // in the menu of views: the layout as one composed picture
const MAX_TOPIC = 200; // docs/protocol.md: `hand`

/** The buttons of a seat, each with an icon and what it does next. Fires `people`, `chat`, `small`, `full`, `fault`, `keys`, `settings`, `leave`. */
export class ControlBar extends BaseElement {
  static properties = {meeting: {attribute: false}, tick: {type: Number}, console: {}, panel: {type: Boolean}, chair: {type: Boolean}};

  constructor() {
    super();
    /** @type {import('../client/meeting-client.js').MeetingClient | null} */
    this.meeting = null;
    this.tick = 0;
    /** The address of the console, for a controller. */
    this.console = '';
    this.panel = false;
    /** Whether this is the console's bar. */
    this.chair = false;
    /** @type {Promise<unknown> | null} what keeps a topic that is typed */
    this.keeper = null;
  }

  render() {
    const state = this.meeting?.state;
    if (this.chair) return this.chairBar(state);
    return html`${this.topic()}<div class="bar" role="toolbar" aria-label=${t('room.controls')}>
      <div class="group">${micButton(this.meeting)} ${this.camera()} ${this.hand()} ${this.share()}</div>
      <div class="group">${state ? this.viewSelect(state) : nothing} ${this.captions()} ${this.people()} ${state && this.panel ? this.chat(state) : nothing}</div>
      <div class="group">${this.button('fault', 'warn', t('fault.report'), () => this.emit('fault'))}
        ${this.console ? html`<a class="button tool" href=${this.console} data-testid="console">${icon('console')}<span>${t('room.console')}</span></a>` : nothing}
        <action-menu .words=${t('room.more')} .actions=${this.more()}></action-menu>
        ${this.button('leave', 'leave', t('room.leave'), () => this.emit('leave'), 'danger')}</div>
    </div>`;
  }

  /** Return what is needed seldom. @returns {import('../../core/action-menu.js').MenuAction[]} */
  more() {
    const {captions} = this.meeting?.state ?? {};
    return [
      ...(captions?.offered ? [{label: t(captions.on ? 'captions.hide' : 'captions.show'), picture: 'captions', testid: 'captions-menu', run: () => this.meeting?.toggleCaptions()}] : []),
      {label: t('settings.title'), picture: 'camera', testid: 'settings-open', run: () => this.emit('settings')},
      ...(canOpenWindow() ? [{label: t('room.small'), picture: 'small', testid: 'small', run: () => this.emit('small')}] : []),
      {label: t('room.full'), picture: 'full', testid: 'full', run: () => this.emit('full')},
      {label: t('keys.title'), picture: 'help', testid: 'keys', run: () => this.emit('keys')},
    ];
  }

  /** Draw the devices of who sits at the console, who need not raise a hand. @param {MeetingState | null | undefined} state */
  chairBar(state) {
    return html`<div class="bar" role="toolbar" aria-label=${t('room.controls')}>
      ${micButton(this.meeting)} ${this.camera()} ${this.share()} ${state ? this.viewSelect(state) : nothing} ${this.captions()}
      ${this.button('fault', 'warn', t('fault.report'), () => this.emit('fault'))}
      ${this.button('full', 'full', t('room.full'), () => this.emit('full'))} ${this.button('keys', 'help', t('keys.title'), () => this.emit('keys'))}
    </div>`;
  }

  /**
   * @param {string} id
   * @param {string} picture
   * @param {unknown} words
   * @param {() => void} run
   * @param {string} [kind]
   */
  button(id, picture, words, run, kind = '') {
    return html`<button type="button" class="tool ${kind}" data-testid=${id} @click=${run}>${icon(picture)}<span>${words}</span></button>`;
  }

  camera() {
    const state = this.meeting?.on.camera ? 'on' : 'off';
    return html`<button type="button" class="tool" data-testid="camera" data-state=${state} aria-pressed=${state === 'on'}
      ?disabled=${!this.meeting?.state} @click=${() => this.meeting?.toggleCamera()}>
      ${icon(state === 'on' ? 'camera' : 'camera-off')}<span>${t(`camera.${state}`)}</span>
    </button>`;
  }

  share() {
    const {meeting} = this;
    const state = meeting?.state;
    if (!meeting || !state || !canShareScreen() || !mayShare(state)) return nothing;
    const on = state.content === state.me;
    return html`<button type="button" class="tool" data-testid="share" data-state=${on ? 'on' : 'off'} aria-pressed=${on} @click=${() => meeting.toggleShare()}>
      ${icon('share')}<span>${t(on ? 'share.stop' : 'share.start')}</span>
    </button>`;
  }

  /** Draw the switch of captions, where the server has a model; on a narrow page the menu has it. */
  captions() {
    const {captions} = this.meeting?.state ?? {};
    if (!captions?.offered) return nothing;
    return html`<button type="button" class="tool captions-switch" data-testid="captions" aria-pressed=${captions.on} @click=${() => this.meeting?.toggleCaptions()}>
      ${icon('captions')}<span>${t('captions.title')}</span>
    </button>`;
  }

  hand() {
    const {meeting} = this;
    const place = meeting?.seat?.hand ?? 0;
    const locked = !place && meeting?.state?.role === 'component' && meeting.state.locks.hands;
    const time = place ? span(waitedSeconds(meeting?.seat?.since ?? null, meeting?.countedNow ?? 0)) : '';
    return html`<button type="button" class="tool hand" data-testid="hand" data-place=${place} aria-pressed=${place > 0}
      ?disabled=${!meeting?.state || locked} @click=${() => meeting?.toggleHand()}>
      ${icon('hand')}<span>${place ? t('hand.lower', place) : t(locked ? 'hand.locked' : 'hand.raise')}</span>${place ? html`<small>${t('hand.waited', time)}</small>` : nothing}
    </button>`;
  }

  /** Draw the form for the topic of a raised hand, until a topic was sent. */
  topic() {
    const seat = this.meeting?.seat;
    if (!seat?.hand || seat.topic) return nothing;
    this.keeper ??= import('../../core/kept-form.js'); // few seats need it
    return html`<form class="topic" @submit=${this.sendTopic}><kept-form name="topic"></kept-form>
      <input name="topic" maxlength=${MAX_TOPIC} required aria-label=${t('hand.topic')} placeholder=${t('hand.topic')} data-testid="topic">
      <button data-testid="topic-send">${t('hand.topic-send')}</button>
    </form>`;
  }

  /** Send the topic; what is wrong with it is shown at the field. @param {SubmitEvent} event */
  async sendTopic(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const topic = oneLine(String(new FormData(form).get('topic')), MAX_TOPIC);
    const detail = await this.meeting?.confirm({type: 'hand', raised: true, topic});
    if (detail) showFaults(form, [{field: 'topic', detail}]);
    else /** @type {import('../../core/kept-form.js').KeptForm | null} */ (form.querySelector('kept-form'))?.drop();
  }

  /** @param {MeetingState} state */
  viewSelect(state) {
    return html`<label class="tool select">${icon('view')}<span>${t('room.source')}</span>
      <select data-testid="source" @change=${(/** @type {any} */ event) => this.chooseView(event.target.value)}>
        ${this.layoutViews(state)}
        ${OWN_VIEWS.map(kind => html`<option value="composed:${kind}" .selected=${live(state.view === `composed:${kind}`)}>${t('room.own-view', t(`layout.${kind}`))}</option>`)}
        ${state.content ? html`<option value="content" .selected=${live(state.view === 'content')}>${t('share.view')}</option>` : nothing}
        ${cameras(state).map(seat => html`<option value="camera:${seat.seat}" .selected=${live(state.view === `camera:${seat.seat}`)}>${properName(seat)}</option>`)}
      </select>
    </label>`;
  }

  /**
   * Draw the options for the layout that the host arranged: as cameras one by one or as one picture, where this browser
   * can draw both and the host leaves the choice.
   * @param {MeetingState} state
   */
  layoutViews(state) {
    if (state.onePicture || !this.meeting?.drawsTiles) return html`<option value="composed" .selected=${live(state.view === 'composed')}>${t('room.composed')}</option>`;
    const one = deviceChoices().onePicture;
    return html`<option value="composed" .selected=${live(state.view === 'composed' && !one)}>${t('room.cameras')}</option>
      <option value=${ONE_PICTURE} .selected=${live(state.view === 'composed' && one)}>${t('room.one-picture')}</option>`;
  }

  /** @param {string} source a view, or the choice of one picture */
  chooseView(source) {
    const chosen = !this.meeting?.state?.onePicture && this.meeting?.drawsTiles && ['composed', ONE_PICTURE].includes(source);
    if (chosen) this.meeting?.chooseOnePicture(source === ONE_PICTURE);
    else this.meeting?.watch(source);
  }

  /** @param {MeetingState} state */
  chat(state) {
    const count = unreadCount(state, this.meeting?.chatRead ?? 0);
    return html`<button type="button" class="tool" data-testid="chat-button" data-unread=${count} @click=${() => this.emit('chat')}>${icon('chat')}<span>${t('chat.title')}</span>
      ${count ? html`<b class="count">${count}<span class="hidden"> ${t('chat.unread')}</span></b>` : nothing}</button>`;
  }

  people() {
    if (!this.panel) return nothing;
    return this.button('people', 'people', t('room.people'), () => this.emit('people'));
  }
}

customElements.define('control-bar', ControlBar);
