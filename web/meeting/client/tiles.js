// Rules of the layout that a page draws itself out of forwarded cameras: what a tile shows, where, and in which order.
// No DOM. Other viewers get the same layout composed, out of the same data (mediaserver/video/painter.py).

const MIXING_MS = 20; // of mixing and of the loudspeaker
/** The icons of who has the floor and is or may at once be heard. @type {Set<TileIcon>} */
const HEARD = new Set(['floor', 'mic', 'sound']);
const CONTENT = 'content:';

/**
 * Return the arrangement that a `tiles` message brings; null when one picture comes instead.
 * @param {Message} message
 * @returns {Tiles | null}
 */
export const arrangement = ({tiles, width, height, heading, title, clock}) => (tiles.length ? {tiles, width, height, heading, title, clock} : null);

/**
 * Return each tile under a key of its own, which a camera keeps wherever it stands.
 * @param {ForwardedTile[]} tiles
 * @returns {Map<string, ForwardedTile>}
 */
export function keyed(tiles) {
  const found = new Map();
  for (const tile of tiles) {
    const name = tile.tile || 'empty';
    let key = name;
    for (let number = 2; found.has(key); number++) key = `${name}.${number}`;
    found.set(key, tile);
  }
  return found;
}

/**
 * Return keys in the order of their elements: an element that stays is not moved, since a moved video stops.
 * @param {string[]} before
 * @param {Iterable<string>} keys
 */
export function elementOrder(before, keys) {
  const wanted = new Set(keys);
  const kept = before.filter(key => wanted.has(key));
  const known = new Set(kept);
  return [...kept, ...[...wanted].filter(key => !known.has(key))];
}

/**
 * Return the tiles whose video is not on the page yet: they are shown once it has a frame, all at once.
 * @param {Map<string, ForwardedTile>} next
 * @param {Map<string, ForwardedTile>} shown
 */
export const coming = (next, shown) => new Map([...next].filter(([key]) => !shown.has(key)));

/**
 * Return whether a frame belongs to the camera that begins in its m-line `since` an RTP timestamp (RFC 3550: modulo
 * 2^32); a frame of our own camera has none.
 * @param {number | null} since
 * @param {number | undefined} timestamp
 */
export const begun = (since, timestamp) => since === null || timestamp === undefined || (timestamp - since) >>> 0 < 2 ** 31;

/**
 * Return by how many milliseconds the video of each m-line is played late, so that lips are as late as the voice in the mix; browsers do that for one video only.
 * @param {ForwardedTile[]} tiles
 * @param {number} sound by how much the mix is
 * @returns {Map<string, number>}
 */
export const playoutDelays = (tiles, sound) => new Map(tiles.flatMap(({mid, icons, delay}) => (mid === null ? [] : [[mid, icons.some(icon => HEARD.has(icon)) ? sound + delay + MIXING_MS : 0]])));

/** Return the seat whose camera a tile shows; null for a shared screen and an empty pane. @param {ForwardedTile} tile */
export const seatOf = ({tile}) => (tile && !tile.startsWith(CONTENT) ? tile : null);

/**
 * Return where a tile's video comes from: an m-line, this seat's own camera or screen, or nowhere (null).
 * @param {ForwardedTile} tile
 * @param {string} me this client's seat
 * @returns {{mid: string} | 'camera' | 'content' | null}
 */
export function videoOf({tile, mid}, me) {
  if (mid !== null) return {mid};
  if (tile === me) return 'camera';
  return tile === CONTENT + me ? 'content' : null;
}

/**
 * Return the view in which a tile is alone, as the `view` message names it; null when there is none.
 * @param {ForwardedTile} tile
 * @param {Seat[]} seats
 */
export function viewOf({tile}, seats) {
  if (tile.startsWith(CONTENT)) return 'content';
  return seats.some(({seat, here, camera}) => seat === tile && here && camera) ? `camera:${tile}` : null;
}

/**
 * Return where a tile stands, in percents of the picture.
 * @param {{x: number, y: number, width: number, height: number}} tile
 * @param {{width: number, height: number}} picture
 */
export function placed({x, y, width, height}, picture) {
  const [across, down] = [100 / picture.width, 100 / picture.height];
  return {left: x * across, top: y * down, width: width * across, height: height * down};
}
