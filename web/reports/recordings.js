// Page `recordings.html`: recordings to play, download and request.

import {html, nothing, repeat} from '../vendor/lit.js';
import {ProblemError, composeAgain, requestMaterial, receiveRecording, recordingLink, recordings, searchTranscripts, transcripts} from '../core/api.js';
import {errorMessage, repeatWhileConnected, icon, Page, setTitle} from '../core/base.js';
import {copyable} from '../core/copy.js';
import {searchWhenEmptied} from '../core/fields.js';
import '../core/top-bar.js';
import {hasText, number, t} from '../core/i18n.js';
import {day, hourMinute, span} from '../core/time.js';
import {clearButton, emptyState, loadingState, pageLink} from '../core/states.js';
import {transcriptState} from './transcript.js';

const MEGABYTE = 1_000_000;
const POLL_MS = 2000;
const TRANSCRIPT_POLL_MS = 15_000;
const SHORT_SHA_CHARS = 12;
/**
 * The format of recordings: H.264 constrained baseline and Opus. Firefox takes H.264 from its system, if that has it.
 */
const FORMAT = 'video/mp4; codecs="avc1.42e01f, opus"';
const canPlay = () => document.createElement('video').canPlayType(FORMAT) !== '';

/** @param {Recording} recording */
const isInProgress = recording => [recording, ...recording.parts].some(({state}) => state === 'finishing' || state === 'recording');
/** @param {Part} part */
const hasFile = ({state, recomposable}) => state === 'ready' || (state === 'broken' && !recomposable);

/** Start the browser's own download, which can be resumed, by a click on a hidden link. @param {string} url */
function downloadFile(url) {
  const link = Object.assign(document.createElement('a'), {href: url, download: ''});
  document.body.append(link);
  link.click();
  link.remove();
}

/** @param {{bytes: number | null}} file */
const size = ({bytes}) => (bytes ? ` · ${number(bytes / MEGABYTE, {maximumFractionDigits: 1})} MB` : '');

/** Lists recordings, plays them and hands them over. */
class RecordingsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, standings: {state: true}, places: {state: true}, playing: {state: true}};

  constructor() {
    super();
    setTitle('recordings.title');
    /** @type {Recording[]} */
    this.list = [];
    /** The states of transcripts, by session. @type {Map<string, TranscriptStanding>} */
    this.standings = new Map();
    /** Where the text that is looked for was said; null while nothing is. @type {FoundInTranscript[] | null} */
    this.places = null;
    this.wanted = '';
    /** @type {{recording: Recording, url: string, from: number} | null} */
    this.playing = null;
    repeatWhileConnected(this, POLL_MS, () => this.list.some(isInProgress) && this.refresh(() => this.load()));
    repeatWhileConnected(this, TRANSCRIPT_POLL_MS, () => [...this.standings.values()].some(({state}) => state === 'waiting') && this.refresh(() => this.load()));
  }

  async load() {
    this.list = await recordings();
    const standings = await transcripts(this.sessions);
    this.standings = new Map(standings.map(standing => [standing.session, standing]));
  }

  /** The sessions of all recordings. */
  get sessions() {
    return this.list.map(({session}) => session);
  }

  /** Ask for a link bound to this person, then use it. @param {{id: string}} part @param {(url: string) => void} use */
  async withLink(part, use) {
    await this.attempt(async () => use((await recordingLink(part.id)).url));
  }

  /** Play a recording from a time on, in seconds. @param {Recording} recording @param {number} [from] */
  async play(recording, from = 0) {
    const player = this.querySelector('video');
    if (this.playing?.recording === recording && player) player.currentTime = from;
    else await this.withLink(recording, url => (this.playing = {recording, url, from}));
  }

  /** Find where a text was said, in all recordings that the user may play. @param {SubmitEvent} event */
  async search(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const wanted = String(new FormData(form).get('text')).trim();
    this.wanted = wanted;
    await this.attempt(async () => {
      const places = wanted ? await searchTranscripts(wanted, this.sessions) : null;
      if (this.wanted === wanted) this.places = places;
    }, form);
  }

  /** Leave the search, with its text. */
  stopSearch() {
    /** @type {HTMLFormElement | null} */ (this.querySelector('form[role=search]'))?.reset();
    [this.wanted, this.places] = ['', null];
  }

  /** @param {unknown} failure */
  onFailure(failure) {
    super.onFailure(failure);
    if (failure instanceof ProblemError && failure.status === 403) this.error = t('recordings.forbidden', this.error);
  }

  render() {
    return html`<top-bar .me=${this.me} current="recordings"></top-bar>
      <main>
        <h1>${t('recordings.title')}</h1>
        ${errorMessage(this.error)} ${this.loading ? loadingState() : html`${this.spoken()} ${this.rows()}`}
      </main>
      ${this.playing ? this.player(this.playing) : nothing}`;
  }

  /** Draw the search in what was said, where there are transcripts, and say why others will not have one. */
  spoken() {
    const states = new Set([...this.standings.values()].map(({state}) => state));
    return html`${states.has('off') ? html`<p class="soft" data-testid="transcripts-off">${t('transcript.off-page')}</p>` : nothing}
      ${states.has('ready') ? this.searchSpoken() : nothing}`;
  }

  /** Draw the search in what was said, and what it found. */
  searchSpoken() {
    return html`<form class="row filters" role="search" @submit=${this.search}>
        <input type="search" name="text" minlength="2" maxlength="100" data-testid="search-spoken" aria-label=${t('transcript.search-all')} placeholder=${t('transcript.search-all')} @input=${searchWhenEmptied}>
        <button data-testid="search-go">${icon('search')}<span>${t('transcript.find')}</span></button>
      </form>
      ${this.places ? this.found(this.places) : nothing}`;
  }

  /** @param {FoundInTranscript[]} places */
  found(places) {
    if (!places.length) return html`<div role="status">${emptyState({picture: 'search', title: t('transcript.nothing-found'), action: clearButton(() => this.stopSearch()), testid: 'spoken-none'})}</div>`;
    return html`<ul class="cards spoken" data-testid="spoken">${places.map(place => {
      const recording = this.list.find(({id}) => id === place.recording);
      return html`<li class="card" data-testid="spoken-in" data-id=${place.recording}>
        <h2>${place.title}</h2><p class="soft">${hourMinute(place.started)} ${day(place.started)} · ${t('transcript.found-in', place.count)}</p>
        <ol class="chapters">${place.utterances.map(
          each => html`<li><button type="button" class="quiet" data-testid="spoken-at" ?disabled=${!recording} @click=${() => recording && this.play(recording, each.start)}><time>${span(each.start)}</time><span><strong>${each.point}</strong> ${each.text}</span></button></li>`,
        )}</ol>
        ${place.count > place.utterances.length ? html`<p class="soft">${t('transcript.more', place.count - place.utterances.length)}</p>` : nothing}
      </li>`;
    })}</ul>`;
  }

  rows() {
    if (!this.list.length) return emptyState({picture: 'record', title: t('recordings.none'), action: pageLink('sessions')});
    return html`<ul class="cards">${repeat(this.list, ({id}) => id, recording => this.row(recording))}</ul>`;
  }

  /** @param {Recording} recording */
  row(recording) {
    const {parts} = recording;
    return html`<li class="card recording" data-testid="recording-row" data-id=${recording.id} data-session=${recording.session} data-state=${recording.state}>
      <div class="when">
        ${this.thumbnail(recording)}
        <strong data-testid="length">${this.length(recording)}</strong><span>${hourMinute(recording.started)} ${day(recording.started)}</span>
      </div>
      <div class="what">
        <h2>${recording.title}</h2>
        <p>${t('sessions.host', recording.host)} · ${parts.length > 1 ? t('recordings.joined', parts.length) : t('recordings.part', 1)}${size(recording)}</p>
        ${this.checksumButton(recording)}
      </div>
      ${this.state(recording)}
      ${recording.access === 'owner' || recording.access === 'granted' ? this.actions(recording) : this.requestButton(recording)}
      ${this.handover(recording)} ${this.chapterDetails(recording)} ${this.isolatedTracks(parts)} ${parts.length > 1 ? this.parts(parts) : nothing}
    </li>`;
  }

  /** @param {Recording} recording */
  actions(recording) {
    return html`<div class="acts">
        <button type="button" data-testid="play" ?disabled=${recording.state !== 'ready'} @click=${() => this.play(recording)}>${icon('play')}<span>${t('recordings.play')}</span></button>
        <button type="button" class="main" data-testid="download" ?disabled=${!hasFile(recording)} @click=${() => this.withLink(recording, downloadFile)}>${icon('download')}<span>${t('recordings.download')}</span></button>
      </div>`;
  }

  /**
   * Draw the button by which participants request the recording from the host (Điều 15.4).
   * @param {Recording} recording
   */
  requestButton(recording) {
    return html`<div class="acts">${recording.access === 'asked'
      ? html`<span class="badge lobby" data-testid="asked">${t('documents.asked')}</span>`
      : html`<p class="soft">${t('recordings.contact-host', recording.host)}</p>
          <button type="button" class="main" data-testid="ask" @click=${() => this.attempt(() => this.requestRecording(recording))}>${t('documents.ask')}</button>`}</div>`;
  }

  /** @param {Recording} recording */
  async requestRecording(recording) {
    await requestMaterial(recording.session, 'recording', '');
    await this.load();
  }

  /** Draw the state of the handover to the host (Điều 15.3). @param {Recording} recording */
  handover({session, sha256, handover}) {
    if (!handover) return nothing;
    const {standing, due, received, received_by: by, keep_until: until, may_receive: may} = handover;
    return html`<p class="handover" data-testid="handover" data-standing=${standing}>
      <span class="badge ${standing === 'overdue' ? 'cancelled' : standing === 'due' ? 'lobby' : 'open'}">${t(`handover.${standing}`)}</span>
      <span>${received ? t('handover.received-by', by, hourMinute(received), day(received)) : t('handover.due-at', hourMinute(due), day(due))}
        ${until && standing !== 'deleted' ? ` · ${t('handover.kept', day(until))}` : ''}</span>
      ${may && sha256 ? html`<button type="button" data-testid="receive" @click=${() => this.attempt(async () => { await receiveRecording(session, sha256); await this.load(); })}>${icon('check')}<span>${t('handover.confirm')}</span></button>` : nothing}
    </p>`;
  }

  /** @param {Part} part */
  thumbnail({thumbnail}) {
    return html`<div class="thumbnail">${thumbnail ? html`<img data-testid="thumbnail" src=${thumbnail} alt="" loading="lazy">` : icon('record')}</div>`;
  }

  /** @param {Part} part */
  length({seconds}) {
    return seconds === null ? '–:–' : span(seconds);
  }

  /** Draw the state of a file, and of the transcript of the session if it is the whole one. @param {Part} part */
  state({id, state, reason, failure, recomposable, composing, wait}) {
    const standing = [...this.standings.values()].find(({recording}) => recording === id);
    const reasons = [...new Set([reason, failure])].filter(word => word && hasText(`reason.${word}`));
    return html`<div class="state">
      <span class="badge rec-${state}" data-testid="state">${t(`recording.${state}`)}</span>
      ${composing ? this.composing(composing) : nothing}
      ${wait ? this.wait(wait) : nothing}
      ${transcriptState(standing)}
      ${reasons.map(word => html`<small data-testid="reason">${t(`reason.${word}`)}</small>`)}
      ${recomposable ? this.composeAgainButton(id) : nothing}
    </div>`;
  }

  /** Draw the button by which a recording is composed again that could not be. @param {string} id */
  composeAgainButton(id) {
    return html`<small>${t('recordings.tracks-kept')}</small>
      <button type="button" data-testid="compose-again" @click=${() => this.attempt(async () => { await composeAgain(id); await this.load(); })}>${icon('record')}<span>${t('recordings.compose-again')}</span></button>`;
  }

  /** Draw how much of a recording is composed, and when it will be ready. @param {Composing} composing */
  composing({percent, ready}) {
    const text = percent ? t('recordings.composing', percent) : t('recordings.waits');
    return html`<progress max="100" value=${percent} aria-label=${text}></progress>
      <small data-testid="composing" data-percent=${percent}>${text}${ready ? ` · ${t('recordings.ready-at', `${hourMinute(ready)} ${day(ready)}`)}` : nothing}</small>`;
  }

  /** Say what holds up the work on a file, and since when. @param {Wait} wait */
  wait({reason, since, free}) {
    const time = `${hourMinute(since)} ${day(since)}`;
    const text = reason === 'busy' ? t('recordings.wait-busy', time) : t('recordings.wait-disk', number((free ?? 0) / MEGABYTE, {maximumFractionDigits: 0}), time);
    return html`<small data-testid="wait" data-reason=${reason}>${text}</small>`;
  }

  /** @param {{sha256: string | null}} file */
  checksumButton({sha256}) {
    if (!sha256) return nothing;
    return copyable(sha256, {shown: t('recordings.sha', `${sha256.slice(0, SHORT_SHA_CHARS)}…`), testid: 'sha'});
  }

  /** @param {Part[]} parts */
  parts(parts) {
    return html`<details ?open=${parts.some(({recomposable}) => recomposable)}>
      <summary>${t('recordings.parts')}</summary>
      <p class="soft">${t('recordings.joined-hint')}</p>
      <ul class="parts">${parts.map(
        part => html`<li data-testid="part" data-part=${part.part} data-state=${part.state}>
          <strong>${t('recordings.part', part.part)}</strong><span>${hourMinute(part.started)} · ${this.length(part)}${size(part)}</span>${this.state(part)}${this.checksumButton(part)}
          <button type="button" data-testid="download-part" ?disabled=${!hasFile(part)} @click=${() => this.withLink(part, downloadFile)}>${icon('download')}<span>${t('recordings.download')}</span></button>
        </li>`,
      )}</ul>
    </details>`;
  }

  /** @param {Recording} recording */
  chapterDetails(recording) {
    if (!recording.chapters.length) return nothing;
    return html`<details>
      <summary data-testid="chapters-fold">${t('recordings.chapters', recording.chapters.length)}</summary>
      ${this.chapters(recording)}
    </details>`;
  }

  /** Draw the isolated tracks of points, each with its part when there are several. @param {Part[]} parts */
  isolatedTracks(parts) {
    const found = parts.flatMap(({part, solos}) => solos.map(solo => ({...solo, part})));
    if (!found.length) return nothing;
    return html`<details>
      <summary data-testid="solos-fold">${t('recordings.solos', found.length)}</summary>
      <p class="soft">${t('recordings.solos-hint')}</p>
      <ul class="parts">${found.map(
        solo => html`<li data-testid="solo" data-part=${solo.part}>
          <strong>${solo.name}</strong><span>${parts.length > 1 ? `${t('recordings.part', solo.part)} · ` : ''}${span(solo.seconds)}${size(solo)}</span>${this.checksumButton(solo)}
          <button type="button" data-testid="download-solo" @click=${() => this.withLink(solo, downloadFile)}>${icon('download')}<span>${t('recordings.download')}</span></button>
        </li>`,
      )}</ul>
    </details>`;
  }

  /** @param {Recording} recording */
  chapters(recording) {
    return html`<ol class="chapters">${recording.chapters.map(
      ({seconds, title: text}) => html`<li><button type="button" class="quiet" data-testid="chapter" data-seconds=${seconds} @click=${() => this.play(recording, seconds)}>
        <time>${span(seconds)}</time><span>${text}</span></button></li>`,
    )}</ol>`;
  }

  /** @param {{recording: Recording, url: string, from: number}} playing */
  player({recording, url, from}) {
    const film = html`<video data-testid="player" src=${url} controls autoplay playsinline
      @loadedmetadata=${(/** @type {any} */ {target}) => (target.currentTime = from)}></video>`;
    return html`<dialog class="wide player" aria-labelledby="playing" @close=${() => (this.playing = null)}>
      <div class="row between">
        <h2 id="playing">${recording.title}</h2>
        <form method="dialog"><button class="quiet" data-testid="close">${icon('cross')}<span>${t('app.close')}</span></button></form>
      </div>
      <div class="beside">
        <div>${canPlay() ? film : this.unplayable(url)} ${canPlay() && recording.chapters.length ? this.chapters(recording) : nothing}</div>
        <recording-transcript .recording=${recording.id} .wanted=${this.places ? this.wanted : ''} @seek=${(/** @type {CustomEvent} */ {detail}) => this.play(recording, detail)}></recording-transcript>
      </div>
    </dialog>`;
  }

  /** @param {string} url */
  unplayable(url) {
    return html`${errorMessage(t('recordings.no-codec'), 'no-codec')}
      <button type="button" class="main" data-testid="download-instead" @click=${() => downloadFile(url)}>${icon('download')}<span>${t('recordings.download')}</span></button>`;
  }
}

customElements.define('recordings-page', RecordingsPage);
