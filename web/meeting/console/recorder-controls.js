// Element `recorder-controls`: the recording, in the bar of the console.

import {html, nothing} from '../../vendor/lit.js';
import {number, t} from '../../core/i18n.js';
import {recordState} from '../client/meeting-state.js';
import {clock, hourMinute} from '../../core/time.js';
import {BaseElement, icon} from '../../core/base.js';
import {recordingMark} from '../room/recording-mark.js';
import './more-menu.js';

/** Starts, pauses and stops the recording, sets marks, and says how much the disk still takes. Fires `command`. */
export class RecorderControls extends BaseElement {
  static properties = {state: {attribute: false}, now: {type: Number}, composeLive: {state: true}};

  constructor() {
    super();
    /** @type {MeetingState | null} */
    this.state = null;
    /** The server's clock, milliseconds. */
    this.now = 0;
    /** Whether the next recording is to be composed while it is recorded. */
    this.composeLive = false;
  }

  /** @param {Message} message */
  command(message) {
    this.emit('command', message);
  }

  render() {
    const {state} = this;
    if (!state) return nothing;
    const {recording, storage} = state;
    const at = recordState(recording);
    const [off, paused] = [at === 'off', at === 'paused'];
    const pause = t(paused ? 'record.resume' : 'record.pause');
    return html`<div class="recorder" role="group" aria-label=${t('record.title')}>
      ${recordingMark(recording, this.now)}
      <button type="button" class="record" data-testid="record" data-state=${at} aria-pressed=${!off} @click=${() => this.command({type: 'record', on: off, ...(off && this.composeLive ? {composed: 'live'} : {})})}>
        ${icon(off ? 'record' : 'stop')}<span>${t(off ? 'record.start' : 'record.stop')}</span></button>
      ${off ? nothing : html`<button type="button" class="more" data-testid="record-pause" data-state=${at} aria-pressed=${paused} aria-label=${pause} title=${pause} @click=${() => this.command({type: 'record', on: true, pause: !paused})}>${icon(paused ? 'record' : 'pause')}</button>
        <button type="button" class="more" data-testid="mark" aria-label=${t('record.mark')} title=${t('record.mark')} @click=${this.mark}>${icon('flag')}</button>`}
      <more-menu testid="record-more" .label=${t('record.more')} .content=${() => this.more(state, off)}></more-menu>
      ${storage && storage.level !== 'ok' ? html`<span class="storage ${storage.level}" data-testid="storage" data-level=${storage.level} role="alert" title=${storageWords(storage)}>${icon('warn')}<span>${t(`storage.${storage.level}-short`, hours(storage))}</span></span>` : nothing}
    </div>`;
  }

  /** @param {MeetingState} state @param {boolean} off */
  more({recording, storage, composing, layout}, off) {
    return html`<p data-testid="recorded-layout">${t('record.layout', t(`layout.${layout.kind}`))}</p>
      ${off && recording.composed === 'afterwards'
        ? html`<button type="button" data-stays data-testid="compose-live" aria-pressed=${this.composeLive} title=${t('record.live-hint')} @click=${() => (this.composeLive = !this.composeLive)}>${icon('clock')}<span>${t('record.live')}</span></button>`
        : nothing}
      <button type="button" data-stays data-testid="voices" aria-pressed=${recording.voices} title=${t('record.voices-hint')} @click=${() => this.command({type: 'voices', on: !recording.voices})}>${icon('sound')}<span>${t('record.voices')}</span></button>
      ${storage?.level === 'ok' ? html`<p data-testid="storage" data-level="ok">${storageWords(storage)}</p>` : nothing}
      ${composing ? html`<p data-testid="composing">${t('recordings.part', composing.part)}: ${t('recordings.composing', composing.percent)}${composing.ready ? ` · ${t('recordings.ready-at', hourMinute(composing.ready))}` : nothing}</p>` : nothing}`;
  }

  /** Set a chapter mark in the recording, named by the time of day. */
  mark() {
    this.command({type: 'mark', title: t('record.mark-at', clock(this.now))});
  }
}

/** @param {StorageMark} storage */
const hours = storage => number(storage.hours, {maximumFractionDigits: 1});

/** Return for how many hours the disk can record. @param {StorageMark} storage */
const storageWords = storage => (storage.level === 'full' ? t('storage.full') : t(`storage.${storage.level}`, hours(storage)));

customElements.define('recorder-controls', RecorderControls);
