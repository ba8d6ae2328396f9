import assert from 'node:assert/strict';
import {test} from 'node:test';

/** A video as far as a tile needs one. */
class Video extends EventTarget {
  paused = false;
  pause() {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
  remove() {
    this.parent.videos = this.parent.videos.filter(video => video !== this);
  }
}

class Element extends EventTarget {
  videos = [];
  isConnected = true;
  append(video) {
    video.parent = this;
    this.videos.push(video);
  }
  querySelector() {
    return this.videos[0] ?? null;
  }
  querySelectorAll() {
    return this.videos;
  }
}

const registry = new Map();
const later = [];
Object.assign(globalThis, {
  HTMLElement: Element,
  customElements: {define: (name, element) => registry.set(name, element)},
  document: {createElement: () => new Video()},
  window: {setTimeout: run => later.push(run)},
});
await import('../../../meeting/room/tile-video.js');
const TileVideo = registry.get('tile-video');

const loaded = video => video.dispatchEvent(new Event('loadeddata'));

test('a stream that stays keeps its element', () => {
  const tile = new TileVideo();
  const stream = {};
  tile.stream = stream;
  const [video] = tile.videos;
  assert.deepEqual([video.srcObject, video.muted, video.playsInline, video.autoplay], [stream, true, true, true]);
  tile.stream = stream;
  assert.deepEqual(tile.videos, [video]);
});

test('the last frame stays, and stands still, until the next stream has one', () => {
  const tile = new TileVideo();
  tile.stream = {};
  const [first] = tile.videos;
  loaded(first);
  tile.stream = {};
  const [, second] = tile.videos;
  assert.deepEqual([tile.videos, first.paused, second.paused, later.length], [[first, second], true, false, 0]);
  loaded(second);
  assert.deepEqual(tile.videos, [second]);
});

test('a tile without a stream has no video, and one that left the page plays nothing', () => {
  const tile = new TileVideo();
  tile.stream = {};
  tile.stream = null;
  assert.deepEqual(tile.videos, []);
  const stream = {};
  tile.stream = stream;
  const [video] = tile.videos;
  tile.disconnectedCallback();
  assert.deepEqual([tile.videos, video.srcObject], [[], null]);
  tile.connectedCallback();
  assert.equal(tile.videos[0].srcObject, stream);
});

test('a video that something else stopped goes on', () => {
  const tile = new TileVideo();
  tile.stream = {};
  tile.videos[0].pause();
  assert.equal(later.length, 1);
});
