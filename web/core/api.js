// The REST calls of docs/protocol.md, one function for each, named by what it does; its path says which endpoint it
// is. Each returns the parsed response body or throws a ProblemError. All pages use it.

import {hasText, language, t} from './i18n.js';
import {idleSeconds} from './idle.js';
import {IdempotencyKeys, InFlightRequests, sendWithKey} from './idempotency-keys.js';

const BASE = new URL('api/v1/', location.href);

/** @param {string} type `urn:diemcau:<word>` */
const problemWord = type => type.slice(type.lastIndexOf(':') + 1);

/** Thrown for a response with an error: an RFC 9457 problem, whose `word` ends its type. */
export class ProblemError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
    this.status = problem.status;
    this.word = problemWord(problem.type);
  }
}

/** Return the message to show for any failure of a request. @param {unknown} failure @returns {string} */
export function errorText(failure) {
  if (failure instanceof ProblemError) return failure.message || (hasText(`error.${failure.word}`) ? t(`error.${failure.word}`) : t('error.server'));
  return t('error.network');
}

/** @param {Response} response @returns {Promise<Problem>} */
async function problemOf(response) {
  const body = response.headers.get('Content-Type')?.includes('json') ? await response.json() : {};
  return {type: 'urn:diemcau:server', title: '', detail: '', ...body, status: response.status};
}

const keys = new IdempotencyKeys(sessionStorage);
/** Requests with a password, or answered with a secret, leave no trace in the tab, not even a digest. */
const UNKEYED = [
  'login', 'login/code', 'login/key', 'first-password', 'password', 'calendar-links', 'display/code',
  'second-factor/totp', 'second-factor/totp/confirm', 'second-factor/totp/remove', 'second-factor/recovery-codes',
  'second-factor/keys', 'second-factor/keys/confirm',
];
/** The path of a request that removes a security key, which takes the password. */
const REMOVES_KEY = /^second-factor\/keys\/\w+\/remove$/;
/** @type {InFlightRequests<any>} */
const inFlight = new InFlightRequests();

/**
 * @param {string} method
 * @param {string} path
 * @param {string | File} [body]
 * @param {string} [key]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
const fetchOnce = (method, path, body, key, signal) => fetch(new URL(path, BASE), {
  method,
  headers: {
    'Accept-Language': language,
    'X-Idle': String(idleSeconds(localStorage, Date.now())),
    ...(body !== undefined && {'Content-Type': body instanceof File ? 'application/octet-stream' : 'application/json'}),
    ...(key && {'Idempotency-Key': key}),
  },
  body,
  signal,
});

/**
 * Send a request and return its response; throws ProblemError. A POST has an idempotency key, so that it is carried
 * out once however often it is sent.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Response>}
 */
async function send(method, path, body) {
  const payload = method === 'GET' ? undefined : body instanceof File ? body : JSON.stringify(body ?? {});
  const response = typeof payload === 'string' && !UNKEYED.includes(path) && !REMOVES_KEY.test(path)
    ? await sendWithKey(keys, `${path}\n${payload}`, key => fetchOnce(method, path, payload, key))
    : await fetchOnce(method, path, payload);
  if (!response.ok) throw new ProblemError(await problemOf(response));
  return response;
}

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function requestJson(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? null : response.json();
}

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
function request(method, path, body) {
  if (method === 'GET' || body instanceof File) return requestJson(method, path, body);
  return inFlight.share(`${path}\n${JSON.stringify(body)}`, () => requestJson(method, path, body));
}

/** @param {Record<string, string>} fields */
const query = fields => new URLSearchParams(fields).toString();

/** Sign in. @type {(account: string, password: string) => Promise<SignedInUser>} */
export const login = (account, password) => request('POST', 'login', {account, password});
/** Pass the second step of a sign-in by a code of an app, or a recovery code. @type {(code: string) => Promise<SignedInUser>} */
export const loginCode = code => request('POST', 'login/code', {code});
/** Pass it by the answer of a security key. @type {(answer: KeyAnswer) => Promise<SignedInUser>} */
export const loginKey = answer => request('POST', 'login/key', answer);
/** Return the words for sign-ins by a provider and for accounts of a directory. @type {() => Promise<SignInWays>} */
export const signInWays = () => request('GET', 'sso');
/** Begin a sign-in by the provider; the browser goes to the address. @type {() => Promise<{url: string}>} */
export const beginSso = () => request('POST', 'sso/begin');
/** End it by what the provider brought back. @type {(answer: SsoAnswer) => Promise<SignedInUser>} */
export const finishSso = answer => request('POST', 'sso/finish', answer);
/** Return where one signs out of the provider, too. @type {() => Promise<{url: string | null}>} */
export const endSso = () => request('POST', 'sso/end');
/** Return the user's second factors. @type {() => Promise<SecondFactorState>} */
export const secondFactor = () => request('GET', 'second-factor');
/** Begin to add an authenticator app. @type {(password: string | null) => Promise<NewApp>} */
export const beginTotp = password => request('POST', 'second-factor/totp', {password});
/** Confirm the new app by its first code. @type {(code: string) => Promise<RecoveryCodes>} */
export const confirmTotp = code => request('POST', 'second-factor/totp/confirm', {code});
/** Remove the authenticator app. @type {(password: string | null) => Promise<null>} */
export const removeTotp = password => request('POST', 'second-factor/totp/remove', {password});
/** Begin to add a security key. @type {(password: string | null) => Promise<{options: KeyCreationOptions}>} */
export const beginKey = password => request('POST', 'second-factor/keys', {password});
/** Confirm the new key by its answer. @type {(name: string, answer: {client_data: string, attestation: string}) => Promise<RecoveryCodes>} */
export const confirmKey = (name, answer) => request('POST', 'second-factor/keys/confirm', {name, ...answer});
/** Remove a security key. @type {(id: string, password: string | null) => Promise<null>} */
export const removeKey = (id, password) => request('POST', `second-factor/keys/${id}/remove`, {password});
/** Make other recovery codes. @type {(password: string | null) => Promise<RecoveryCodes>} */
export const newRecoveryCodes = password => request('POST', 'second-factor/recovery-codes', {password});
/** Return who reviewed all accounts, and when that is due again. @type {() => Promise<AccountReviews>} */
export const accountReviews = () => request('GET', 'account-reviews');
/** Confirm that all accounts were reviewed. @type {(said: {seal: string, remark: string}) => Promise<AccountReviews>} */
export const confirmAccountReview = said => request('POST', 'account-reviews', said);
/** Return the address of all accounts as a file. */
export const accountsUrl = () => new URL('account-reviews/accounts', BASE).href;
/** Return all accounts, with what knows them. @type {() => Promise<KnownAccount[]>} */
export const accounts = () => request('GET', 'directory/accounts');
/** Give an account other roles. @type {(account: string, wanted: {roles: string[], reason: string}) => Promise<null>} */
export const changeRoles = (account, wanted) => request('POST', `directory/accounts/${encodeURIComponent(account)}/roles`, wanted);
/** Remove the second factors of somebody who has lost them. @param {string} account */
export const resetSecondFactor = account => request('POST', `directory/accounts/${encodeURIComponent(account)}/second-factor/reset`);
/** Sign out. @type {() => Promise<null>} */
export const logout = () => request('POST', 'logout');
/** Return the signed-in user. @type {() => Promise<SignedInUser>} */
export const me = () => request('GET', 'me');
/** Change the user's password. @type {(current: string, password: string) => Promise<SignedInUser>} */
export const changePassword = (current, password) => request('POST', 'password', {current, password});
/** Return where the user is signed in. @type {() => Promise<SignedInDevice[]>} */
export const signIns = () => request('GET', 'sign-ins');
/** Sign the user out in one browser. @type {(id: string) => Promise<null>} */
export const signOutOf = id => request('POST', `sign-ins/${id}/end`);
/** Sign the user out everywhere else. @type {() => Promise<null>} */
export const signOutOthers = () => request('POST', 'sign-ins/end-others');
/** Return which calendar links there are. @type {() => Promise<CalendarLinkStates>} */
export const calendarLinks = () => request('GET', 'calendar-links');
/** Make a calendar link, in place of an earlier one. @type {(of: 'account' | 'unit') => Promise<{path: string}>} */
export const makeCalendarLink = of => request('POST', 'calendar-links', {of});
/** Revoke a calendar link. @type {(of: 'account' | 'unit') => Promise<null>} */
export const revokeCalendarLink = of => request('POST', 'calendar-links/revoke', {of});
/** Ask for the code by which this browser is paired as a room display. @type {() => Promise<{code: string, until: string}>} */
export const displayCode = () => request('POST', 'display/code');

/**
 * Report what this room display does, and return its day and commands; with `hold` when there is a command, or after a while.
 * @param {{report: DisplayReport, hold: boolean, seen: string}} body
 * @param {AbortSignal} signal
 * @returns {Promise<DisplayTurn>}
 */
export async function syncDisplay(body, signal) {
  const response = await fetchOnce('POST', 'display/sync', JSON.stringify(body), undefined, signal);
  if (!response.ok) throw new ProblemError(await problemOf(response));
  return response.json();
}

/** Return the room displays that the user may control. @type {() => Promise<RoomDisplays>} */
export const roomDisplays = () => request('GET', 'displays');

/**
 * Make a device the room display that shows a code.
 * @type {(device: string, body: {code: string, sends: boolean, accepted: boolean}) => Promise<RoomDisplays>}
 */
export const pairDisplay = (device, body) => request('POST', `directory/devices/${encodeURIComponent(device)}/display`, body);
/** Revoke a room display. @type {(device: string) => Promise<RoomDisplays>} */
export const removeDisplay = device => request('POST', `directory/devices/${encodeURIComponent(device)}/display/remove`);
/** Return a room display with the sessions of its day. @type {(device: string) => Promise<ControlledDisplay>} */
export const roomDisplay = device => request('GET', `displays/${encodeURIComponent(device)}`);
/**
 * Give a room display a command; it may be a ballot, which leaves no trace in the tab, not even a digest.
 * @param {string} device
 * @param {DisplayCommand} command
 * @returns {Promise<ControlledDisplay>}
 */
export async function commandDisplay(device, command) {
  const response = await fetchOnce('POST', `displays/${encodeURIComponent(device)}/command`, JSON.stringify({command}));
  if (!response.ok) throw new ProblemError(await problemOf(response));
  return response.json();
}
/** Return all units. @type {() => Promise<Unit[]>} */
export const units = () => request('GET', 'units');
/** Return all points. @type {() => Promise<Point[]>} */
export const points = () => request('GET', 'points');
/** Return the rules in force. @returns {Promise<Rules>} */
export async function rules() {
  const all = /** @type {Profile[]} */ (await request('GET', 'profiles'));
  return /** @type {Profile} */ (all.find(({in_force}) => in_force)).content;
}

/**
 * Return the deadlines of a registration of a class and start that would arrive now.
 * @type {(kind: string, start: string) => Promise<Deadlines>}
 */
export const deadlines = (kind, start) => request('GET', `deadlines?${query({class: kind, start})}`);

/**
 * Register; the result is a session, or a draft for the unit that registers for the host.
 * @type {(registration: Registration) => Promise<Session | Draft>}
 */
export const register = registration => request('POST', 'registrations', registration);

/**
 * Pass a registration on, as a draft, to the unit that may register it.
 * @type {(registration: Registration) => Promise<Draft>}
 */
export const passOnRegistration = registration => request('POST', 'drafts', registration);
/** Return the drafts of the user's unit. @type {() => Promise<Draft[]>} */
export const drafts = () => request('GET', 'drafts');
/** Return a draft. @type {(id: string) => Promise<Draft>} */
export const draft = id => request('GET', `drafts/${encodeURIComponent(id)}`);
/** Confirm a draft as a registration. @type {(id: string, registration: Registration) => Promise<Session>} */
export const confirmDraft = (id, registration) => request('POST', `drafts/${encodeURIComponent(id)}/confirm`, registration);
/** Discard a draft. @type {(id: string, reason: string) => Promise<Draft>} */
export const discardDraft = (id, reason) => request('POST', `drafts/${encodeURIComponent(id)}/discard`, {reason});
/** The most sessions that are listed at once. */
const PAGE_SIZE = 200;

/**
 * Return a page of sessions; it is shorter than the limit only when there are no more.
 * @type {(fields: Record<string, string>) => Promise<Session[]>}
 */
export const sessions = fields => request('GET', `sessions?${query(fields)}`);
/** Return all sessions of a short time, fetched page after page. @param {string} from @param {string} to */
export async function allSessions(from, to) {
  /** @type {Session[]} */
  const found = [];
  for (let page = null; page === null || page.length === PAGE_SIZE; found.push(...page)) {
    const last = found[found.length - 1];
    page = await sessions({from, to, limit: String(PAGE_SIZE), ...(last && {after: last.id})});
  }
  return found;
}
/** Cancel a session. @type {(id: string, reason?: string) => Promise<Session>} */
export const cancel = (id, reason = '') => request('POST', `sessions/${encodeURIComponent(id)}/cancel`, {reason});
/** Replace the script of a session. @type {(id: string, items: ScriptItem[]) => Promise<{items: ScriptItem[]}>} */
export const setScript = (id, items) => request('POST', `sessions/${encodeURIComponent(id)}/script`, {items});

/**
 * Return the items of a spreadsheet; nothing is stored.
 * @type {(file: string, points: string[], host: string | null) => Promise<{items: ScriptItem[]}>}
 */
export const readScript = (file, points, host) => request('POST', 'scripts/preview', {file, points, host});
/** Return a script as a spreadsheet. @type {(items: ScriptItem[], format: string) => Promise<Blob>} */
export const writeScript = async (items, format) => (await send('POST', 'scripts/export', {items, format})).blob();
/** Return limits and booked load of a time. @type {(from: string, to: string) => Promise<Capacity>} */
export const capacity = (from, to) => request('GET', `capacity?${query({from, to})}`);
/** Return the layout plans, growing ones for so many points. @type {(points?: number) => Promise<LayoutPlan[]>} */
export const layouts = points => request('GET', points ? `layouts?${query({points: String(points)})}` : 'layouts');
/** Return the coming sessions with their readiness. @type {() => Promise<ReadyHead[]>} */
export const readiness = () => request('GET', 'readiness');
/** Return the readiness board of a session. @type {(session: string) => Promise<ReadyBoard>} */
export const readinessBoard = session => request('GET', `readiness/${encodeURIComponent(session)}`);

/**
 * Record a technical check of points.
 * @type {(session: string, check: {points: string[], kind: SlotKind, result: CheckResult, words: string}) => Promise<ReadyBoard>}
 */
export const recordCheck = (session, check) => request('POST', `readiness/${encodeURIComponent(session)}/checks`, check);

/**
 * Assign a person to a duty of a session.
 * @type {(session: string, person: {role: string, unit: string | null, point: string | null, name: string, phone: string}) => Promise<ReadyBoard>}
 */
export const assignDuty = (session, person) => request('POST', `readiness/${encodeURIComponent(session)}/duties`, person);

/**
 * Record a test of the link to the Government's system.
 * @type {(session: string, link: {kind: SlotKind, good: boolean, words: string}) => Promise<ReadyBoard>}
 */
export const recordLinkTest = (session, link) => request('POST', `readiness/${encodeURIComponent(session)}/link`, link);

/**
 * Record a step of switching a point on or off.
 * @type {(session: string, step: {point: string, step: string, done: boolean}) => Promise<ReadyBoard>}
 */
export const recordStep = (session, step) => request('POST', `readiness/${encodeURIComponent(session)}/steps`, step);
/** Record that a person on duty has arrived. @type {(duty: string) => Promise<null>} */
export const markArrived = duty => request('POST', `duties/${encodeURIComponent(duty)}/arrive`);
/** Remove a person from a duty. @type {(duty: string) => Promise<null>} */
export const relieveDuty = duty => request('POST', `duties/${encodeURIComponent(duty)}/relieve`);
/** Return the limits that self-tests are judged by. @type {() => Promise<SelfTestMeasure>} */
export const selfTestMeasure = () => request('GET', 'self-test');
/** Have a media worker answer connectivity checks, and return where. @type {() => Promise<MediaProbe>} */
export const mediaProbe = () => request('GET', 'media-probe');
/** Return the TURN server with new credentials, if there is one. @type {() => Promise<RTCIceServer[]>} */
export const iceServers = () => request('GET', 'ice-servers');
/** Return the self-tests of a point, newest first. @type {(point: string) => Promise<SavedSelfTest[]>} */
export const selfTests = point => request('GET', `points/${encodeURIComponent(point)}/self-tests`);
/** Save a self-test of a point. @type {(point: string, test: SelfTestResult) => Promise<SavedSelfTest>} */
export const saveSelfTest = (point, test) => request('POST', `points/${encodeURIComponent(point)}/self-tests`, test);
/** Return the attendance of a session, slot by slot. @type {(session: string) => Promise<AttendedSlot[]>} */
export const attendance = session => request('GET', `sessions/${encodeURIComponent(session)}/attendance`);
/** Return who had the floor in a session. @type {(session: string) => Promise<Speech[]>} */
export const speeches = session => request('GET', `sessions/${encodeURIComponent(session)}/speeches`);
/** Return how long points spoke in a session, the longest first. @type {(session: string) => Promise<SpeakingTime[]>} */
export const speakingTimes = session => request('GET', `sessions/${encodeURIComponent(session)}/speaking`);
/** Return the votes of a session that are closed. @type {(session: string) => Promise<ClosedVote[]>} */
export const closedVotes = session => request('GET', `sessions/${encodeURIComponent(session)}/votes`);
/** Return the address of the protocol of a vote. @param {string} vote */
export const voteProtocolUrl = vote => new URL(`votes/${encodeURIComponent(vote)}/protocol`, BASE).href;
/** Return the address of the draft of a session's minutes. @param {string} session */
export const minutesUrl = session => new URL(`sessions/${encodeURIComponent(session)}/minutes`, BASE).href;
/** Return the address of a file with the site's signature, in one archive, from that of the file. @param {string} url */
export function signedUrl(url) {
  const at = new URL(url);
  at.pathname += '/signed';
  return at.href;
}

/**
 * Record the cause of an interruption.
 * @type {(session: string, point: string, start: string, cause: string) => Promise<AttendedSlot[]>}
 */
export const explainInterruption = (session, point, start, cause) => request('POST', `sessions/${encodeURIComponent(session)}/interruptions`, {point, start, cause});
/** Return the attendee lists of a session. @type {(session: string) => Promise<AttendeeLists>} */
export const attendeeLists = session => request('GET', `sessions/${encodeURIComponent(session)}/lists`);
/** Ask the points of a session for their attendee lists. @type {(session: string) => Promise<AttendeeLists>} */
export const requestAttendeeLists = session => request('POST', `sessions/${encodeURIComponent(session)}/lists/ask`);

/**
 * Submit the attendee list of a point.
 * @type {(session: string, point: string, count: number, people: {name: string, position: string}[]) => Promise<AttendeeLists>}
 */
export const submitAttendeeList = (session, point, count, people) => request('POST', `sessions/${encodeURIComponent(session)}/lists`, {point, count, people});
/** Return the address of the attendee lists as a file. @param {string} session @param {'csv' | 'xlsx'} format */
export const attendeeListsUrl = (session, format) => new URL(`sessions/${encodeURIComponent(session)}/lists/export?${query({format})}`, BASE).href;
/** Return how the points of a session fared. @type {(session: string) => Promise<SessionQuality>} */
export const sessionQuality = session => request('GET', `sessions/${encodeURIComponent(session)}/quality`);
/** Return the connection of a seat over time, and why it was bad. @type {(session: string, seat: string) => Promise<SeatQuality>} */
export const seatQuality = (session, seat) => request('GET', `sessions/${encodeURIComponent(session)}/quality/series?${query({seat})}`);
/** Return resolved or unresolved incidents. @type {(settled: boolean) => Promise<Incident[]>} */
export const incidents = settled => request('GET', `incidents?${query({settled: String(settled)})}`);
/** Carry out a step of an incident. @type {(id: string, step: string, text: string) => Promise<Incident>} */
export const actOnIncident = (id, step, text) => request('POST', `incidents/${encodeURIComponent(id)}/steps`, {step, text});
/** Return the closing checklists of a session. @type {(session: string) => Promise<ClosingSheet>} */
export const closingSheet = session => request('GET', `sessions/${encodeURIComponent(session)}/closing`);

/**
 * Tick, or untick, an item of a closing checklist.
 * @type {(session: string, point: string | null, item: string, done: boolean) => Promise<ClosingSheet>}
 */
export const tickClosingItem = (session, point, item, done) => request('POST', `sessions/${encodeURIComponent(session)}/closing`, {point, item, done});
/** Set the kind of a session. @type {(session: string, kind: string) => Promise<ClosingSheet>} */
export const setSessionKind = (session, kind) => request('POST', `sessions/${encodeURIComponent(session)}/kind`, {kind});

/**
 * Return the documents of a session.
 * @type {(session: string) => Promise<{may_add: boolean, documents: SharedDocument[]}>}
 */
export const documents = session => request('GET', `sessions/${encodeURIComponent(session)}/documents`);
/** Add a document to a session. @type {(session: string, file: File) => Promise<SharedDocument>} */
export const addDocument = (session, file) => request('POST', `sessions/${encodeURIComponent(session)}/documents?${query({name: file.name})}`, file);
/** Remove a document. @type {(id: string) => Promise<null>} */
export const removeDocument = id => request('POST', `documents/${encodeURIComponent(id)}/remove`);

/**
 * Add an evidence file to an assessment or a document of the directory.
 * @type {(path: string, file: File) => Promise<EvidenceFile>}
 */
export const addEvidence = (path, file) => request('POST', `${path}/files?${query({name: file.name})}`, file);
/** Remove an evidence file. @type {(id: string) => Promise<null>} */
export const removeEvidence = id => request('POST', `directory/files/${encodeURIComponent(id)}/remove`);
/** Return the address of an evidence file. @param {string} id */
export const evidenceUrl = id => `api/v1/directory/files/${encodeURIComponent(id)}`;
/** Return the address of a document. @param {string} id */
export const documentUrl = id => `api/v1/documents/${encodeURIComponent(id)}/content`;

/**
 * Request a document, or the recording, of a session.
 * @type {(session: string, subject: string, text: string) => Promise<MaterialRequest>}
 */
export const requestMaterial = (session, subject, text) => request('POST', `sessions/${encodeURIComponent(session)}/material-requests`, {subject, text});
/** Grant a document to all units of a session. @type {(session: string, subject: string) => Promise<null>} */
export const grantMaterial = (session, subject) => request('POST', `sessions/${encodeURIComponent(session)}/material-grants`, {subject});
/** Return the requests of and to the user's unit. @type {() => Promise<MaterialRequest[]>} */
export const materialRequests = () => request('GET', 'material-requests');

/**
 * Grant or refuse a request, until a time or without one.
 * @type {(id: string, granted: boolean, until: string | null) => Promise<MaterialRequest>}
 */
export const decideMaterialRequest = (id, granted, until) => request('POST', `material-requests/${encodeURIComponent(id)}/answer`, {granted, until});

/**
 * Confirm that the host received a recording with this SHA-256.
 * @type {(session: string, sha256: string) => Promise<Handover>}
 */
export const receiveRecording = (session, sha256) => request('POST', `sessions/${encodeURIComponent(session)}/recording-received`, {sha256});
/** Return the difficulties that units reported. @type {() => Promise<Feedback[]>} */
export const feedback = () => request('GET', 'feedback');
/** Report a difficulty. @type {(text: string) => Promise<Feedback>} */
export const sendFeedback = text => request('POST', 'feedback', {text});

/**
 * Set the status of a difficulty and reply to it.
 * @type {(id: string, status: string, answer: string) => Promise<Feedback>}
 */
export const replyToFeedback = (id, status, answer) => request('POST', `feedback/${encodeURIComponent(id)}`, {status, answer});
/** Return the breaches of the regulation on record. @type {() => Promise<Breach[]>} */
export const breaches = () => request('GET', 'breaches');
/** Return the address of the breaches as a file. */
export const breachesUrl = () => 'api/v1/breaches/export';
/** Return all recordings, fetched page after page. */
export async function recordings() {
  /** @type {Recording[]} */
  const found = [];
  for (let page = null; page === null || page.length === PAGE_SIZE; found.push(...page)) {
    const last = found[found.length - 1];
    page = /** @type {Recording[]} */ (await request('GET', `recordings?${query({limit: String(PAGE_SIZE), ...(last && {after: last.session})})}`));
  }
  return found;
}
/** Return a link to a recording for this user alone. @type {(id: string) => Promise<{url: string, expires: string}>} */
export const recordingLink = id => request('POST', `recordings/${encodeURIComponent(id)}/link`);
/**
 * Ask for something of all recordings, by the pages of sessions in which these are listed.
 * @param {string} path @param {string[]} sessions of all recordings, in their order @param {Record<string, string>} [fields]
 */
async function ofAllSessions(path, sessions, fields = {}) {
  const found = [];
  for (let page = 0; page < sessions.length; page += PAGE_SIZE) {
    const after = sessions[page - 1];
    found.push(...(await request('GET', `${path}?${query({...fields, limit: String(PAGE_SIZE), ...(after && {after})})}`)));
  }
  return found;
}
/** Return the states of the transcripts that this user may read. @type {(sessions: string[]) => Promise<TranscriptStanding[]>} */
export const transcripts = sessions => ofAllSessions('transcripts', sessions);
/** Return where a text is found in transcripts. @type {(text: string, sessions: string[]) => Promise<FoundInTranscript[]>} */
export const searchTranscripts = (text, sessions) => ofAllSessions('transcripts/search', sessions, {text});
/** Return the transcript of a session's recording. @type {(recording: string) => Promise<Transcript>} */
export const transcript = recording => request('GET', `recordings/${encodeURIComponent(recording)}/transcript`);
/** Give an utterance another text, and return all its wordings. @type {(utterance: Utterance, text: string) => Promise<Wording[]>} */
export const correctUtterance = ({recording, number, text: was}, text) => request('POST', `recordings/${encodeURIComponent(recording)}/transcript/corrections`, {number, was, text});
/** Have a recording transcribed again that could not be. @param {string} recording */
export const retranscribe = recording => request('POST', `recordings/${encodeURIComponent(recording)}/transcript/anew`, {});
/** Return the address of a transcript as a file. @param {string} recording @param {'vtt' | 'txt'} format */
export const transcriptUrl = (recording, format) => `api/v1/recordings/${encodeURIComponent(recording)}/transcript/file?${query({format})}`;
/** Have a recording composed again that could not be. @param {string} id */
export const composeAgain = id => request('POST', `recordings/${encodeURIComponent(id)}/compose`, {});

/**
 * Set the first password by the token of a one-time link.
 * @type {(token: string, password: string) => Promise<SignedInUser>}
 */
export const firstPassword = (token, password) => request('POST', 'first-password', {token, password});
/** Return the tree of units and points. @type {() => Promise<DirectoryTree>} */
export const directory = () => request('GET', 'directory');
/** Return all details of a point. @type {(id: string) => Promise<PointDetails>} */
export const pointCard = id => request('GET', `directory/points/${encodeURIComponent(id)}`);
/** Return devices, access lines and proposed changes of a point. @type {(id: string) => Promise<PointEquipmentList>} */
export const stock = id => request('GET', `directory/points/${encodeURIComponent(id)}/stock`);
/** Return the SIP messages of the newest calls with a device. @type {(id: string) => Promise<TracedCall[]>} */
export const sipTrace = id => request('GET', `directory/devices/${encodeURIComponent(id)}/trace`);
/** Return the sessions that a guest point may enter. @type {(id: string) => Promise<Grants>} */
export const grants = id => request('GET', `directory/points/${encodeURIComponent(id)}/grants`);
/** Return how many personal entries of a unit are on record. @type {(unit: string) => Promise<PersonalData>} */
export const personalData = unit => request('GET', `directory/units/${encodeURIComponent(unit)}/personal`);
/** Return the address of a unit's personal data as a file. @param {string} unit */
export const personalDataUrl = unit => `api/v1/directory/units/${encodeURIComponent(unit)}/personal/export`;
/** Return how a unit meets its duties. @type {(id: string) => Promise<UnitCompliance>} */
export const unitCard = id => request('GET', `directory/units/${encodeURIComponent(id)}`);
/** Return the providers of access lines. @type {() => Promise<Provider[]>} */
export const providers = () => request('GET', 'directory/providers');

/**
 * Return the access lines of a provider; a provider's own users pass ''.
 * @type {(provider: string) => Promise<ProviderOverview>}
 */
export const lines = provider => request('GET', `lines?${query(provider ? {provider} : {})}`);

/**
 * Name the provider's contact for a session.
 * @type {(session: string, name: string, phone: string) => Promise<ProviderOverview>}
 */
export const nameLineContact = (session, name, phone) => request('POST', 'lines/contact', {session, name, phone});
/** Reply, as the provider, to an incident of a line. @type {(id: string, text: string) => Promise<ProviderOverview>} */
export const replyToLineIncident = (id, text) => request('POST', `lines/incidents/${encodeURIComponent(id)}`, {text});
/** Return changes of the directory that wait for a decision. @type {() => Promise<DirectoryChange[]>} */
export const changes = () => request('GET', 'directory/changes');
/** Return the people who run the rooms of a unit. @type {(unit: string) => Promise<RoomPerson[]>} */
export const people = unit => request('GET', `directory/units/${encodeURIComponent(unit)}/people`);
/** Return the units with the people who run their rooms. @type {() => Promise<UnitList[]>} */
export const peopleLists = () => request('GET', 'directory/people');
/** Post a change of the directory to a path. @type {(path: string, body?: object) => Promise<any>} */
export const postTo = (path, body) => request('POST', path, body);
/** Return the emergencies that are not over. @type {() => Promise<Emergency[]>} */
export const emergencies = () => request('GET', 'emergencies');
/** Acknowledge an emergency. @type {(id: string) => Promise<Emergency>} */
export const acknowledge = id => request('POST', `emergencies/${encodeURIComponent(id)}/acknowledge`);
/** Return the sessions that wait for capacity. @type {() => Promise<Queue>} */
export const queue = () => request('GET', 'queue');
/** Return the place of a waiting session and the reason why it waits. @type {(id: string) => Promise<QueueStanding>} */
export const queueStanding = id => request('GET', `sessions/${encodeURIComponent(id)}/standing`);

/**
 * Return the admission plan of a waiting session and hold it for the operator.
 * @type {(id: string) => Promise<Plan>}
 */
export const holdPlan = id => request('POST', `sessions/${encodeURIComponent(id)}/hold`);

/**
 * Carry out a held plan; return the session, or a new plan when the old one no longer holds.
 * @type {(id: string, version: number, reason: string, override: boolean) => Promise<{session: Session | null, plan: Plan | null}>}
 */
export const confirmPlan = (id, version, reason, override) => request('POST', `sessions/${encodeURIComponent(id)}/confirm`, {version, reason, override});
/** Return a session. @type {(id: string) => Promise<Session>} */
export const session = id => request('GET', `sessions/${encodeURIComponent(id)}`);
/** Amend a session. @type {(id: string, changes: object) => Promise<Session>} */
export const amend = (id, changes) => request('POST', `sessions/${encodeURIComponent(id)}/amend`, changes);
/** Return by how many steps a running meeting can be extended. @type {(id: string) => Promise<Extensible>} */
export const extension = id => request('GET', `sessions/${encodeURIComponent(id)}/extension`);
/** Extend a running meeting, or take that back by fewer than 0 steps. @type {(id: string, steps: number) => Promise<Session>} */
export const extend = (id, steps) => request('POST', `sessions/${encodeURIComponent(id)}/extend`, {steps});
/** Release the capacity of a meeting that nobody opened. @type {(id: string, reason: string) => Promise<Session>} */
export const release = (id, reason) => request('POST', `sessions/${encodeURIComponent(id)}/release`, {reason});
/** Return the history of a session. @type {(id: string) => Promise<Happening[]>} */
export const history = id => request('GET', `sessions/${encodeURIComponent(id)}/history`);
/** Return what became of a session at systems below. @type {(id: string) => Promise<CascadeReservation[]>} */
export const cascade = id => request('GET', `sessions/${encodeURIComponent(id)}/cascade`);
/** Return the slots of the calendar of sessions. @type {(from: string, to: string) => Promise<CalendarEntry[]>} */
export const agenda = (from, to) => request('GET', `agenda?${query({from, to})}`);

/**
 * Return the disk space that a recording would take.
 * @type {(minutes: number, voices: boolean) => Promise<Estimate>}
 */
export const estimate = (minutes, voices) => request('GET', `recordings/estimate?${query({minutes: String(minutes), voices: String(voices)})}`);
/** Return the points that are in another session during a slot. @type {(slot: Slot) => Promise<BusyPoint[]>} */
export const busyPoints = ({start, end}) => request('GET', `points/busy?${query({from: start, to: end})}`);
/**
 * Return whether a session of so many legs fits at its times, and other free times.
 * @type {(times: {official: Slot, rehearsal: Slot | null, legs: number, kind: string}) => Promise<FreeTimes>}
 */
export const freeTimes = ({official: {start, end}, rehearsal, legs, kind}) =>
  request('GET', `free-times?${query({start, end, ...(rehearsal && {rehearsal_start: rehearsal.start, rehearsal_end: rehearsal.end}), legs: String(legs), class: kind})}`);
/** Return the rated capacity over time. @type {() => Promise<RatedCapacity>} */
export const ratedCapacity = () => request('GET', 'capacity/steps');

/**
 * Return the sessions that a change of capacity would cost.
 * @type {(change: CapacityChange) => Promise<{victims: SessionBrief[]}>}
 */
export const capacityImpact = change => request('POST', 'capacity/impact', change);
/** Change the rated capacity. @type {(change: CapacityChange) => Promise<{victims: SessionBrief[]}>} */
export const setCapacity = change => request('POST', 'capacity/steps', change);

/**
 * Revoke the codes of sessions that exceed the capacity.
 * @type {(victims: string[], reason: string) => Promise<{victims: SessionBrief[]}>}
 */
export const shedSessions = (victims, reason) => request('POST', 'capacity/shed', {victims, reason});
/** Return peaks, waits and refusals of a time. @type {(from: string, to: string) => Promise<Usage>} */
export const usage = (from, to) => request('GET', `capacity/usage?${query({from, to})}`);
/** Return what recognizes speech on the server. @type {() => Promise<SpeechRecognition>} */
export const speechRecognition = () => request('GET', 'speech-recognition');
/** Return the sessions to come that a system below does not hold. @type {() => Promise<NotHeld[]>} */
export const notHeld = () => request('GET', 'cascade/not-held');
/** Return the neighbouring systems. @type {() => Promise<Neighbour[]>} */
export const neighbours = () => request('GET', 'cascade/neighbours');
/** Register a neighbouring system; return the key that one above needs. @type {(fields: Record<string, string>) => Promise<{key: string | null}>} */
export const addNeighbour = fields => request('POST', 'cascade/neighbours', fields);
/** Remove a neighbouring system. @type {(name: string) => Promise<null>} */
export const removeNeighbour = name => request('POST', `cascade/neighbours/${encodeURIComponent(name)}/remove`);
/** Return the API tokens of other systems. @type {() => Promise<ApiToken[]>} */
export const tokens = () => request('GET', 'tokens');
/** Make an API token, which is told this once. @type {(fields: NewApiToken) => Promise<{token: string}>} */
export const makeToken = fields => request('POST', 'tokens', fields);
/** Return what waits for a second person. @type {() => Promise<Approval[]>} */
export const approvals = () => request('GET', 'approvals');
/** Decide it, or carry out one's own at once. @type {(id: string, word: 'approve' | 'refuse' | 'emergency') => Promise<null>} */
export const decideApproval = (id, word) => request('POST', `approvals/${encodeURIComponent(id)}/${word}`);
/** Return the webhooks of other systems. @type {() => Promise<Webhook[]>} */
export const webhooks = () => request('GET', 'webhooks');
/** Register a webhook; its secret is told this once. @type {(fields: NewWebhook) => Promise<{secret: string}>} */
export const addWebhook = fields => request('POST', 'webhooks', fields);
/** Change the address and the events of a webhook. @type {(name: string, fields: {url: string, events: string[]}) => Promise<null>} */
export const changeWebhook = (name, fields) => request('POST', `webhooks/${encodeURIComponent(name)}/change`, fields);
/** Give a webhook another secret, which is told this once. @type {(name: string) => Promise<{secret: string, until: string}>} */
export const rotateWebhook = name => request('POST', `webhooks/${encodeURIComponent(name)}/rotate`);
/** Pause a webhook. @type {(name: string) => Promise<null>} */
export const pauseWebhook = name => request('POST', `webhooks/${encodeURIComponent(name)}/pause`);
/** Remove a webhook and what waits for it. @type {(name: string) => Promise<null>} */
export const removeWebhook = name => request('POST', `webhooks/${encodeURIComponent(name)}/remove`);
/** Resume a paused webhook. @type {(name: string) => Promise<null>} */
export const resumeWebhook = name => request('POST', `webhooks/${encodeURIComponent(name)}/resume`);
/** Send a webhook an event that only shows whether it works. @type {(name: string) => Promise<null>} */
export const testWebhook = name => request('POST', `webhooks/${encodeURIComponent(name)}/test`);
/** Return the newest deliveries of webhooks. @type {() => Promise<WebhookDelivery[]>} */
export const webhookDeliveries = () => request('GET', 'webhook-deliveries');
/** Send a delivery again now. @type {(id: string) => Promise<null>} */
export const sendDeliveryAgain = id => request('POST', `webhook-deliveries/${id}/again`);
/** Revoke an API token. @type {(name: string) => Promise<null>} */
export const revokeToken = name => request('POST', `tokens/${encodeURIComponent(name)}/revoke`);
/** Return the machines with their media workers. @type {() => Promise<MediaMachine[]>} */
export const workers = () => request('GET', 'capacity/workers');
/** Move the rooms of a media worker elsewhere, and give it no more; return all machines. @type {(worker: string) => Promise<MediaMachine[]>} */
export const drainWorker = worker => request('POST', 'capacity/workers/drain', {worker});
/** Let a drained media worker take rooms again; return all machines. @type {(worker: string) => Promise<MediaMachine[]>} */
export const undrainWorker = worker => request('POST', 'capacity/workers/undrain', {worker});

/** @returns {Promise<Costs>} */
export const sessionCosts = () => request('GET', 'capacity/costs');
/** Return the policy profiles and their history. @type {() => Promise<Profile[]>} */
export const profiles = () => request('GET', 'profiles');
/** Return the units on record that have ended. @type {() => Promise<Outdated>} */
export const outdatedUnits = () => request('GET', 'units/outdated');
/** Return what ends on days to come. @type {() => Promise<Ending[]>} */
export const endings = () => request('GET', 'endings');
/** Return what a profile file would change. @type {(text: string) => Promise<ProfilePreview>} */
export const previewProfile = text => request('POST', 'profiles/preview', {text});
/** Upload a profile that was previewed. @type {(text: string, digest: string) => Promise<Profile[]>} */
export const uploadProfile = (text, digest) => request('POST', 'profiles', {text, digest});
/** Withdraw a profile that is not in force yet. @type {(id: string) => Promise<Profile[]>} */
export const withdrawProfile = id => request('POST', `profiles/${encodeURIComponent(id)}/withdraw`);
/** Return the working days of a year. @type {(year: number) => Promise<WorkYear>} */
export const workYear = year => request('GET', `calendar?${query({year: String(year)})}`);

/**
 * Correct a day of the calendar.
 * @type {(change: {day: string, working: boolean | null, number?: string, dated?: string}) => Promise<WorkYear>}
 */
export const correctDay = change => request('POST', 'calendar/days', change);
/** Confirm the calendar of a year. @type {(year: number) => Promise<WorkYear>} */
export const confirmYear = year => request('POST', 'calendar/years', {year});
/** Return records of calls with room systems, newest first. @type {(fields: Record<string, string>) => Promise<CallRecord[]>} */
export const callRecords = fields => request('GET', `calls?${query(fields)}`);
/** Return the address of the records as CSV. @param {Record<string, string>} fields */
export const callRecordsUrl = fields => new URL(`calls/export?${query(fields)}`, BASE).href;
/** Begin a test call with a device. @type {(id: string) => Promise<CallTestResult>} */
export const beginCallTest = id => postTo(`directory/devices/${encodeURIComponent(id)}/test-call`);
/** Return the newest test call with a device. @type {(id: string) => Promise<CallTestResult>} */
export const callTest = id => request('GET', `directory/devices/${encodeURIComponent(id)}/test-call`);
/** Return entries of the audit log, newest first. @type {(fields: Record<string, string>) => Promise<AuditEntry[]>} */
export const audit = fields => request('GET', `audit?${query(fields)}`);
/** Return the result of the last verification of the audit log. @type {() => Promise<AuditCheck>} */
export const auditCheck = () => request('GET', 'audit/check');
/** Verify the audit log now. @type {() => Promise<AuditCheck>} */
export const verifyAudit = () => request('POST', 'audit/check');
/** Return the address of the log as a file. @type {(fields: Record<string, string>) => string} */
export const auditUrl = fields => new URL(`audit/export?${query(fields)}`, BASE).href;
/** Return the figures of a period. @type {(fields: Record<string, string>) => Promise<Report>} */
export const report = fields => request('GET', `reports?${query(fields)}`);
/** Return the registrations that a figure counts. @type {(fields: Record<string, string>) => Promise<ReportEntry[]>} */
export const reportRows = fields => request('GET', `reports/sessions?${query(fields)}`);
/** Return the attendance of points in a period. @type {(fields: Record<string, string>) => Promise<ReportPoint[]>} */
export const reportPoints = fields => request('GET', `reports/points?${query(fields)}`);
/** Record the review of an emergency. @type {(session: string, remark: string) => Promise<Review>} */
export const review = (session, remark) => request('POST', `sessions/${encodeURIComponent(session)}/review`, {remark});
/** Return the requests to check figures. @type {() => Promise<FigureRequest[]>} */
export const figureRequests = () => request('GET', 'figure-requests');

/**
 * Ask units to check their figures of a period.
 * @type {(period: Record<string, string>, body: {title: string, due: string}) => Promise<FigureRequest>}
 */
export const requestFigures = (period, body) => request('POST', `figure-requests?${query(period)}`, body);

/**
 * Confirm or correct the figures of the user's unit.
 * @type {(id: string, body: {figures: Record<string, number>, remark: string}) => Promise<FigureAnswer>}
 */
export const submitFigures = (id, body) => request('POST', `figure-requests/${encodeURIComponent(id)}`, body);
/** Return the checklists of a point; for '' those of the system. @type {(point: string) => Promise<Checklist[]>} */
export const controls = point => request('GET', `controls?${query(point ? {point} : {})}`);

/**
 * Set the state of an item of a checklist.
 * @type {(said: {checklist: string, point: string | null, item: string, state: string, remark: string}) => Promise<Checklist[]>}
 */
export const setControl = said => request('POST', 'controls', said);
/** Return how far each point has filled in the checklist of its laptop. @type {() => Promise<CheckedPoint[]>} */
export const controlPoints = () => request('GET', 'controls/points');
/** Return the address of the checklists as a file. @type {(point: string) => string} */
export const controlsUrl = point => new URL(`controls/export?${query(point ? {point} : {})}`, BASE).href;
/** Return the register of security incidents. @type {() => Promise<SecurityRegister>} */
export const securityIncidents = () => request('GET', 'security-incidents');
/** Enter a security incident. @type {(found: {found: string, severity: string, text: string}) => Promise<SecurityIncident>} */
export const addSecurityIncident = found => request('POST', 'security-incidents', found);

/**
 * Change what is known of a security incident.
 * @type {(id: string, found: {found: string, severity: string, text: string}) => Promise<SecurityIncident>}
 */
export const changeSecurityIncident = (id, found) => request('POST', `security-incidents/${encodeURIComponent(id)}`, found);

/**
 * Note when and to whom a security incident was reported.
 * @type {(id: string, reported: {at: string, to: string}) => Promise<SecurityIncident>}
 */
export const reportSecurityIncident = (id, reported) => request('POST', `security-incidents/${encodeURIComponent(id)}/report`, reported);
/** Close a security incident. @type {(id: string, closed: {outcome: string}) => Promise<SecurityIncident>} */
export const closeSecurityIncident = (id, closed) => request('POST', `security-incidents/${encodeURIComponent(id)}/close`, closed);
/** Note when and to whom the yearly report was sent. @type {(reported: {year: number, at: string, to: string}) => Promise<SecurityRegister>} */
export const reportSecurityYear = reported => request('POST', 'security-reports', reported);
/** Return the address of the security incidents as a file. */
export const securityIncidentsUrl = () => new URL('security-incidents/export', BASE).href;
/** Return the address of a report as a file. @type {(fields: Record<string, string>) => string} */
export const reportUrl = fields => new URL(`reports/file?${query(fields)}`, BASE).href;
/** Return what is on today, and what the user owes. @type {() => Promise<Today>} */
export const today = () => request('GET', 'today');
/** Return what a fresh installation still lacks. @type {() => Promise<SetupStep[]>} */
export const setupSteps = () => request('GET', 'setup');
/** Return the letters received. @type {() => Promise<LetterRow[]>} */
export const letters = () => request('GET', 'letters');
/** Return a letter with its text. @type {(id: string) => Promise<OpenedLetter>} */
export const letter = id => request('GET', `letters/${encodeURIComponent(id)}`);
/** Mark a letter as handled by a person. @type {(id: string) => Promise<LetterRow>} */
export const handleLetter = id => request('POST', `letters/${encodeURIComponent(id)}/handled`);
/** Accept a letter that its unit has confirmed. @type {(id: string) => Promise<LetterRow>} */
export const acceptLetter = id => request('POST', `letters/${encodeURIComponent(id)}/accept`);
/** Return the notices and whether they were sent. @type {() => Promise<NoticeRow[]>} */
export const notices = () => request('GET', 'outbox');
/** Send a notice again. @type {(id: string) => Promise<null>} */
export const resendNotice = id => request('POST', `outbox/${encodeURIComponent(id)}/again`);
/** Return the replies that are owed, and how many were in time. @type {() => Promise<OwedReplies>} */
export const owedReplies = () => request('GET', 'answers');
/** Return the draft that was made from a letter. @type {(id: string) => Promise<MailDraft>} */
export const letterDraft = id => request('GET', `drafts/${encodeURIComponent(id)}`);
