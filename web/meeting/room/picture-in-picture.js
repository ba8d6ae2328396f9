// The room's picture in a small window, while one works in another tab or window: Document Picture-in-Picture where the
// browser has it, else the picture-in-picture of one video. For room.js.

import {language} from '../../core/i18n.js';
import './picture-window.js';

const SIZE = {width: 480, height: 400};

/** @typedef {{requestWindow: (size: {width: number, height: number}) => Promise<Window>, window: Window | null}} DocumentPictureInPicture */

/** @returns {DocumentPictureInPicture | null} */
const documentWindows = () => /** @type {any} */ (globalThis).documentPictureInPicture ?? null;

/** Return whether this browser lets a page open a small window. */
export const canOpenWindow = () => Boolean(documentWindows() || document.pictureInPictureEnabled);

/** Return the video that stands for the meeting where one alone can: that of who speaks, the first one, or the one picture. */
function oneVideo() {
  const [speaks, first] = ['.tile[data-speaks=true] video', '.tile video'].map(selector => document.querySelector(selector));
  return /** @type {HTMLVideoElement | null} */ (speaks ?? first ?? document.querySelector('[data-testid=picture]'));
}

/** The small window of one meeting. */
export class PictureInPicture {
  /** @param {import('../client/meeting-client.js').MeetingClient} meeting */
  constructor(meeting) {
    this.meeting = meeting;
    // Chromium asks for it when one leaves a tab that uses camera or microphone.
    if (canOpenWindow()) this.#onAction('enterpictureinpicture', () => this.open());
    this.#onAction('togglemicrophone', () => meeting.toggleMic()); // the button in the window of one video
    meeting.addEventListener('change', () => this.#follow());
  }

  /** Open the small window, or close it. */
  async toggle() {
    const small = documentWindows()?.window;
    if (small) small.close();
    else if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await this.open();
  }

  /** Open the small window; rejects where the browser does not let us. */
  async open() {
    const windows = documentWindows();
    if (!windows) return void (await oneVideo()?.requestPictureInPicture());
    const {document: small} = await windows.requestWindow(SIZE);
    small.documentElement.lang = language;
    small.documentElement.dataset.theme = document.documentElement.dataset.theme;
    small.title = document.title;
    for (const sheet of document.querySelectorAll('link[rel=stylesheet]')) small.head.append(sheet.cloneNode());
    const view = /** @type {import('./picture-window.js').PictureWindow} */ (document.createElement('picture-window'));
    view.meeting = this.meeting;
    small.body.append(view);
    small.defaultView?.addEventListener('pagehide', () => view.remove(), {once: true});
  }

  /** Show the microphone's state where the browser draws it itself, and close the window with the meeting. */
  #follow() {
    const {mediaSession} = navigator;
    /** @type {any} */ (mediaSession)?.setMicrophoneActive?.(this.meeting.on.mic);
    if (this.meeting.over) documentWindows()?.window?.close();
  }

  /** @param {string} action @param {() => unknown} run */
  #onAction(action, run) {
    try {
      navigator.mediaSession?.setActionHandler(/** @type {any} */ (action), run);
    } catch {
      // a browser that does not know the action
    }
  }
}
