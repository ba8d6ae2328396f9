import {html, nothing, repeat} from '../vendor/lit.js';
import {Refusal, recordingLink, recordings, told} from '../api.js';
import {alertLine, icon, Page, title} from '../elements/base.js';
import '../elements/top-bar.js';
import {number, t} from '../i18n.js';
import {day, hourMinute, span} from '../time.js';

const MEGABYTE = 1_000_000;

/** A click on a link that nobody sees: the browser's own download, which can be resumed. @param {string} url */
function fetchFile(url) {
  const link = Object.assign(document.createElement('a'), {href: url, download: ''});
  document.body.append(link);
  link.click();
  link.remove();
}

class RecordingsPage extends Page {
  static properties = {...Page.properties, list: {state: true}, playing: {state: true}};

  constructor() {
    super();
    title('recordings.title');
    /** @type {Recording[]} */
    this.list = [];
    /** @type {{recording: Recording, url: string} | null} */
    this.playing = null;
  }

  async load() {
    const found = await recordings();
    this.list = found.sort((a, b) => b.started.localeCompare(a.started));
  }

  /** Ask for a link bound to this person, then use it. @param {Recording} recording @param {(url: string) => void} use */
  async withLink(recording, use) {
    await this.attempt(async () => use((await recordingLink(recording.id)).url));
  }

  /** @param {() => Promise<void>} run */
  async attempt(run) {
    await super.attempt(async () => {
      try {
        await run();
      } catch (failure) {
        if (!(failure instanceof Refusal) || failure.status !== 403) throw failure;
        this.error = t('recordings.forbidden', told(failure));
      }
    });
  }

  updated() {
    const dialog = this.querySelector('dialog');
    if (this.playing && !dialog?.open) dialog?.showModal();
  }

  render() {
    return html`<top-bar .me=${this.me} current="recordings"></top-bar>
      <main>
        <h1>${t('recordings.title')}</h1>
        ${alertLine(this.error)} ${this.loading ? html`<p class="empty" role="status">${t('app.loading')}</p>` : this.rows()}
      </main>
      ${this.playing ? this.player(this.playing) : nothing}`;
  }

  rows() {
    if (!this.list.length) return html`<p class="empty">${t('recordings.none')}</p>`;
    return html`<ul class="cards">${repeat(this.list, ({id}) => id, recording => this.row(recording))}</ul>`;
  }

  /** @param {Recording} recording */
  row(recording) {
    const size = number(recording.bytes / MEGABYTE, {maximumFractionDigits: 1});
    return html`<li class="card recording" data-testid="recording-row" data-id=${recording.id} data-session=${recording.session}>
      <div class="when"><strong>${span(recording.seconds)}</strong><span>${hourMinute(recording.started)} ${day(recording.started)}</span></div>
      <div class="what">
        <h2>${recording.title}</h2>
        <p>${t('sessions.host', recording.host)} · ${t('recordings.part', recording.part)} · ${size} MB</p>
      </div>
      <div class="state"><span class="badge ${recording.state}">${t(`recording.${recording.state}`)}</span></div>
      <div class="acts">
        <button type="button" data-testid="play" @click=${() => this.withLink(recording, url => (this.playing = {recording, url}))}>${icon('play')}<span>${t('recordings.play')}</span></button>
        <button type="button" class="main" data-testid="download" @click=${() => this.withLink(recording, fetchFile)}>${icon('download')}<span>${t('recordings.download')}</span></button>
      </div>
    </li>`;
  }

  /** @param {{recording: Recording, url: string}} playing */
  player({recording, url}) {
    return html`<dialog class="wide" aria-labelledby="playing" @close=${() => (this.playing = null)}>
      <div class="row between">
        <h2 id="playing">${recording.title}</h2>
        <form method="dialog"><button class="quiet" data-testid="close">${icon('cross')}<span>${t('app.close')}</span></button></form>
      </div>
      <video data-testid="player" src=${url} controls autoplay playsinline></video>
    </dialog>`;
  }
}

customElements.define('recordings-page', RecordingsPage);
