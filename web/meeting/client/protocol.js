// The meeting's WebSocket without any DOM: join, resume, refs, and coming back after a loss. See docs/protocol.md.
//
// idle ─start─> connecting ─joined─> joined ─socket lost─> lost ─backoff─> connecting
//                    ├─waiting─> waiting ─admitted─> joined
//                    └─refused─> refused            └─bye─> ended

const BACKOFF_MS = [250, 500, 750, 1000, 1000, 2000]; // a server that is back must be obeyed within 3 s
const ANSWER_MS = 8000;
const SILENT_MS = 4000; // the server pings every 4 s and drops a silent socket after 4 more; so do we
const KEEP_MS = 10_000; // what was said without a meeting is still meant so long
const KEPT = 20;
const TRIES = 100; // the latest tries to come back that are told

/** Refusals that time alone may lift: we try again by ourselves. */
const PASSING = new Set(['unavailable', 'shutting-down', 'too-fast', 'media-restarting', 'no-answer', 'lost']);

/** What joining may be refused for want of, and the field of `join` that says it. @type {Record<string, string>} */
const SAID = {notice: 'accepted', dedicated: 'dedicated'};

/** A fault said by the server (`word` as in docs/protocol.md), or "lost" / "no-answer" said by ourselves. */
export class Fault extends Error {
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
 * Events: `status` after every change of `status`, `message` (detail: a server message), `fault` (detail: Fault without a ref),
 * `unsaid` (detail: a message of ours that could not be said in time, or to a line that was dead).
 */
export class Protocol extends EventTarget {
  /** `hello` is what we enter with, if not a code. @param {{code: string, hello?: Message, open: () => Socket, store: Store, delay?: (ms: number, run: () => void) => any, now?: () => number}} given */
  constructor({code, hello = {type: 'join', code}, open, store, delay = (ms, run) => setTimeout(run, ms), now = Date.now}) {
    super();
    // given
    this.code = code;
    this.hello = hello;
    this.open = open;
    this.store = store;
    this.delay = delay;
    this.now = now;
    // owned
    /** @type {Socket | null} */
    this.socket = null;
    /** @type {Map<string, {resolve: (m: Message) => void, reject: (f: Fault) => void}>} */
    this.pending = new Map();
    /** Said while there was no meeting, oldest first. @type {Message[]} */
    this.kept = [];
    /** Said since we heard something, oldest first. @type {Message[]} */
    this.unheard = [];
    /** When we heard something, milliseconds. */
    this.heardAt = 0;
    /** When we began to connect, milliseconds. */
    this.begun = 0;
    /** When we tried in vain to come back, milliseconds. @type {number[]} */
    this.tried = [];
    /** @type {'idle' | 'connecting' | 'waiting' | 'joined' | 'lost' | 'refused' | 'ended'} */
    this.status = 'idle';
    /** Why it was refused or ended. @type {string} */
    this.reason = '';
    /** @type {Fault | null} */
    this.refusal = null;
    /** The host that is to let us in. */
    this.host = '';
    // counters
    this.attempt = 0;
    this.lastRef = 0;
  }

  get key() {
    return `resume:${this.code}`;
  }

  /** Say what joining was refused for want of, and join. */
  accept() {
    this.store.setItem(`${SAID[this.reason]}:${this.code}`, 'yes');
    this.start();
  }

  /** What was accepted and declared for this meeting, as `join` says it. @returns {Record<string, true>} */
  get said() {
    return Object.fromEntries(Object.values(SAID).filter(field => this.store.getItem(`${field}:${this.code}`)).map(field => [field, true]));
  }

  /** Open a socket and join; also "try again now" after a loss or a refusal. */
  start() {
    if (['connecting', 'waiting', 'joined'].includes(this.status)) return;
    this.become('connecting');
    this.begun = this.now();
    const socket = this.open();
    this.socket = socket;
    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
      this.join(socket);
    });
    socket.addEventListener('message', ({data}) => socket === this.socket && this.receive(JSON.parse(data)));
    socket.addEventListener('close', () => socket === this.socket && this.lose());
    this.delay(ANSWER_MS, () => !opened && socket === this.socket && this.drop());
    this.watch(socket);
  }

  /** Ask for a sign of life after a silence: what is sent into a dead line vanishes without a word. It answers in order, and may be busy with what was said. @param {Socket} socket */
  watch(socket) {
    this.delay(SILENT_MS, () => {
      if (socket !== this.socket) return;
      const idle = !this.pending.size && this.now() - this.heardAt >= SILENT_MS;
      if (idle && (this.status === 'joined' || this.status === 'waiting')) this.question({type: 'ping'}, this.unheard.length ? ANSWER_MS : SILENT_MS).catch(() => undefined);
      this.watch(socket);
    });
  }

  /** Say something that has no direct answer, as soon as there is a meeting. @param {Message} message */
  say(message) {
    if (this.status === 'joined') {
      this.socket?.send(JSON.stringify(message));
      this.unheard.push(message);
    } else if (this.status === 'connecting' || this.status === 'lost') this.keep(message);
  }

  /** @param {Message} message */
  keep(message) {
    this.kept.push(message);
    if (this.kept.length > KEPT) this.forget(this.kept[0]);
    this.delay(KEEP_MS, () => this.forget(message));
  }

  /** @param {Message} message */
  forget(message) {
    if (!this.kept.includes(message)) return;
    this.kept = this.kept.filter(each => each !== message);
    this.emit('unsaid', message);
  }

  /** Say something and wait for its direct answer. @param {Message} message @returns {Promise<Message>} */
  ask(message) {
    if (this.status !== 'joined' && message.type !== this.hello.type) return Promise.reject(new Fault({type: 'error', error: 'lost'}));
    return this.question(message, ANSWER_MS);
  }

  /** @param {Message} message @param {number} limit milliseconds until the line counts as dead @returns {Promise<Message>} */
  question(message, limit) {
    const ref = String(++this.lastRef);
    return new Promise((resolve, reject) => {
      this.pending.set(ref, {resolve, reject});
      this.socket?.send(JSON.stringify({...message, ref}));
      this.delay(limit, () => this.giveUp(ref));
    });
  }

  /** Leave for good: the seat is freed at once. */
  leave() {
    this.say({type: 'leave'});
    this.store.removeItem(this.key);
    this.end('left');
  }

  /** Treat the socket as dead (no answer, network gone) and come back on a new one. */
  drop() {
    const socket = this.socket;
    if (!socket || this.status === 'ended' || this.status === 'refused') return;
    this.lose();
    socket.close();
  }

  /** @param {Socket} socket */
  async join(socket) {
    const resume = this.store.getItem(this.key);
    try {
      const joined = await this.ask({...this.hello, ...(resume && {resume}), ...this.said, ...(resume && this.tried.length && {tried: this.ages()})});
      if (joined.type === 'waiting') return this.wait(joined.host);
      this.store.setItem(this.key, joined.resume);
      this.attempt = 0;
      this.tried = [];
      this.become('joined');
      for (const message of this.kept.splice(0)) this.say(message);
      this.emit('message', joined);
    } catch (fault) {
      if (socket === this.socket) this.refuse(/** @type {Fault} */ (fault));
    }
  }

  /** How many seconds ago we tried in vain to come back. */
  ages() {
    return this.tried.map(at => Math.max(0, Math.round((this.now() - at) / 1000))).filter(age => age <= 86_400);
  }

  /** We are not invited: the host answers with `admitted`, or a bye. @param {string} host */
  wait(host) {
    this.host = host;
    this.attempt = 0;
    this.become('waiting');
  }

  /** @param {Fault} fault */
  refuse(fault) {
    if (PASSING.has(fault.word)) {
      this.drop();
      return;
    }
    this.refusal = fault;
    this.reason = fault.word;
    this.shut();
    this.become('refused');
  }

  /** @param {Message} message */
  receive(message) {
    this.heardAt = this.now();
    this.unheard = [];
    const asked = message.ref && this.pending.get(message.ref);
    if (asked) this.settle(/** @type {string} */ (message.ref), message);
    else if (message.type === 'error') this.emit('fault', new Fault(message));
    else if (message.type === 'bye') this.bye(message.reason);
    else if (message.type === 'admitted') this.join(/** @type {Socket} */ (this.socket));
    else this.emit('message', message);
  }

  /** @param {string} ref @param {Message} message */
  settle(ref, message) {
    const {resolve, reject} = /** @type {any} */ (this.pending.get(ref));
    this.pending.delete(ref);
    if (message.type === 'error') reject(new Fault(message));
    else resolve(message);
  }

  /** @param {string} ref */
  giveUp(ref) {
    if (!this.pending.has(ref)) return;
    this.settle(ref, {type: 'error', error: 'no-answer'});
    this.drop();
  }

  /** @param {string} reason */
  bye(reason) {
    if (reason === 'shutdown') this.drop(); // the server is being restarted: our seat waits for us
    else this.end(reason);
  }

  /** @param {string} reason */
  end(reason) {
    if (this.status === 'ended') return;
    this.reason = reason;
    this.shut();
    this.become('ended');
  }

  lose() {
    this.socket = null;
    this.fail();
    for (const message of this.unheard.splice(0)) if (message.type !== 'media') this.emit('unsaid', message); // joining tells that
    const wait = BACKOFF_MS[Math.min(this.attempt, BACKOFF_MS.length - 1)];
    this.attempt += 1;
    if (this.status === 'connecting' && this.hello.type === 'join') this.tried = [...this.tried, this.begun].slice(-TRIES);
    this.become('lost');
    this.delay(wait, () => this.status === 'lost' && this.start());
  }

  shut() {
    const socket = this.socket;
    this.socket = null;
    this.kept = [];
    this.unheard = [];
    this.fail();
    socket?.close();
  }

  fail() {
    for (const ref of [...this.pending.keys()]) this.settle(ref, {type: 'error', error: 'lost'});
  }

  /** @param {Protocol['status']} status */
  become(status) {
    this.status = status;
    this.emit('status', status);
  }

  /** @param {string} type @param {any} detail */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
