// The REST calls of docs/protocol.md, one line each. A refusal is thrown as Refusal with its RFC 9457 problem.

import {known, language, t} from './i18n.js';
import {Keys, Together, underKey} from './idempotency-keys.js';

const BASE = new URL('../api/v1/', import.meta.url);

/** @param {string} type `urn:diemcau:<word>` */
const wordOf = type => type.slice(type.lastIndexOf(':') + 1);

export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
    this.status = problem.status;
    this.word = wordOf(problem.type);
  }
}

/** What a person is told about any failure of a call. @param {unknown} failure @returns {string} */
export function told(failure) {
  if (failure instanceof Refusal) return failure.message || (known(`error.${failure.word}`) ? t(`error.${failure.word}`) : t('error.server'));
  return t('error.network');
}

/** @param {Response} response @returns {Promise<Problem>} */
async function problemOf(response) {
  const given = response.headers.get('Content-Type')?.includes('json') ? await response.json() : {};
  return {type: 'urn:diemcau:server', title: '', detail: '', ...given, status: response.status};
}

const keys = new Keys(sessionStorage);
/** What holds a password leaves no trace in the tab, not even a digest. */
const UNKEYED = ['login', 'first-password', 'password'];
/** @type {Together<any>} */
const together = new Together();

/** @param {string} method @param {string} path @param {string | File} [body] @param {string} [key] @returns {Promise<Response>} */
const exchange = (method, path, body, key) => fetch(new URL(path, BASE), {
  method,
  headers: {
    'Accept-Language': language,
    ...(body !== undefined && {'Content-Type': body instanceof File ? 'application/octet-stream' : 'application/json'}),
    ...(key && {'Idempotency-Key': key}),
  },
  body,
});

/** A POST goes under a key, so that it is carried out once however often it is sent. @param {string} method @param {string} path @param {object} [body] @returns {Promise<Response>} */
async function send(method, path, body) {
  const given = method === 'GET' ? undefined : body instanceof File ? body : JSON.stringify(body ?? {});
  const response = typeof given === 'string' && !UNKEYED.includes(path)
    ? await underKey(keys, `${path}\n${given}`, key => exchange(method, path, given, key))
    : await exchange(method, path, given);
  if (!response.ok) throw new Refusal(await problemOf(response));
  return response;
}

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function fetched(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? null : response.json();
}

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
function call(method, path, body) {
  if (method === 'GET' || body instanceof File) return fetched(method, path, body);
  return together.once(`${path}\n${JSON.stringify(body)}`, () => fetched(method, path, body));
}

/** @param {Record<string, string>} fields */
const query = fields => new URLSearchParams(fields).toString();

/** @type {(account: string, password: string) => Promise<Me>} */
export const login = (account, password) => call('POST', 'login', {account, password});
/** @type {() => Promise<null>} */
export const logout = () => call('POST', 'logout');
/** @type {() => Promise<Me>} */
export const me = () => call('GET', 'me');
/** @type {(current: string, password: string) => Promise<Me>} */
export const changePassword = (current, password) => call('POST', 'password', {current, password});
/** @type {() => Promise<Unit[]>} */
export const units = () => call('GET', 'units');
/** @type {() => Promise<Point[]>} */
export const points = () => call('GET', 'points');
/** The rules in force. @returns {Promise<Rules>} */
export async function rules() {
  const known = /** @type {Profile[]} */ (await call('GET', 'profiles'));
  return /** @type {Profile} */ (known.find(({in_force}) => in_force)).content;
}
/** @type {(kind: string, start: string) => Promise<Deadlines>} */
export const deadlines = (kind, start) => call('GET', `deadlines?${query({class: kind, start})}`);
/** A session, or the draft that lies now with the unit that registers for the host. @type {(registration: Registration) => Promise<Session | Draft>} */
export const register = registration => call('POST', 'registrations', registration);
/** @type {(registration: Registration) => Promise<Draft>} */
export const passOn = registration => call('POST', 'drafts', registration);
/** @type {() => Promise<Draft[]>} */
export const drafts = () => call('GET', 'drafts');
/** @type {(id: string) => Promise<Draft>} */
export const draft = id => call('GET', `drafts/${encodeURIComponent(id)}`);
/** @type {(id: string, registration: Registration) => Promise<Session>} */
export const confirmDraft = (id, registration) => call('POST', `drafts/${encodeURIComponent(id)}/confirm`, registration);
/** @type {(id: string, reason: string) => Promise<Draft>} */
export const discardDraft = (id, reason) => call('POST', `drafts/${encodeURIComponent(id)}/discard`, {reason});
/** The most sessions that are listed at once. */
const MOST_LISTED = 200;
/** A page of sessions; it is shorter than asked for only when there are no more. @type {(fields: Record<string, string>) => Promise<Session[]>} */
export const sessions = fields => call('GET', `sessions?${query(fields)}`);
/** All sessions of a short time, page after page. @param {string} from @param {string} to */
export async function everySession(from, to) {
  /** @type {Session[]} */
  const found = [];
  for (let page = null; page === null || page.length === MOST_LISTED; found.push(...page)) {
    const last = found[found.length - 1];
    page = await sessions({from, to, limit: String(MOST_LISTED), ...(last && {after: last.id})});
  }
  return found;
}
/** @type {(id: string, reason?: string) => Promise<Session>} */
export const cancel = (id, reason = '') => call('POST', `sessions/${encodeURIComponent(id)}/cancel`, {reason});
/** @type {(id: string, items: ScriptItem[]) => Promise<{items: ScriptItem[]}>} */
export const setScript = (id, items) => call('POST', `sessions/${encodeURIComponent(id)}/script`, {items});
/** What a table says, as items; nothing is kept. @type {(file: string, points: string[], host: string | null) => Promise<{items: ScriptItem[]}>} */
export const readScript = (file, points, host) => call('POST', 'scripts/preview', {file, points, host});
/** @type {(items: ScriptItem[], format: string) => Promise<Blob>} */
export const writeScript = async (items, format) => (await send('POST', 'scripts/export', {items, format})).blob();
/** @type {(from: string, to: string) => Promise<Capacity>} */
export const capacity = (from, to) => call('GET', `capacity?${query({from, to})}`);
/** @type {(points?: number) => Promise<LayoutPlan[]>} */
export const layouts = points => call('GET', points ? `layouts?${query({points: String(points)})}` : 'layouts');
/** @type {() => Promise<ReadyHead[]>} */
export const readiness = () => call('GET', 'readiness');
/** @type {(session: string) => Promise<ReadyBoard>} */
export const readinessOf = session => call('GET', `readiness/${encodeURIComponent(session)}`);
/** @type {(session: string, check: {points: string[], kind: SlotKind, result: CheckResult, words: string}) => Promise<ReadyBoard>} */
export const noteCheck = (session, check) => call('POST', `readiness/${encodeURIComponent(session)}/checks`, check);
/** @type {(session: string, person: {role: string, unit: string | null, point: string | null, name: string, phone: string}) => Promise<ReadyBoard>} */
export const assign = (session, person) => call('POST', `readiness/${encodeURIComponent(session)}/duties`, person);
/** @type {(session: string, link: {kind: SlotKind, good: boolean, words: string}) => Promise<ReadyBoard>} */
export const noteLink = (session, link) => call('POST', `readiness/${encodeURIComponent(session)}/link`, link);
/** @type {(session: string, step: {point: string, step: string, done: boolean}) => Promise<ReadyBoard>} */
export const noteStep = (session, step) => call('POST', `readiness/${encodeURIComponent(session)}/steps`, step);
/** @type {(duty: string) => Promise<null>} */
export const arrive = duty => call('POST', `duties/${encodeURIComponent(duty)}/arrive`);
/** @type {(duty: string) => Promise<null>} */
export const relieve = duty => call('POST', `duties/${encodeURIComponent(duty)}/relieve`);
/** @type {() => Promise<SelfTestMeasure>} */
export const selfTestMeasure = () => call('GET', 'self-test');
/** @type {(point: string) => Promise<KeptTest[]>} */
export const selfTests = point => call('GET', `points/${encodeURIComponent(point)}/self-tests`);
/** @type {(point: string, test: TakenTest) => Promise<KeptTest>} */
export const keepSelfTest = (point, test) => call('POST', `points/${encodeURIComponent(point)}/self-tests`, test);
/** @type {(session: string) => Promise<AttendedSlot[]>} */
export const attendance = session => call('GET', `sessions/${encodeURIComponent(session)}/attendance`);
/** @type {(session: string) => Promise<Speech[]>} */
export const speeches = session => call('GET', `sessions/${encodeURIComponent(session)}/speeches`);
/** @type {(session: string, point: string, start: string, cause: string) => Promise<AttendedSlot[]>} */
export const explain = (session, point, start, cause) => call('POST', `sessions/${encodeURIComponent(session)}/interruptions`, {point, start, cause});
/** @type {(session: string) => Promise<Lists>} */
export const lists = session => call('GET', `sessions/${encodeURIComponent(session)}/lists`);
/** @type {(session: string) => Promise<Lists>} */
export const askLists = session => call('POST', `sessions/${encodeURIComponent(session)}/lists/ask`);
/** @type {(session: string, point: string, count: number, people: {name: string, position: string}[]) => Promise<Lists>} */
export const giveList = (session, point, count, people) => call('POST', `sessions/${encodeURIComponent(session)}/lists`, {point, count, people});
/** @param {string} session @param {'csv' | 'xlsx'} format */
export const listsFile = (session, format) => new URL(`sessions/${encodeURIComponent(session)}/lists/export?${query({format})}`, BASE).href;
/** @type {(settled: boolean) => Promise<Incident[]>} */
export const incidents = settled => call('GET', `incidents?${query({settled: String(settled)})}`);
/** @type {(id: string, step: string, text: string) => Promise<Incident>} */
export const actOnIncident = (id, step, text) => call('POST', `incidents/${encodeURIComponent(id)}/steps`, {step, text});
/** @type {(session: string) => Promise<ClosingSheet>} */
export const closingSheet = session => call('GET', `sessions/${encodeURIComponent(session)}/closing`);
/** @type {(session: string, point: string | null, item: string, done: boolean) => Promise<ClosingSheet>} */
export const tickItem = (session, point, item, done) => call('POST', `sessions/${encodeURIComponent(session)}/closing`, {point, item, done});
/** @type {(session: string, kind: string) => Promise<ClosingSheet>} */
export const setKind = (session, kind) => call('POST', `sessions/${encodeURIComponent(session)}/kind`, {kind});
/** @type {(session: string) => Promise<{may_add: boolean, documents: SharedDocument[]}>} */
export const documents = session => call('GET', `sessions/${encodeURIComponent(session)}/documents`);
/** @type {(session: string, file: File) => Promise<SharedDocument>} */
export const addDocument = (session, file) => call('POST', `sessions/${encodeURIComponent(session)}/documents?${query({name: file.name})}`, file);
/** @type {(id: string) => Promise<null>} */
export const removeDocument = id => call('POST', `documents/${encodeURIComponent(id)}/remove`);
/** Keep a file behind an assessment or a document of the directory. @type {(path: string, file: File) => Promise<EvidenceFile>} */
export const addEvidence = (path, file) => call('POST', `${path}/files?${query({name: file.name})}`, file);
/** @type {(id: string) => Promise<null>} */
export const removeEvidence = id => call('POST', `directory/files/${encodeURIComponent(id)}/remove`);
/** @param {string} id */
export const evidenceFile = id => `api/v1/directory/files/${encodeURIComponent(id)}`;
/** @param {string} id */
export const documentFile = id => `api/v1/documents/${encodeURIComponent(id)}/content`;
/** @type {(session: string, subject: string, text: string) => Promise<MaterialRequest>} */
export const askMaterial = (session, subject, text) => call('POST', `sessions/${encodeURIComponent(session)}/material-requests`, {subject, text});
/** @type {(session: string, subject: string) => Promise<null>} */
export const offerMaterial = (session, subject) => call('POST', `sessions/${encodeURIComponent(session)}/material-grants`, {subject});
/** @type {() => Promise<MaterialRequest[]>} */
export const materialRequests = () => call('GET', 'material-requests');
/** @type {(id: string, granted: boolean, until: string | null) => Promise<MaterialRequest>} */
export const answerMaterial = (id, granted, until) => call('POST', `material-requests/${encodeURIComponent(id)}/answer`, {granted, until});
/** @type {(session: string, sha256: string) => Promise<Handover>} */
export const receiveRecording = (session, sha256) => call('POST', `sessions/${encodeURIComponent(session)}/recording-received`, {sha256});
/** @type {() => Promise<Feedback[]>} */
export const feedback = () => call('GET', 'feedback');
/** @type {(text: string) => Promise<Feedback>} */
export const giveFeedback = text => call('POST', 'feedback', {text});
/** @type {(id: string, status: string, answer: string) => Promise<Feedback>} */
export const answerFeedback = (id, status, answer) => call('POST', `feedback/${encodeURIComponent(id)}`, {status, answer});
/** @type {() => Promise<Breach[]>} */
export const breaches = () => call('GET', 'breaches');
export const breachesFile = () => 'api/v1/breaches/export';
/** All recordings, page after page. */
export async function recordings() {
  /** @type {Recording[]} */
  const found = [];
  for (let page = null; page === null || page.length === MOST_LISTED; found.push(...page)) {
    const last = found[found.length - 1];
    page = /** @type {Recording[]} */ (await call('GET', `recordings?${query({limit: String(MOST_LISTED), ...(last && {after: last.session})})}`));
  }
  return found;
}
/** @type {(id: string) => Promise<{url: string, expires: string}>} */
export const recordingLink = id => call('POST', `recordings/${encodeURIComponent(id)}/link`);

/** @type {(token: string, password: string) => Promise<Me>} */
export const firstPassword = (token, password) => call('POST', 'first-password', {token, password});
/** @type {() => Promise<Tree>} */
export const directory = () => call('GET', 'directory');
/** @type {(id: string) => Promise<PointCard_>} */
export const pointCard = id => call('GET', `directory/points/${encodeURIComponent(id)}`);
/** @type {(id: string) => Promise<Stock>} */
export const stock = id => call('GET', `directory/points/${encodeURIComponent(id)}/stock`);
/** @type {(id: string) => Promise<Grants>} */
export const grants = id => call('GET', `directory/points/${encodeURIComponent(id)}/grants`);
/** @type {(unit: string) => Promise<PersonalData>} */
export const personalData = unit => call('GET', `directory/units/${encodeURIComponent(unit)}/personal`);
/** @param {string} unit */
export const personalFile = unit => `api/v1/directory/units/${encodeURIComponent(unit)}/personal/export`;
/** @type {(id: string) => Promise<UnitCompliance>} */
export const unitCard = id => call('GET', `directory/units/${encodeURIComponent(id)}`);
/** @type {() => Promise<Provider[]>} */
export const providers = () => call('GET', 'directory/providers');
/** Lines of a provider; people of one need not say which. @type {(provider: string) => Promise<CarrierLines>} */
export const lines = provider => call('GET', `lines?${query(provider ? {provider} : {})}`);
/** @type {(session: string, name: string, phone: string) => Promise<CarrierLines>} */
export const nameContact = (session, name, phone) => call('POST', 'lines/contact', {session, name, phone});
/** @type {(id: string, text: string) => Promise<CarrierLines>} */
export const answerLineFault = (id, text) => call('POST', `lines/incidents/${encodeURIComponent(id)}`, {text});
/** @type {() => Promise<Change[]>} */
export const changes = () => call('GET', 'directory/changes');
/** @type {(unit: string) => Promise<RoomPerson[]>} */
export const people = unit => call('GET', `directory/units/${encodeURIComponent(unit)}/people`);
/** @type {() => Promise<UnitList[]>} */
export const peopleLists = () => call('GET', 'directory/people');
/** Anything that is kept of the directory. @type {(path: string, body?: object) => Promise<any>} */
export const act = (path, body) => call('POST', path, body);
/** @type {() => Promise<Emergency[]>} */
export const emergencies = () => call('GET', 'emergencies');
/** @type {(id: string) => Promise<Emergency>} */
export const acknowledge = id => call('POST', `emergencies/${encodeURIComponent(id)}/acknowledge`);
/** @type {() => Promise<Queue>} */
export const queue = () => call('GET', 'queue');
/** @type {(id: string) => Promise<Standing>} */
export const standing = id => call('GET', `sessions/${encodeURIComponent(id)}/standing`);
/** @type {(id: string) => Promise<Plan>} */
export const holdPlan = id => call('POST', `sessions/${encodeURIComponent(id)}/hold`);
/** @type {(id: string, version: number, reason: string, override: boolean) => Promise<{session: Session | null, plan: Plan | null}>} */
export const confirmPlan = (id, version, reason, override) => call('POST', `sessions/${encodeURIComponent(id)}/confirm`, {version, reason, override});
/** @type {(id: string) => Promise<Session>} */
export const session = id => call('GET', `sessions/${encodeURIComponent(id)}`);
/** @type {(id: string, changes: object) => Promise<Session>} */
export const amend = (id, changes) => call('POST', `sessions/${encodeURIComponent(id)}/amend`, changes);
/** @type {(id: string) => Promise<Extensible>} */
export const extension = id => call('GET', `sessions/${encodeURIComponent(id)}/extension`);
/** @type {(id: string, steps: number) => Promise<Session>} */
export const extend = (id, steps) => call('POST', `sessions/${encodeURIComponent(id)}/extend`, {steps});
/** @type {(id: string, reason: string) => Promise<Session>} */
export const release = (id, reason) => call('POST', `sessions/${encodeURIComponent(id)}/release`, {reason});
/** @type {(id: string) => Promise<Happening[]>} */
export const history = id => call('GET', `sessions/${encodeURIComponent(id)}/history`);
/** @type {(from: string, to: string) => Promise<Entry[]>} */
export const agenda = (from, to) => call('GET', `agenda?${query({from, to})}`);
/** @type {(minutes: number, voices: boolean) => Promise<Estimate>} */
export const estimate = (minutes, voices) => call('GET', `recordings/estimate?${query({minutes: String(minutes), voices: String(voices)})}`);
/** @type {(slot: Slot) => Promise<Busy[]>} */
export const busyPoints = ({start, end}) => call('GET', `points/busy?${query({from: start, to: end})}`);
/** @type {() => Promise<Maximum>} */
export const maximum = () => call('GET', 'capacity/steps');
/** @type {(change: CapacityChange) => Promise<{victims: Brief[]}>} */
export const impact = change => call('POST', 'capacity/impact', change);
/** @type {(change: CapacityChange) => Promise<{victims: Brief[]}>} */
export const setCapacity = change => call('POST', 'capacity/steps', change);
/** @type {(victims: string[], reason: string) => Promise<{victims: Brief[]}>} */
export const shed = (victims, reason) => call('POST', 'capacity/shed', {victims, reason});
/** @type {(from: string, to: string) => Promise<Usage>} */
export const usage = (from, to) => call('GET', `capacity/usage?${query({from, to})}`);
/** @type {() => Promise<Machine[]>} */
export const workers = () => call('GET', 'capacity/workers');
/** @type {() => Promise<Profile[]>} */
export const profiles = () => call('GET', 'profiles');
/** Units on record that are none any longer. @type {() => Promise<Outdated>} */
export const outdatedUnits = () => call('GET', 'units/outdated');
/** What ends on days to come. @type {() => Promise<Ending[]>} */
export const endings = () => call('GET', 'endings');
/** @type {(text: string) => Promise<ProfilePreview>} */
export const previewProfile = text => call('POST', 'profiles/preview', {text});
/** @type {(text: string, digest: string) => Promise<Profile[]>} */
export const fileProfile = (text, digest) => call('POST', 'profiles', {text, digest});
/** @type {(id: string) => Promise<Profile[]>} */
export const withdrawProfile = id => call('POST', `profiles/${encodeURIComponent(id)}/withdraw`);
/** @type {(year: number) => Promise<WorkYear>} */
export const workYear = year => call('GET', `calendar?${query({year: String(year)})}`);
/** @type {(change: {day: string, working: boolean | null, number?: string, dated?: string}) => Promise<WorkYear>} */
export const correctDay = change => call('POST', 'calendar/days', change);
/** @type {(year: number) => Promise<WorkYear>} */
export const confirmYear = year => call('POST', 'calendar/years', {year});
/** @type {(fields: Record<string, string>) => Promise<AuditRow[]>} */
export const audit = fields => call('GET', `audit?${query(fields)}`);
/** @type {() => Promise<AuditCheck>} */
export const auditCheck = () => call('GET', 'audit/check');
/** @type {() => Promise<AuditCheck>} */
export const verifyAudit = () => call('POST', 'audit/check');
/** Where the log is fetched as a file. @type {(fields: Record<string, string>) => string} */
export const auditFile = fields => new URL(`audit/export?${query(fields)}`, BASE).href;
/** @type {(fields: Record<string, string>) => Promise<Report>} */
export const report = fields => call('GET', `reports?${query(fields)}`);
/** @type {(fields: Record<string, string>) => Promise<ReportEntry[]>} */
export const reportRows = fields => call('GET', `reports/sessions?${query(fields)}`);
/** @type {(fields: Record<string, string>) => Promise<ReportPoint[]>} */
export const reportPoints = fields => call('GET', `reports/points?${query(fields)}`);
/** Record that an emergency was looked at afterwards. @type {(session: string, remark: string) => Promise<Review>} */
export const review = (session, remark) => call('POST', `sessions/${encodeURIComponent(session)}/review`, {remark});
/** @type {() => Promise<FigureRequest[]>} */
export const figureRequests = () => call('GET', 'figure-requests');
/** Ask units to go through their figures of a period. @type {(period: Record<string, string>, body: {title: string, due: string}) => Promise<FigureRequest>} */
export const askFigures = (period, body) => call('POST', `figure-requests?${query(period)}`, body);
/** @type {(id: string, body: {figures: Record<string, number>, remark: string}) => Promise<FigureAnswer>} */
export const answerFigures = (id, body) => call('POST', `figure-requests/${encodeURIComponent(id)}`, body);
/** The checklists of a point; of the system without one. @type {(point: string) => Promise<Checklist[]>} */
export const controls = point => call('GET', `controls?${query(point ? {point} : {})}`);
/** @type {(said: {checklist: string, point: string | null, item: string, state: string, remark: string}) => Promise<Checklist[]>} */
export const sayControl = said => call('POST', 'controls', said);
/** How the laptops of points stand. @type {() => Promise<CheckedPoint[]>} */
export const controlPoints = () => call('GET', 'controls/points');
/** @type {(point: string) => string} */
export const controlsFile = point => new URL(`controls/export?${query(point ? {point} : {})}`, BASE).href;
/** Where a report is fetched as a file. @type {(fields: Record<string, string>) => string} */
export const reportFile = fields => new URL(`reports/file?${query(fields)}`, BASE).href;
/** @type {() => Promise<LetterRow[]>} */
export const letters = () => call('GET', 'letters');
/** @type {(id: string) => Promise<OpenedLetter>} */
export const letter = id => call('GET', `letters/${encodeURIComponent(id)}`);
/** @type {(id: string) => Promise<LetterRow>} */
export const handleLetter = id => call('POST', `letters/${encodeURIComponent(id)}/handled`);
/** @type {(id: string) => Promise<LetterRow>} */
export const acceptLetter = id => call('POST', `letters/${encodeURIComponent(id)}/accept`);
/** @type {() => Promise<NoticeRow[]>} */
export const notices = () => call('GET', 'outbox');
/** @type {(id: string) => Promise<null>} */
export const sendAgain = id => call('POST', `outbox/${encodeURIComponent(id)}/again`);
/** @type {() => Promise<OwedAnswers>} */
export const answers = () => call('GET', 'answers');
/** @type {(id: string) => Promise<MailDraft>} */
export const letterDraft = id => call('GET', `drafts/${encodeURIComponent(id)}`);
