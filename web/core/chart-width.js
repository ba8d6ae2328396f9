// How wide a chart is drawn: as wide as its element, one unit of the drawing for one CSS pixel, so that letters keep
// their size. For capacity-chart.js and month-chart.js.

/** Tells an element, which must be a block, its width and draws it again where that changes. */
export class ChartWidth {
  /** @param {import('../vendor/lit.js').LitElement} host */
  constructor(host) {
    this.host = host;
    /** CSS pixels; 0 until it is known. */
    this.width = 0;
    // In the next frame: what is drawn anew may change the height, of which the observer would hear at once, and complain.
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.measure()));
    host.addController(this);
  }

  hostConnected() {
    this.observer.observe(this.host);
  }

  hostDisconnected() {
    this.observer.disconnect();
  }

  measure() {
    const width = this.host.clientWidth;
    if (!width || width === this.width) return;
    this.width = width;
    this.host.requestUpdate();
  }
}
