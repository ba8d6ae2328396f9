import {html, nothing} from '../vendor/lit.js';
import {icon, title} from '../elements/base.js';
import '../elements/layout-picker.js';
import {MeetingPage} from '../elements/meeting-page.js';
import '../elements/seat-list.js';
import '../elements/speak-queue.js';
import {t} from '../i18n.js';
import {slot} from '../time.js';

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
        ${this.direct()}
        <control-bar .meeting=${meeting} .tick=${tick} @full=${this.fullScreen} @leave=${this.leave}></control-bar>
      </div>
      <speak-queue class="area" .seats=${state?.seats ?? []} .now=${meeting.now}></speak-queue>
      <seat-list class="area" .control=${true} .seats=${state?.seats ?? []} .speaking=${state?.speaking ?? null}></seat-list>
    </main>`;
  }

  heading() {
    const session = this.meeting.state?.session;
    return html`<header>
      <h1>${session?.title ?? t('room.joining')}</h1>
      ${session ? html`<p>${t('sessions.host', session.host)} · ${slot(session.official)}</p>` : nothing}
    </header>`;
  }

  direct() {
    const state = this.meeting.state;
    const recording = state?.recording.on ? 'on' : 'off';
    return html`<div class="direct">
      <layout-picker .layout=${state?.layout ?? {kind: 'grid', focus: null}} .seats=${state?.seats ?? []}></layout-picker>
      <button type="button" class="tool" data-testid="mute-all" @click=${() => this.meeting.command({type: 'mute-all'})}>${icon('mic-off')}<span>${t('host.mute-all')}</span></button>
      <button type="button" class="tool record" data-testid="record" data-state=${recording} aria-pressed=${recording === 'on'}
        @click=${() => this.meeting.command({type: 'record', on: recording === 'off'})}>
        ${icon(recording === 'on' ? 'stop' : 'record')}<span>${t(`record.${recording}`)}</span>
      </button>
    </div>`;
  }
}

customElements.define('host-page', HostPage);
