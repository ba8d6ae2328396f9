import {html, nothing} from '../../vendor/lit.js';
import '../room/notice-bar.js';
import {icon, title} from '../../core/base.js';
import './extend-bar.js';
import './layout-picker.js';
import {MeetingPage} from '../room/meeting-page.js';
import './script-bar.js';
import '../room/participant-list.js';
import './speaker-queue.js';
import {number, t} from '../../core/i18n.js';
import {PLAIN} from '../client/layouts.js';
import {recordState} from '../client/meeting-state.js';
import {EMPTY} from '../client/script.js';
import {clock, slot} from '../../core/time.js';

class HostPage extends MeetingPage {
  constructor() {
    super();
    title('host.title');
  }

  /** @param {CustomEvent<Message>} event */
  command({detail}) {
    this.meeting.command(detail);
  }

  room() {
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
        <stage-view .meeting=${meeting} .tick=${tick}></stage-view>
        <floor-prompt .meeting=${meeting} .tick=${tick}></floor-prompt>
        <aid-bar .state=${state} @report=${this.report}></aid-bar>
        ${this.direct()}
        <control-bar .meeting=${meeting} .tick=${tick} @full=${this.fullScreen} @fault=${this.openFaults} @leave=${this.leave}></control-bar>
      </div>
      <speak-queue class="area" .seats=${state?.seats ?? []} .now=${meeting.now}></speak-queue>
      <seat-list class="area" .control=${true} .seats=${state?.seats ?? []} .speaking=${state?.speaking ?? null} .levels=${state?.levels ?? {}} .calls=${state?.calls ?? []}></seat-list>
    </main>`;
  }

  heading() {
    const {session, storage} = this.meeting.state ?? {};
    return html`<header>
      <h1>${session?.title ?? t('room.joining')}</h1>
      ${session ? html`<p>${t('sessions.host', session.host)} · ${slot(session.official)}</p>` : nothing}
      ${storage ? this.storage(storage) : nothing}
      <extend-bar .session=${session ?? null} .now=${this.meeting.now}></extend-bar>
    </header>`;
  }

  direct() {
    const {state, now} = this.meeting;
    return html`<div class="direct">
      <layout-picker .shown=${state?.layout ?? PLAIN} .own=${state?.own ?? {}} .seats=${state?.seats ?? []}></layout-picker>
      <button type="button" class="tool" data-testid="mute-all" @click=${() => this.meeting.command({type: 'mute-all'})}>${icon('mic-off')}<span>${t('host.mute-all')}</span></button>
      ${this.recorder(state ? recordState(state.recording) : 'off')}
      <script-bar .script=${state?.script ?? EMPTY} .seats=${state?.seats ?? []} .now=${now} .session=${state?.session.id ?? ''}></script-bar>
    </div>`;
  }

  /** @param {'off' | 'on' | 'paused'} recording */
  recorder(recording) {
    const off = recording === 'off';
    const paused = recording === 'paused';
    return html`<button type="button" class="tool record" data-testid="record" data-state=${recording} aria-pressed=${!off}
        @click=${() => this.meeting.command({type: 'record', on: off})}>
        ${icon(off ? 'record' : 'stop')}<span>${t(off ? 'record.start' : 'record.stop')}</span>
      </button>
      <button type="button" class="tool" data-testid="record-pause" data-state=${recording} aria-pressed=${paused} ?hidden=${off}
        @click=${() => this.meeting.command({type: 'record', on: true, pause: !paused})}>
        ${icon(paused ? 'record' : 'pause')}<span>${t(paused ? 'record.resume' : 'record.pause')}</span>
      </button>
      <button type="button" class="tool" data-testid="voices" aria-pressed=${Boolean(this.meeting.state?.recording.voices)} title=${t('record.voices-hint')} @click=${this.voices}>${icon('sound')}<span>${t('record.voices')}</span></button>
      <button type="button" class="tool" data-testid="mark" ?hidden=${off} @click=${this.mark}>${icon('flag')}<span>${t('record.mark')}</span></button>`;
  }

  voices() {
    this.meeting.command({type: 'voices', on: !this.meeting.state?.recording.voices});
  }

  /** A mark by hand says when it was set; whoever plays the recording goes there. */
  mark() {
    this.meeting.command({type: 'mark', title: t('record.mark-at', clock(this.meeting.now))});
  }

  /** How long the disk lasts; an alarm when that is not long. @param {StorageMark} storage */
  storage({level, hours}) {
    const text = level === 'full' ? t('storage.full') : t(`storage.${level}`, number(hours, {maximumFractionDigits: 1}));
    return html`<p class="storage ${level}" data-testid="storage" data-level=${level} role=${level === 'ok' ? nothing : 'alert'}>
      ${level === 'ok' ? nothing : icon('warn')}<span>${text}</span></p>`;
  }
}

customElements.define('host-page', HostPage);
