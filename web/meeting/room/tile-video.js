// Element `tile-video`: the video of one tile. Fires `frame` when another stream has its first one.

import {begun} from '../client/tiles.js';

const AGAIN_MS = 1000;

/** Plays a stream. When another one comes, the last frame of the one before stays until the new one has a frame. */
export class TileVideo extends HTMLElement {
  /** The RTP timestamp with which the stream's camera begins: frames before it are of another one. @type {number | null} */
  since = null;
  /** @type {MediaStream | null} */
  #stream = null;

  connectedCallback() {
    if (this.#stream && !this.querySelector('video')) this.append(this.#play(this.#stream, []));
  }

  /** Let the stream go: nobody sees it any longer. */
  disconnectedCallback() {
    for (const video of this.querySelectorAll('video')) {
      video.srcObject = null;
      video.remove();
    }
  }

  /** Return whether there is something to see, or nothing to wait for. */
  get ready() {
    return !this.lastElementChild?.classList.contains('waits');
  }

  get stream() {
    return this.#stream;
  }

  /** @param {MediaStream | null} stream */
  set stream(stream) {
    if (stream === this.#stream) return;
    this.#stream = stream;
    const before = [...this.querySelectorAll('video')];
    for (const video of before) video.pause(); // by now it may carry somebody else
    if (stream) this.append(this.#play(stream, before));
    else for (const video of before) video.remove();
  }

  /**
   * @param {MediaStream} stream
   * @param {HTMLVideoElement[]} before
   */
  #play(stream, before) {
    const video = document.createElement('video');
    Object.assign(video, {muted: true, playsInline: true, autoplay: true, srcObject: stream, className: 'waits'});
    const show = () => {
      video.classList.remove('waits');
      for (const old of before) old.remove();
      this.dispatchEvent(new Event('frame', {bubbles: true}));
    };
    // Firefox begins with the last frame of the m-line, which may be of another camera.
    const look = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ {rtpTimestamp}) => (begun(this.since, rtpTimestamp) ? show() : video.requestVideoFrameCallback(look));
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(look);
    else /** @type {HTMLVideoElement} */ (video).addEventListener('loadeddata', show);
    // A telephone call stops it, for one: on with it when that is over.
    video.addEventListener('pause', () => stream === this.#stream && window.setTimeout(() => stream === this.#stream && this.isConnected && video.play().catch(() => undefined), AGAIN_MS));
    return video;
  }
}

customElements.define('tile-video', TileVideo);
