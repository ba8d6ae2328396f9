// Rules of the layout that a page draws itself out of forwarded cameras: what a tile shows, in which order, and what
// of its name fits. No DOM. Other viewers get the same layout composed (mediaserver/video/canvas.py, labels.py), so
// the measures are those of the composed picture.

const SMALLEST_PX = 13; // letters, in pixels of the composed picture
const LEGIBLE = 34; // letters of a 34th of the picture's height can be read across a meeting room
const PADDING = 0.45; // beside a name, as a share of its letters
const SEPARATOR = ' · '; // between a registered name and its meaning
const NUMBER = /\.\d{2}$/; // of a point's device: without it two of them look alike
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
 * Return the size of a name's letters in pixels: legible in the whole picture, but small enough for the tile.
 * @param {number} height the tile's
 * @param {number} whole the picture's
 */
export function letters(height, whole) {
  const legible = Math.ceil(whole / LEGIBLE);
  return Math.max(SMALLEST_PX, Math.min(Math.max(Math.floor(height / 16), legible), Math.floor(height / 6)));
}

/**
 * Return the size of the letters in the middle of a card, in pixels.
 * @param {number} height the tile's
 * @param {number} whole the picture's
 */
export const cardLetters = (height, whole) => Math.max(letters(height, whole), Math.floor(height / 9));

/**
 * Return the width in pixels that is left for a name in letters of `size` pixels behind so many icons.
 * @param {number} width the tile's
 * @param {number} size
 * @param {number} icons
 */
export function room(width, size, icons) {
  const taken = icons ? icons * size + size / 2 : 0;
  return width - taken - 2 * PADDING * size;
}

/**
 * Return the whole name, else the part before its separator, else that with an ellipsis; a device's number stays.
 * @param {string} name
 * @param {number} most pixels
 * @param {(text: string) => number} measure
 */
export function fitting(name, most, measure) {
  const [short] = name.split(SEPARATOR);
  for (const whole of [name, short]) if (measure(whole) <= most) return whole;
  const number = NUMBER.exec(short)?.[0] ?? '';
  const head = [...short.slice(0, short.length - number.length)];
  while (head.length > 1 && measure(`${head.join('')}…${number}`) > most) {
    head.pop();
    while (head.length > 1 && ' .'.includes(head[head.length - 1])) head.pop();
  }
  return `${head.join('')}…${number}`;
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
