// Element `tile-video`: the video of one tile.

const AGAIN_MS = 1000;

/** Plays a stream. When another one comes, the last frame of the one before stays until the new one has a frame. */
export class TileVideo extends HTMLElement {
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
    Object.assign(video, {muted: true, playsInline: true, autoplay: true, srcObject: stream});
    video.addEventListener('loadeddata', () => {
      for (const old of before) old.remove();
    });
    // A telephone call stops it, for one: on with it when that is over.
    video.addEventListener('pause', () => stream === this.#stream && window.setTimeout(() => stream === this.#stream && this.isConnected && video.play().catch(() => undefined), AGAIN_MS));
    return video;
  }
}

customElements.define('tile-video', TileVideo);
