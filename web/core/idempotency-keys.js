// Idempotency keys (draft-ietf-httpapi-idempotency-key-header): one for each thing a person asks for, until the server has answered it.
// Whoever taps again, or asks again after an answer was lost or the page was reloaded, asks under the same key, and it is carried out once.

const STORED = 'idempotency-keys';
/** How long the server keeps a key. */
const LASTS_MS = 86_400_000;
const MOST = 100;
const AGAIN_MS = 2000;
const TURNS = 15;

/** @typedef {{key: string, at: number}} Kept */

/** The keys of what was not answered yet, kept in the tab by the SHA-256 of the request. */
export class Keys {
  /** @param {Pick<Storage, 'getItem' | 'setItem'>} storage @param {() => string} [make] @param {() => number} [now] */
  constructor(storage, make = () => crypto.randomUUID(), now = Date.now) {
    this.storage = storage;
    this.make = make;
    this.now = now;
  }

  /** @returns {Record<string, Kept>} */
  get kept() {
    const found = Object.entries(/** @type {Record<string, Kept>} */ (JSON.parse(this.storage.getItem(STORED) ?? '{}')));
    return Object.fromEntries(found.filter(([, {at}]) => this.now() - at < LASTS_MS).slice(-MOST));
  }

  /** @param {Record<string, Kept>} kept */
  keep(kept) {
    this.storage.setItem(STORED, JSON.stringify(kept));
  }

  /** The key of a request. @param {string} name */
  of(name) {
    const kept = this.kept;
    const {key} = (kept[name] ??= {key: this.make(), at: this.now()});
    this.keep(kept);
    return key;
  }

  /** The next request like this one is another. @param {string} name */
  answered(name) {
    const {[name]: _, ...others} = this.kept;
    this.keep(others);
  }
}

/** @param {string} request */
async function digest(request) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(request)));
  return [...sum].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether the server is still at an earlier request under the key. @param {Response} response */
async function busy(response) {
  return response.status === 409 && (await response.clone().json()).type === 'urn:diemcau:in-progress';
}

/** @param {number} ms */
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * Send a request under its key, and again while the server is at it. What fails on the way, or by a fault of the server, keeps its key.
 * @param {Keys} keys @param {string} request what tells it from others @param {(key: string) => Promise<Response>} post @param {(ms: number) => Promise<unknown>} [pause]
 */
export async function underKey(keys, request, post, pause = wait) {
  const name = await digest(request);
  for (let turn = 1; ; turn += 1) {
    const response = await post(keys.of(name));
    const again = await busy(response);
    if (!again && response.status < 500) keys.answered(name);
    if (!again || turn === TURNS) return response;
    await pause(AGAIN_MS);
  }
}

/** Let who asks for the same while it is being asked for have the same answer. @template T */
export class Together {
  constructor() {
    /** @type {Map<string, Promise<T>>} */
    this.asked = new Map();
  }

  /** @param {string} request @param {() => Promise<T>} ask @returns {Promise<T>} */
  once(request, ask) {
    const known = this.asked.get(request);
    if (known) return known;
    const answer = ask().finally(() => this.asked.delete(request));
    this.asked.set(request, answer);
    return answer;
  }
}
