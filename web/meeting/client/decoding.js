// The rule by which a page gets smaller pictures, and then one picture, when its machine does not decode all in time. No DOM, no clock.

const WINDOW_MS = 2000;
const BEHIND = 0.2; // share of the pictures that came in this time and were not decoded; a change of layer costs less
const FEWEST = 20; // pictures in it: of fewer, a pause looks like a share
const WINDOWS = 2; // so many in a row, since a machine is busy for a moment now and then
const CALM_MS = 30_000;
const LONGEST_CALM_MS = 15 * 60_000;

/** What a page gets: pictures for the height of their places, for half of a usual one, or one composed picture. */
export const ALL = 0;
export const SMALLER = 1;
export const ONE_PICTURE = 2;

/** Watches whether a machine decodes what it receives. Times are in milliseconds of any steady clock. */
export class DecodingWatch {
  constructor() {
    /** What the page should get. */
    this.level = ALL;
    this.received = 0;
    this.decoded = 0;
    this.since = 0;
    /** Windows in a row in which decoding fell behind. */
    this.behind = 0;
    /** The last time at which it did, or at which the level changed. */
    this.lastTime = 0;
    /** For so long it must not fall behind before more is tried again; each failure doubles it. */
    this.calm = CALM_MS / 2;
  }

  /**
   * Take the pictures received and decoded since the last call; return whether the level changed.
   * @param {{received: number, decoded: number}} pictures
   * @param {number} now
   */
  update({received, decoded}, now) {
    this.since ||= now;
    this.received += received;
    this.decoded += decoded;
    if (now - this.since < WINDOW_MS) return false;
    const behind = this.received >= FEWEST && this.decoded < (1 - BEHIND) * this.received;
    this.received = this.decoded = 0;
    this.since = now;
    this.behind = behind ? this.behind + 1 : 0;
    if (behind) this.lastTime = now;
    if (this.behind === WINDOWS && this.level < ONE_PICTURE) return this.change(1, now);
    return this.level > ALL && now - this.lastTime >= this.calm && this.change(-1, now);
  }

  /** @param {1 | -1} by @param {number} now */
  change(by, now) {
    this.level += by;
    if (by > 0) this.calm = Math.min(LONGEST_CALM_MS, 2 * this.calm);
    this.behind = 0;
    this.lastTime = now;
    return true;
  }
}
