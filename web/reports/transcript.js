// Element `recording-transcript`: what was said in a recording, beside its player: jump, search, correct, take along.

import {html, nothing, repeat} from '../vendor/lit.js';
import {correctUtterance, retranscribe, transcript, transcriptUrl} from '../core/api.js';
import {errorMessage, icon, repeatWhileConnected, RequestingElement} from '../core/base.js';
import {hasText, t} from '../core/i18n.js';
import {keptForm} from '../core/kept-form.js';
import {loadingState} from '../core/states.js';
import {day, hourMinute, span} from '../core/time.js';
import {toast} from '../core/toast.js';
import {beginsTurn, heardAt, keyOf, matching} from './utterances.js';

const POLL_MS = 5000;
const HEARD_MS = 250;
/** After the page was scrolled by hand it does not follow the player for so long. */
const HAND_MS = 5000;

/** Draw the state of a transcript in few words. @param {TranscriptStanding | undefined} standing */
export function transcriptState(standing) {
  if (!standing) return nothing;
  const {state, percent, ready, reason} = standing;
  if (state === 'waiting') {
    const text = percent ? t('transcript.percent', percent) : t('transcript.waits');
    return html`<progress max="100" value=${percent ?? 0} aria-label=${text}></progress>
      <small data-testid="transcribing" data-percent=${percent ?? 0}>${text}${ready ? ` · ${t('recordings.ready-at', `${hourMinute(ready)} ${day(ready)}`)}` : nothing}</small>`;
  }
  if (state === 'failed') return html`<small data-testid="transcript-failed">${t('transcript.failed')} ${hasText(`reason.${reason}`) ? t(`reason.${reason}`) : ''}</small>`;
  return state === 'ready' ? html`<small data-testid="transcript-ready">${t('transcript.ready')}</small>` : nothing;
}

/** The transcript of a recording; a tap on an utterance fires `seek` with its second. */
export class RecordingTranscript extends RequestingElement {
  static properties = {...RequestingElement.properties, recording: {}, found: {state: true}, wanted: {}, editing: {state: true}, heard: {state: true}};

  constructor() {
    super();
    this.recording = '';
    /** What is looked for; whoever opens the transcript from a search may say it. */
    this.wanted = '';
    /** @type {Transcript | null} */
    this.found = null;
    /** The utterance that is being corrected. */
    this.editing = '';
    /** The utterance that is heard. */
    this.heard = '';
    this.scrolledAt = 0;
    /** @type {TextTrack | null} */
    this.subtitles = null;
    repeatWhileConnected(this, POLL_MS, () => this.found?.state === 'waiting' && this.refresh(() => this.load()));
    repeatWhileConnected(this, HEARD_MS, () => this.follow());
  }

  connectedCallback() {
    super.connectedCallback();
    this.attempt(() => this.load());
  }

  async load() {
    this.found = await transcript(this.recording);
    this.showSubtitles();
  }

  get video() {
    return this.closest('dialog')?.querySelector('video') ?? null;
  }

  /** Let the player show the utterances as subtitles, when somebody turns these on. */
  showSubtitles() {
    if (!this.found?.utterances.length || !this.video) return;
    this.subtitles ??= this.video.addTextTrack('captions', t('transcript.title'), 'vi');
    for (const cue of [...(this.subtitles.cues ?? [])]) this.subtitles.removeCue(cue);
    for (const {start, end, point, text} of this.found.utterances) this.subtitles.addCue(new VTTCue(start, end, point ? `${point}: ${text}` : text));
  }

  /** Mark what is heard, and bring it into view unless somebody reads elsewhere. */
  follow() {
    if (!this.found || !this.video || this.editing) return;
    const heard = heardAt(this.found.utterances, this.video.currentTime);
    if (heard === this.heard) return;
    this.heard = heard;
    if (this.video.paused || Date.now() - this.scrolledAt < HAND_MS) return;
    this.updateComplete.then(() => this.querySelector('[aria-current]')?.scrollIntoView({block: 'nearest'}));
  }

  /** Correct an utterance, and offer to take that back. @param {Utterance} utterance @param {string} text */
  async correct(utterance, text) {
    const was = utterance.text;
    if (text === was) return void (this.editing = '');
    if (!(await this.attempt(async () => (utterance.wordings = await correctUtterance(utterance, text)), /** @type {HTMLFormElement | null} */ (this.querySelector('form.editor'))))) return;
    utterance.text = utterance.wordings[0].text;
    this.editing = '';
    this.requestUpdate();
    this.showSubtitles();
    toast(t('transcript.corrected'), {undo: () => this.correct(utterance, was)});
  }

  /** Begin to correct an utterance. @param {Utterance} utterance */
  async edit(utterance) {
    this.editing = keyOf(utterance);
    await this.updateComplete;
    this.querySelector('textarea')?.focus();
  }

  /** @param {KeyboardEvent} event @param {Utterance} utterance */
  typed(event, utterance) {
    const area = /** @type {HTMLTextAreaElement} */ (event.currentTarget);
    if (event.key === 'Escape') {
      event.preventDefault();
      this.editing = '';
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.correct(utterance, area.value);
  }

  render() {
    if (!this.found) return html`<section class="transcript">${errorMessage(this.error)}${this.error ? nothing : loadingState()}</section>`;
    const {state, utterances} = this.found;
    return html`<section class="transcript" aria-label=${t('transcript.title')} data-testid="transcript" data-state=${state}>
      <h3>${t('transcript.title')}</h3>
      ${errorMessage(this.error)} ${this.standing(this.found)} ${utterances.length ? this.words(this.found) : nothing}
    </section>`;
  }

  /** @param {Transcript} found */
  standing(found) {
    if (found.state === 'off') return html`<p class="soft" data-testid="transcript-off">${t('transcript.off')}</p>`;
    if (found.state === 'ready') return found.utterances.length ? nothing : html`<p class="soft" data-testid="transcript-empty">${t('transcript.empty')}</p>`;
    return html`<div class="state">${transcriptState(found)}
      ${found.state === 'failed' && found.may_correct ? html`<button type="button" data-testid="retranscribe" @click=${() => this.attempt(async () => { await retranscribe(this.recording); await this.load(); })}>${icon('undo')}<span>${t('transcript.again')}</span></button>` : nothing}
    </div>`;
  }

  /** @param {Transcript} found */
  words({utterances, may_correct: may}) {
    const shown = matching(utterances, this.wanted);
    return html`<p class="soft note">${t('transcript.by-machine')}</p>
      <div class="row tools">
        <input type="search" data-testid="transcript-search" aria-label=${t('transcript.search')} placeholder=${t('transcript.search')} .value=${this.wanted} @input=${(/** @type {any} */ {target}) => (this.wanted = target.value)}>
        <a class="button" data-testid="transcript-txt" href=${transcriptUrl(this.recording, 'txt')} download>${icon('download')}<span>TXT</span></a>
        <a class="button" data-testid="transcript-vtt" href=${transcriptUrl(this.recording, 'vtt')} download>${icon('download')}<span>VTT</span></a>
      </div>
      <p class="unseen" role="status">${this.wanted ? t('transcript.found', shown.length) : ''}</p>
      ${shown.length
        ? html`<ol @wheel=${() => (this.scrolledAt = Date.now())} @touchmove=${() => (this.scrolledAt = Date.now())}>${repeat(shown, keyOf, (each, index) => this.utterance(each, beginsTurn(shown, index), may))}</ol>`
        : html`<p class="soft" data-testid="transcript-none">${t('transcript.nothing-found')}</p>`}`;
  }

  /** @param {Utterance} each @param {boolean} begins @param {boolean} may */
  utterance(each, begins, may) {
    const key = keyOf(each);
    return html`<li class=${begins ? 'begins' : ''} data-testid="utterance" data-point=${each.point} data-start=${each.start}>
      ${begins ? html`<strong>${each.point || t('transcript.unknown')}</strong>` : nothing}
      ${this.editing === key ? this.editor(each) : html`<div class="said">
        <button type="button" class="quiet" data-testid="seek" aria-current=${this.heard === key ? 'true' : nothing} @click=${() => this.emit('seek', each.start)}>
          <time>${span(each.start)}</time><span>${each.text || html`<em>${t('transcript.struck')}</em>`}</span></button>
        ${may ? html`<button type="button" class="quiet icon-button" data-testid="edit" aria-label=${t('transcript.edit', span(each.start))} @click=${() => this.edit(each)}>${icon('edit')}</button>` : nothing}
      </div>`}
      ${each.wordings.length > 1 && this.editing !== key ? this.history(each, may) : nothing}
    </li>`;
  }

  /** @param {Utterance} each */
  editor(each) {
    const id = `edit-${each.recording}-${each.number}`;
    return html`<form class="editor" @submit=${(/** @type {SubmitEvent} */ event) => { event.preventDefault(); this.correct(each, /** @type {HTMLTextAreaElement} */ (this.querySelector('textarea')).value); }}>${keptForm(id)}
      <label for=${id}>${t('transcript.edit', span(each.start))}</label>
      <textarea id=${id} name="text" maxlength="2000" rows="3" data-testid="wording" .value=${each.text} @keydown=${(/** @type {KeyboardEvent} */ event) => this.typed(event, each)}></textarea>
      <div class="row"><button class="main" data-testid="save">${t('transcript.save')}</button><button type="button" data-testid="cancel" @click=${() => (this.editing = '')}>${t('dialog.cancel')}</button></div>
    </form>`;
  }

  /** @param {Utterance} each @param {boolean} may */
  history(each, may) {
    const [newest, ...older] = each.wordings;
    return html`<details class="history">
      <summary data-testid="history">${t('transcript.corrected-by', newest.by, hourMinute(newest.at), day(newest.at))}</summary>
      <ul>${older.map(
        ({text, by, at}) => html`<li data-testid="older"><span>${text || html`<em>${t('transcript.struck')}</em>`}</span> <small>${by || t('transcript.machine')} · ${hourMinute(at)} ${day(at)}</small>
          ${may && text !== each.text ? html`<button type="button" class="quiet" data-testid="restore" @click=${() => this.correct(each, text)}>${icon('undo')}<span>${t('transcript.restore')}</span></button>` : nothing}</li>`,
      )}</ul>
    </details>`;
  }
}

customElements.define('recording-transcript', RecordingTranscript);
