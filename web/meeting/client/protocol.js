// The client's side of the signaling WebSocket (docs/protocol.md), without DOM, for meeting-client.js: join, resume,
// requests with a `ref`, and reconnecting.
//
// idle ─start─> connecting ─joined─> joined ─socket lost─> lost ─backoff─> connecting
//                    ├─waiting─> waiting ─admitted─> joined
//                    └─refused─> refused            └─bye─> ended

const REPEATED = new Set(['media', 'one-picture', 'captions']); // joining sends them again
const FIRST_RETRY_MS = 250;
const RETRY_MS = 500; // another server leads on within some seconds, and is joined soon after
const LATE_RETRY_MS = 2000;
const EARLY_RETRIES = 20; // about ten seconds
const REPLY_MS = 8000;
const OPEN_MS = 3000; // of the first attempt to return, longer each time: a proxy may hold a connection that leads nowhere
const SILENT_MS = 4000; // the server pings every 4 s and drops a silent socket after 4 more; so do we
const QUEUED_MS = 10_000; // a message sent before joining is dropped after this time
const MAX_QUEUED = 20;
const MAX_FAILED_ATTEMPTS = 100; // the latest failed attempts, which `join` reports

/** Errors that may pass by themselves: joining is tried again. */
const PASSING = new Set(['unavailable', 'shutting-down', 'too-fast', 'media-restarting', 'no-answer', 'lost']);

/**
 * Errors that an accepted notice or a declaration lifts, with the field of `join` that carries it.
 * @type {Record<string, string>}
 */
const ACCEPTED_FIELDS = {notice: 'accepted', dedicated: 'dedicated'};

/**
 * Return the milliseconds to wait before an attempt to reconnect; `chance`, from 0 to 1, spreads the clients of a server
 * that is gone.
 * @param {number} failed attempts in a row @param {number} chance
 */
function retryDelay(failed, chance) {
  const wait = failed === 0 ? FIRST_RETRY_MS : failed < EARLY_RETRIES ? RETRY_MS : LATE_RETRY_MS;
  return wait * (0.5 + chance);
}

/** Thrown for an error message of the server (`word` as in docs/protocol.md), or for our own "lost" and "no-answer". */
export class ProtocolError extends Error {
  /** @param {Message} message */
  constructor(message) {
    super(message.text ?? message.error);
    this.word = /** @type {string} */ (message.error);
    this.facts = message;
  }
}

/**
 * @typedef {{addEventListener: (type: string, listener: (event: any) => void) => void, send: (text: string) => void, close: () => void}} Socket
 * @typedef {{getItem: (key: string) => string | null, setItem: (key: string, value: string) => void, removeItem: (key: string) => void}} Store
 */

/**
 * The signaling of one seat, over one socket at a time. Events: `status` after every change of `status`, `message`
 * (detail: a server message), `fault` (detail: a ProtocolError that belongs to no request),
 * `undelivered` (detail: a message of ours that could not be sent in time, or was sent to a dead socket).
 */
export class Protocol extends EventTarget {
  /**
   * `hello` is the first message, if it is not a `join` with the code.
   * @param {{code: string, hello?: Message, open: () => Socket, store: Store, delay?: (ms: number, run: () => void) => any, now?: () => number, random?: () => number}} options
   */
  constructor({code, hello = {type: 'join', code}, open, store, delay = (ms, run) => setTimeout(run, ms), now = Date.now, random = Math.random}) {
    super();
    this.code = code;
    this.hello = hello;
    this.open = open;
    this.store = store;
    this.delay = delay;
    this.now = now;
    this.random = random;
    /** @type {Socket | null} */
    this.socket = null;
    /** @type {Map<string, {resolve: (m: Message) => void, reject: (f: ProtocolError) => void}>} */
    this.pending = new Map();
    /** Messages to send once joined, oldest first. @type {Message[]} */
    this.queued = [];
    /** Messages sent since the server was last heard, oldest first. @type {Message[]} */
    this.unconfirmed = [];
    /** When the server was last heard, milliseconds. */
    this.heardAt = 0;
    /** When the present attempt to connect began, milliseconds. */
    this.connectingSince = 0;
    /** When attempts to reconnect failed, milliseconds. @type {number[]} */
    this.failedAttempts = [];
    /** @type {'idle' | 'connecting' | 'waiting' | 'joined' | 'lost' | 'refused' | 'ended'} */
    this.status = 'idle';
    /** Why it was refused or ended. @type {string} */
    this.reason = '';
    /** What a controller said when it removed this point. */
    this.farewell = '';
    /** @type {ProtocolError | null} */
    this.refusal = null;
    /** The name of the host that admits this seat from the waiting room. */
    this.host = '';
    this.attempt = 0;
    this.lastRef = 0;
  }

  get storageKey() {
    return `resume:${this.code}`;
  }

  /** Accept the notice, or make the declaration, that joining needs, and join. */
  accept() {
    this.store.setItem(`${ACCEPTED_FIELDS[this.reason]}:${this.code}`, 'yes');
    this.start();
  }

  /**
   * Return the fields of `join` for what was accepted and declared for this meeting.
   * @returns {Record<string, true>}
   */
  get acceptedFields() {
    return Object.fromEntries(Object.values(ACCEPTED_FIELDS).filter(field => this.store.getItem(`${field}:${this.code}`)).map(field => [field, true]));
  }

  /** Open a socket and join; also "try again now" after a loss or a refusal. */
  start() {
    if (['connecting', 'waiting', 'joined'].includes(this.status)) return;
    this.setStatus('connecting');
    this.connectingSince = this.now();
    const socket = this.open();
    this.socket = socket;
    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
      this.join(socket);
    });
    socket.addEventListener('message', ({data}) => socket === this.socket && this.onMessage(JSON.parse(data)));
    socket.addEventListener('close', () => socket === this.socket && this.onSocketLost());
    this.delay(this.attempt ? Math.min(REPLY_MS, OPEN_MS * this.attempt) : REPLY_MS, () => !opened && socket === this.socket && this.drop());
    this.scheduleLivenessCheck(socket);
  }

  /**
   * Ping the server after a silence: messages sent to a dead socket are lost without an error. It replies in order,
   * so it gets longer while it may be busy with our messages.
   * @param {Socket} socket
   */
  scheduleLivenessCheck(socket) {
    this.delay(SILENT_MS, () => {
      if (socket !== this.socket) return;
      const idle = !this.pending.size && this.now() - this.heardAt >= SILENT_MS;
      if (idle && (this.status === 'joined' || this.status === 'waiting')) this.sendRequest({type: 'ping'}, this.unconfirmed.length ? REPLY_MS : SILENT_MS).catch(() => undefined);
      this.scheduleLivenessCheck(socket);
    });
  }

  /** Send a message that has no direct reply, as soon as the meeting is joined. @param {Message} message */
  send(message) {
    if (this.status === 'joined') {
      this.socket?.send(JSON.stringify(message));
      this.unconfirmed.push(message);
    } else if (this.status === 'connecting' || this.status === 'lost') this.enqueue(message);
  }

  /** @param {Message} message */
  enqueue(message) {
    this.queued.push(message);
    if (this.queued.length > MAX_QUEUED) this.expire(this.queued[0]);
    this.delay(QUEUED_MS, () => this.expire(message));
  }

  /** @param {Message} message */
  expire(message) {
    if (!this.queued.includes(message)) return;
    this.queued = this.queued.filter(each => each !== message);
    this.emit('undelivered', message);
  }

  /** Send a message and wait for its direct reply. @param {Message} message @returns {Promise<Message>} */
  request(message) {
    if (this.status !== 'joined' && message.type !== this.hello.type) return Promise.reject(new ProtocolError({type: 'error', error: 'lost'}));
    return this.sendRequest(message, REPLY_MS);
  }

  /**
   * Send a command and wait until it was carried out; throws the ProtocolError that refuses it. Only some commands have
   * a direct reply, but the server replies in order: what it did not refuse before it answers a ping, it carried out.
   * @param {Message} command
   */
  async confirm(command) {
    const ref = String(this.lastRef + 1);
    const ended = this.request(command).then(message => this.emit('message', message));
    try {
      await Promise.race([ended, this.request({type: 'ping'})]);
    } finally {
      this.pending.delete(ref);
    }
  }

  /**
   * @param {Message} message
   * @param {number} limit milliseconds until the socket counts as dead
   * @returns {Promise<Message>}
   */
  sendRequest(message, limit) {
    const ref = String(++this.lastRef);
    return new Promise((resolve, reject) => {
      this.pending.set(ref, {resolve, reject});
      this.socket?.send(JSON.stringify({...message, ref}));
      this.delay(limit, () => this.onTimeout(ref));
    });
  }

  /** Leave for good: the seat is freed at once. */
  leave() {
    this.send({type: 'leave'});
    this.store.removeItem(this.storageKey);
    this.end('left');
  }

  /** Treat the socket as dead (no answer, network gone) and come back on a new one. */
  drop() {
    const socket = this.socket;
    if (!socket || this.status === 'ended' || this.status === 'refused') return;
    this.onSocketLost();
    socket.close();
  }

  /** @param {Socket} socket */
  async join(socket) {
    const resume = this.store.getItem(this.storageKey);
    try {
      const joined = await this.request({...this.hello, ...(resume && {resume}), ...this.acceptedFields, ...(resume && this.failedAttempts.length && {tried: this.failedAttemptAges()})});
      if (joined.type === 'waiting') return this.onWaiting(joined.host);
      this.store.setItem(this.storageKey, joined.resume);
      this.attempt = 0;
      this.failedAttempts = [];
      this.setStatus('joined');
      for (const message of this.queued.splice(0)) this.send(message);
      this.emit('message', joined);
    } catch (fault) {
      if (socket === this.socket) this.onRefused(/** @type {ProtocolError} */ (fault));
    }
  }

  /** Return how many seconds ago attempts to reconnect failed. */
  failedAttemptAges() {
    return this.failedAttempts.map(at => Math.max(0, Math.round((this.now() - at) / 1000))).filter(age => age <= 86_400);
  }

  /** Wait in the waiting room until the host admits this seat (`admitted`) or not (`bye`). @param {string} host */
  onWaiting(host) {
    this.host = host;
    this.attempt = 0;
    this.setStatus('waiting');
  }

  /** @param {ProtocolError} fault */
  onRefused(fault) {
    if (PASSING.has(fault.word)) {
      this.drop();
      return;
    }
    this.refusal = fault;
    this.reason = fault.word;
    this.closeSocket();
    this.setStatus('refused');
  }

  /** @param {Message} message */
  onMessage(message) {
    this.heardAt = this.now();
    this.unconfirmed = [];
    const isReply = message.ref && this.pending.get(message.ref);
    if (isReply) this.settle(/** @type {string} */ (message.ref), message);
    else if (message.type === 'error') this.emit('fault', new ProtocolError(message));
    else if (message.type === 'bye') this.onBye(message.reason, message.text);
    else if (message.type === 'admitted') this.join(/** @type {Socket} */ (this.socket));
    else this.emit('message', message);
  }

  /** @param {string} ref @param {Message} message */
  settle(ref, message) {
    const {resolve, reject} = /** @type {any} */ (this.pending.get(ref));
    this.pending.delete(ref);
    if (message.type === 'error') reject(new ProtocolError(message));
    else resolve(message);
  }

  /** @param {string} ref */
  onTimeout(ref) {
    if (!this.pending.has(ref)) return;
    this.settle(ref, {type: 'error', error: 'no-answer'});
    this.drop();
  }

  /** @param {string} reason @param {string} [text] */
  onBye(reason, text = '') {
    this.farewell = text;
    if (reason === 'shutdown') this.drop(); // the server restarts and keeps the seat
    else this.end(reason);
  }

  /** @param {string} reason */
  end(reason) {
    if (this.status === 'ended') return;
    this.reason = reason;
    this.closeSocket();
    this.setStatus('ended');
  }

  onSocketLost() {
    this.socket = null;
    this.rejectPending();
    for (const message of this.unconfirmed.splice(0)) if (!REPEATED.has(message.type)) this.emit('undelivered', message);
    const wait = retryDelay(this.attempt, this.random());
    this.attempt += 1;
    if (this.status === 'connecting' && this.hello.type === 'join') this.failedAttempts = [...this.failedAttempts, this.connectingSince].slice(-MAX_FAILED_ATTEMPTS);
    this.setStatus('lost');
    this.delay(wait, () => this.status === 'lost' && this.start());
  }

  closeSocket() {
    const socket = this.socket;
    this.socket = null;
    this.queued = [];
    this.unconfirmed = [];
    this.rejectPending();
    socket?.close();
  }

  rejectPending() {
    for (const ref of [...this.pending.keys()]) this.settle(ref, {type: 'error', error: 'lost'});
  }

  /** @param {Protocol['status']} status */
  setStatus(status) {
    this.status = status;
    this.emit('status', status);
  }

  /** @param {string} type @param {any} detail */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
