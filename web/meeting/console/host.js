// Page `host.html`: the console, from which a controller runs the meeting.

import {html, nothing} from '../../vendor/lit.js';
import '../room/notice-bar.js';
import {icon, setTitle} from '../../core/base.js';
import './extend-bar.js';
import './layout-picker.js';
import {MeetingPage} from '../room/meeting-page.js';
import './script-bar.js';
import '../room/participant-list.js';
import './speaker-queue.js';
import {number, t} from '../../core/i18n.js';
import {DEFAULT_LAYOUT} from '../client/layouts.js';
import {recordState} from '../client/meeting-state.js';
import {EMPTY_SCRIPT} from '../client/script.js';
import {clock, hourMinute, slot} from '../../core/time.js';

/** The console: queue, layouts, recording and script beside the room. */
class HostPage extends MeetingPage {
  static properties = {...MeetingPage.properties, composeLive: {state: true}};

  constructor() {
    super();
    setTitle('host.title');
    /** Whether the next recording is to be composed while it is recorded. */
    this.composeLive = false;
  }

  /** @param {CustomEvent<Message>} event */
  command({detail}) {
    this.meeting.command(detail);
  }

  meetingView() {
    const {meeting} = this;
    const {state} = meeting;
    if (state && !state.controller) {
      location.replace(`room.html?code=${meeting.protocol.code}`);
      return nothing;
    }
    const tick = Date.now();
    return html`<main class="console" @command=${this.command}>
      ${this.heading()}
      <div class="left">
        <meeting-video .meeting=${meeting} .tick=${tick}></meeting-video>
        <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
        <notice-bar .state=${state} @report=${this.reportIncident}></notice-bar>
        ${this.controls()}
        <control-bar .meeting=${meeting} .tick=${tick} @full=${this.fullScreen} @fault=${this.openIncidentDialog} @leave=${this.leave}></control-bar>
      </div>
      <speaker-queue class="area" .seats=${state?.seats ?? []} .now=${meeting.now}></speaker-queue>
      <participant-list class="area" .control=${true} .seats=${state?.seats ?? []} .speaking=${state?.speaking ?? null} .levels=${state?.levels ?? {}} .calls=${state?.calls ?? []}></participant-list>
    </main>`;
  }

  heading() {
    const {session, storage, composing} = this.meeting.state ?? {};
    return html`<header>
      <h1>${session?.title ?? t('room.joining')}</h1>
      ${session ? html`<p>${t('sessions.host', session.host)} · ${slot(session.official)}</p>` : nothing}
      ${storage ? this.storage(storage) : nothing}
      ${composing ? this.composing(composing) : nothing}
      <extend-bar .session=${session ?? null} .now=${this.meeting.now}></extend-bar>
    </header>`;
  }

  /** Draw how much of a closed part of the recording is composed. @param {Composing & {part: number}} composing */
  composing({part, percent, ready}) {
    return html`<p class="storage" data-testid="composing"><span>${t('recordings.part', part)}: ${t('recordings.composing', percent)}${ready ? ` · ${t('recordings.ready-at', hourMinute(ready))}` : nothing}</span></p>`;
  }

  controls() {
    const {state, now} = this.meeting;
    return html`<div class="direct">
      <layout-picker .shown=${state?.layout ?? DEFAULT_LAYOUT} .own=${state?.own ?? {}} .seats=${state?.seats ?? []}></layout-picker>
      ${this.onePicture()}
      <button type="button" class="tool" data-testid="mute-all" @click=${() => this.meeting.command({type: 'mute-all'})}>${icon('mic-off')}<span>${t('host.mute-all')}</span></button>
      ${this.recorder(state ? recordState(state.recording) : 'off')}
      <script-bar .script=${state?.script ?? EMPTY_SCRIPT} .seats=${state?.seats ?? []} .now=${now} .session=${state?.session.id ?? ''}></script-bar>
    </div>`;
  }

  /** Draw the button by which everyone gets the layout as one composed picture, the same everywhere. */
  onePicture() {
    const on = Boolean(this.meeting.state?.onePicture);
    return html`<button type="button" class="tool" data-testid="one-picture" aria-pressed=${on} title=${t('host.one-picture-hint')}
      @click=${() => this.meeting.command({type: 'one-picture-all', on: !on})}>${icon('view')}<span>${t('host.one-picture')}</span></button>`;
  }

  /** @param {'off' | 'on' | 'paused'} recording */
  recorder(recording) {
    const off = recording === 'off';
    const paused = recording === 'paused';
    return html`<button type="button" class="tool record" data-testid="record" data-state=${recording} aria-pressed=${!off}
        @click=${() => this.meeting.command({type: 'record', on: off, ...(off && this.composeLive ? {composed: 'live'} : {})})}>
        ${icon(off ? 'record' : 'stop')}<span>${t(off ? 'record.start' : 'record.stop')}</span>
      </button>
      <button type="button" class="tool" data-testid="record-pause" data-state=${recording} aria-pressed=${paused} ?hidden=${off}
        @click=${() => this.meeting.command({type: 'record', on: true, pause: !paused})}>
        ${icon(paused ? 'record' : 'pause')}<span>${t(paused ? 'record.resume' : 'record.pause')}</span>
      </button>
      ${this.liveChoice(off)}
      <button type="button" class="tool" data-testid="voices" aria-pressed=${Boolean(this.meeting.state?.recording.voices)} title=${t('record.voices-hint')} @click=${this.voices}>${icon('sound')}<span>${t('record.voices')}</span></button>
      <button type="button" class="tool" data-testid="mark" ?hidden=${off} @click=${this.mark}>${icon('flag')}<span>${t('record.mark')}</span></button>`;
  }

  /** Draw the choice to have a recording composed at once, where its picture is composed afterwards. @param {boolean} off */
  liveChoice(off) {
    if (!off || this.meeting.state?.recording.composed !== 'afterwards') return nothing;
    return html`<button type="button" class="tool" data-testid="compose-live" aria-pressed=${this.composeLive} title=${t('record.live-hint')}
      @click=${() => (this.composeLive = !this.composeLive)}>${icon('clock')}<span>${t('record.live')}</span></button>`;
  }

  voices() {
    this.meeting.command({type: 'voices', on: !this.meeting.state?.recording.voices});
  }

  /** Set a chapter mark in the recording, named by the time of day. */
  mark() {
    this.meeting.command({type: 'mark', title: t('record.mark-at', clock(this.meeting.now))});
  }

  /** Draw for how many hours the disk can record, as an alert when they are few. @param {StorageMark} storage */
  storage({level, hours}) {
    const text = level === 'full' ? t('storage.full') : t(`storage.${level}`, number(hours, {maximumFractionDigits: 1}));
    return html`<p class="storage ${level}" data-testid="storage" data-level=${level} role=${level === 'ok' ? nothing : 'alert'}>
      ${level === 'ok' ? nothing : icon('warn')}<span>${text}</span></p>`;
  }
}

customElements.define('host-page', HostPage);
