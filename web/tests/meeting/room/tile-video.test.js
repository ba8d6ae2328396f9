import assert from 'node:assert/strict';
import {test} from 'node:test';

/** A video as far as a tile needs one. */
class Video extends EventTarget {
  paused = false;
  className = '';
  classList = {
    remove: () => (this.className = ''),
    contains: name => this.className === name,
  };
  requestVideoFrameCallback(look) {
    this.look = look;
  }
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
  get lastElementChild() {
    return this.videos.at(-1) ?? null;
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

const shows = (video, rtpTimestamp) => video.look(0, {rtpTimestamp});

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
  shows(first);
  tile.stream = {};
  const [, second] = tile.videos;
  assert.deepEqual([tile.videos, first.paused, second.paused, later.length], [[first, second], true, false, 0]);
  shows(second);
  assert.deepEqual(tile.videos, [second]);
});

test('a frame from before its camera is not shown', () => {
  const tile = new TileVideo();
  let frames = 0;
  tile.addEventListener('frame', () => frames++);
  assert.equal(tile.ready, true, 'nothing to wait for');
  Object.assign(tile, {since: 90000, stream: {}});
  const [video] = tile.videos;
  assert.deepEqual([tile.ready, video.className], [false, 'waits']);
  shows(video, 89999);
  assert.deepEqual([tile.ready, frames], [false, 0]);
  shows(video, 90000);
  assert.deepEqual([tile.ready, video.className, frames], [true, '', 1]);
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
