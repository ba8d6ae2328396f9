// Idempotency keys (draft-ietf-httpapi-idempotency-key-header): one for each request until the server has responded,
// for api.js.

const STORED = 'idempotency-keys';
/** How long the server keeps a key. */
const LASTS_MS = 86_400_000;
const MAX_KEYS = 100;
const RETRY_MS = 2000;
const MAX_TRIES = 15;

/** @typedef {{key: string, at: number}} Kept */

/** Stores the keys of requests without a response yet in the tab, by the SHA-256 of the request. */
export class IdempotencyKeys {
  /** @param {Pick<Storage, 'getItem' | 'setItem'>} storage @param {() => string} [make] @param {() => number} [now] */
  constructor(storage, make = () => crypto.randomUUID(), now = Date.now) {
    this.storage = storage;
    this.make = make;
    this.now = now;
  }

  /** @returns {Record<string, Kept>} */
  get stored() {
    const found = Object.entries(/** @type {Record<string, Kept>} */ (JSON.parse(this.storage.getItem(STORED) ?? '{}')));
    return Object.fromEntries(found.filter(([, {at}]) => this.now() - at < LASTS_MS).slice(-MAX_KEYS));
  }

  /** @param {Record<string, Kept>} kept */
  store(kept) {
    this.storage.setItem(STORED, JSON.stringify(kept));
  }

  /** Return the key of a request, a new one if it has none. @param {string} name */
  keyFor(name) {
    const kept = this.stored;
    const {key} = (kept[name] ??= {key: this.make(), at: this.now()});
    this.store(kept);
    return key;
  }

  /** Forget the key of a request: the next one like it is another. @param {string} name */
  release(name) {
    const {[name]: _, ...others} = this.stored;
    this.store(others);
  }
}

/** @param {string} request */
async function digest(request) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(request)));
  return [...sum].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Return whether the server still processes an earlier request with the same key. @param {Response} response */
async function isInProgress(response) {
  return response.status === 409 && (await response.clone().json()).type === 'urn:diemcau:in-progress';
}

/** @param {number} ms */
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * Send a request with its key, again while the server still processes it. A request that fails on the way, or by an
 * error of the server, keeps its key.
 * @param {IdempotencyKeys} keys
 * @param {string} request identifies the request
 * @param {(key: string) => Promise<Response>} post
 * @param {(ms: number) => Promise<unknown>} [pause]
 */
export async function sendWithKey(keys, request, post, pause = wait) {
  const name = await digest(request);
  for (let turn = 1; ; turn += 1) {
    const response = await post(keys.keyFor(name));
    const again = await isInProgress(response);
    if (!again && response.status < 500) keys.release(name);
    if (!again || turn === MAX_TRIES) return response;
    await pause(RETRY_MS);
  }
}

/** Shares the response of a request with all who send the same one meanwhile. @template T */
export class InFlightRequests {
  constructor() {
    /** @type {Map<string, Promise<T>>} */
    this.pending = new Map();
  }

  /** @param {string} request @param {() => Promise<T>} send @returns {Promise<T>} */
  share(request, send) {
    const known = this.pending.get(request);
    if (known) return known;
    const response = send().finally(() => this.pending.delete(request));
    this.pending.set(request, response);
    return response;
  }
}
