/**
 * The values of docs/protocol.md as the pages see them, for the types of all scripts. Times are RFC 3339 in UTC. Written
 * by hand: decision 71.
 */

type Role = 'host' | 'component' | 'observer';
type LayoutKind =
  | 'grid' | 'speaker' | 'single' | 'lecture' | 'side-by-side' | 'content' | 'panorama'
  | '1+5' | '1+7' | '1+9' | '1+12' | '1+33' | '2+8' | '2+21' | '3+4'
  | '2x2' | '3x3' | '4x4' | '5x5' | '6x6' | '7x7' | '8x8';
type MicState = 'off' | 'blocked' | 'invited' | 'on' | 'live';
type ItemKind = 'speech' | 'show' | 'discussion' | 'break' | 'vote' | 'secret-vote';
type DeviceKind = 'mic' | 'camera';
/** What a peer connection sends. */
type SentKind = DeviceKind | 'content';

interface Slot { start: string; end: string }
interface Named { id: string; name: string }
/** A point: the name that its devices have, and its Vietnamese name. */
interface NamedPoint extends Named { label: string }

interface SignedInUser { account: string; name: string; roles: string[]; unit: Named | null; point: (Named & {label: string}) | null; provider: Named | null; language: string; must_change: boolean; must_enrol: boolean; idle_minutes?: number | null; kind: AccountKind; administration?: string | null; signs?: boolean; recovery_codes_due?: boolean }
/** Our own account, one of a provider of OpenID Connect, or one of a directory. */
type AccountKind = 'own' | 'oidc' | 'ldap'
interface SignInWays { oidc: string | null; ldap: string | null }
interface SsoAnswer { code: string; state: string; issuer: string }
interface AccountReviews {
  accounts: number; disabled: number; seal: string; due: string | null; overdue: boolean; may_confirm: boolean;
  reviews: { at: string; by: string; accounts: number; disabled: number; remark: string }[];
}
interface KnownAccount { account: string; name: string; roles: string[]; unit: Named | null; kind: AccountKind; disabled: boolean }
/** `demanded`: the policy demands a second factor of the user. */
interface SecurityKey { id: string; name: string; created: string; last_used: string | null; here: boolean }
/** `keys_possible`: browsers use security keys at this address. */
interface SecondFactorState { totp: string | null; keys: SecurityKey[]; keys_possible: boolean; recovery_codes: number; demanded: boolean }
/** WebAuthn's options with bytes as base64url. */
interface KeyCreationOptions {
  rp: { id: string; name: string }; user: { id: string; name: string; displayName: string }; challenge: string; timeout: number;
  pubKeyCredParams: { type: 'public-key'; alg: number }[]; excludeCredentials: { type: string; id: string }[];
  authenticatorSelection: { residentKey: 'discouraged'; userVerification: 'preferred' }; attestation: 'none';
}
interface KeyRequestOptions { rpId: string; challenge: string; timeout: number; userVerification: 'preferred'; allowCredentials: { type: string; id: string }[] }
interface KeyAnswer { credential: string; client_data: string; authenticator_data: string; signature: string }
/** The secret of an authenticator app, as text and as the URI for a QR code. */
interface NewApp { secret: string; uri: string }
interface RecoveryCodes { recovery_codes: string[] }
interface SignedInDevice { id: string; since: string; address: string; browser: string; current: boolean }
interface CalendarLinkState { created: string; made_by: string }
/** `unit_allowed`: the user may make and revoke the link of the unit. */
interface CalendarLinkStates { account: CalendarLinkState | null; unit: CalendarLinkState | null; unit_allowed: boolean }
interface Unit { id: string; name: string; level: string; parent: string | null }
interface Point { id: string; name: string; label: string; unit: string; level: string; devices: number }

type PointState = 'draft' | 'awaiting' | 'passed' | 'active' | 'suspended' | 'withdrawn';
interface TreeUnit { id: string; name: string; level: string; parent: string | null; valid_from: string | null; valid_to: string | null; quota: number | null }
/** A point that was taken over in operation is to be assessed by `first_due`. */
interface TreePoint { id: string; name: string; label: string; unit: string; state: PointState; devices: number; aliases: string[]; first_due: string | null }
interface FormItem { id: string; name: string; article: string; remediable: boolean }
/** The directory: units and points in registry order, and the form that points are assessed by. */
interface DirectoryTree { levels: { id: string; name: string; code: string | null }[]; units: TreeUnit[]; points: TreePoint[]; items: FormItem[]; may_edit: boolean }
/** A file behind an assessment or a document. */
interface EvidenceFile { id: string; name: string; kind: string; bytes: number; sha256: string; by: string; at: string }
interface AssessmentDone { id: string; files: EvidenceFile[]; at: string; assessor: string; result: 'passed' | 'conditional' | 'failed'; reference: string; expires: string | null }
interface Exemption { id: string; files: EvidenceFile[]; kind: 'points' | 'internet'; extra: number; number: string; dated: string; valid_to: string | null }
/** All that is on record of a point; `lacks` prevents it from being active. */
interface PointDetails {
  point: TreePoint; account: string | null; assessments: AssessmentDone[]; exemptions: Exemption[]; moves: string[]; may_edit: boolean;
  room: { address: string; seats: number | null; managing_unit: string | null; security_owner: string; note: string };
  history: { at: string; move: string; state: PointState; by: string; reason: string }[]; lacks: { field: string; word: string; text: string }[];
}
interface ImportPreview { seal: string; steps: { line: number; what: 'add' | 'change'; text: string }[]; same: number }
interface Grants { needed: boolean; sessions: { session: string; number: string; title: string; official: Slot; granted: boolean }[] }
interface UnitCompliance {
  own_active: number; own: number; below_active: number; below: number; assessed: number; ending: number; taken_over: number; drift: number; people: number; untrained: number;
  updated: string | null; stale: boolean; breaches: Record<string, number>;
}
/** Numbers of personal entries of a unit: all, and those that are no longer needed. */
interface PersonalData { entries: number; erasable: number }
interface IssuedAccount { account: string; sent: boolean; link: string | null; expires: string }
interface Device {
  id: string; number: number; name: string; kind: string; model: string; serial: string; address: string | null; protocol: string; firmware: string; patched: string | null;
  dial_out: boolean; security_owner: string; asset_number: string; asset_year: number | null; asset_source: string; user_agent: string; codecs: string; port: number | null; transport: string;
  encryption: 'off' | 'wished' | 'exposed' | 'demanded'; sip_user: string; stream_path: string; auth_user: string; sip_profile: string; camera_control: boolean; picture_kbps: number | null; media_addresses: string; has_pin: boolean; has_password: boolean; overdue: boolean; registered: string | null; reachable: boolean | null;
}
interface TracedMessage { at: string; sent: boolean; text: string }
/** The SIP messages of one call; `left_out` counts those for which there was no room. */
interface TracedCall { messages: TracedMessage[]; left_out: number }
/** Codecs, packetization modes and level (in tenths) of H.264, and bit rate that room systems of a make are offered. */
interface SipProfile { id: string; name: string; transport: string; sounds: string[]; modes: number[]; level: number; kbps: number; simple: boolean; keys: string; session_s: number | null; bfcp: string; bfcp_version: number; high: boolean }
/** Rates are kbit/s. */
interface Line {
  id: string; type: string; provider: string | null; subscribed_kbps: number; dedicated: boolean; ranges: string[]; up_kbps: number | null; down_kbps: number | null; slow: boolean;
}
interface DaySession { id: string; title: string; number: string; host: string; phase: string; current: string | null; slots: (Slot & { kind: string })[] }
/** What a room display does; `silent` while its browser blocks sound, `fault` the word why it cannot join. */
interface DisplayReport {
  session: string | null; state: 'idle' | 'joining' | 'joined' | 'lost'; mic: boolean; camera: boolean; floor: boolean; view: string; volume: number; silent: boolean; fault: string; vote: AskedVote | null; points: { seat: string; name: string }[];
}
/** A vote in progress that the point of a display is entitled to. */
type AskedVote = Pick<Vote, 'id' | 'number' | 'question' | 'choices' | 'secret' | 'voted' | 'choice' | 'deadline'>;
type DisplayCommand =
  | { action: 'join'; session: string } | { action: 'leave' } | { action: 'mic' | 'camera'; on: boolean } | { action: 'view'; view: string } | { action: 'volume'; volume: number } | { action: 'vote'; vote: string; choice: number };
interface DisplayTurn {
  now: string; turn: string; version: string; point: Named & { label: string }; name: string; sends: boolean; notice: string | null; sessions: DaySession[]; commands: DisplayCommand[];
}
interface RoomDisplay { device: string; point: Named & { label: string }; name: string; sends: boolean; paired: string; report: DisplayReport | null }
/** A room display with the sessions of its day. */
interface ControlledDisplay { display: RoomDisplay; sessions: DaySession[] }
interface RoomDisplays { displays: RoomDisplay[]; notice: string | null; dedicated: string | null }
interface DirectoryChange { id: string; point: string; kind: 'request' | 'drift'; field: string; old: string; new: string; reason: string; state: string; by: string }
interface PointEquipmentList { devices: Device[]; profiles: SipProfile[]; lines: Line[]; changes: DirectoryChange[] }
interface Provider { id: string | null; name: string; contact: string; phone: string; email: string }
/** An access line, as its provider sees it. */
interface ProviderLine { id: string; point: NamedPoint; type: string; subscribed_kbps: number; up_kbps: number | null; down_kbps: number | null; ranges: string[]; slow: boolean }
interface ProviderSession {
  id: string; number: string; host: string; slots: (Slot & { kind: 'tong_duyet' | 'chinh_thuc' })[]; due: string;
  points: { id: string; name: string; label: string; minutes: number; lossy: number; now: LineMeasured | null }[];
  contact: { name: string; phone: string } | null; centre: { name: string; phone: string } | null;
}
interface LineIncident {
  id: string; number: string; point: NamedPoint | null; kind: string; state: string; opened: string; measured: LineMeasured | null; said: { at: string; answer: boolean; text: string }[];
}
interface LineMeasured { up: number; down: number; jitter: number; round_trip: number }
interface ProviderOverview { provider: Named; lines: ProviderLine[]; sessions: ProviderSession[]; incidents: LineIncident[]; may_answer: boolean }
interface RoomPerson {
  id: string; name: string; role: 'manager' | 'technician'; phone: string; email: string; trained: string | null; valid_from: string; valid_to: string | null;
  account: string | null; serving: boolean; untrained: boolean;
}
interface UnitList { unit: string; name: string; updated: string | null; stale: boolean; people: RoomPerson[] }

interface Session {
  id: string; number: string; title: string; host: { point: string; name: string; label: string }; points: NamedPoint[];
  rehearsal: Slot | null; official: Slot; contact_name: string | null; contact_phone: string | null; recording: boolean; voices: boolean; legs: number;
  state: 'waiting' | 'issued' | 'revoked' | 'cancelled'; phase: Phase; people: number | null; people_at: Record<string, number>;
  code: string | null; withheld: boolean; may_control: boolean; may_cancel: boolean; may_draft_minutes: boolean; received: string; effective: string;
}

interface ClassRules { name: string; article: string; needs_reason: boolean; grounds: Record<string, string> }
/** What the profile in force lets a registration choose from: codes with their names. */
interface Template { name: string; purpose: string; host_level: string; point_levels: string[]; recording: boolean }
interface Rules {
  legal_basis: { number: string; dated: string | null }[]; replaces: string[];
  registration: { office_level: string; purposes: Record<string, string>; kinds: Record<string, string>; forms: Record<string, string>; support: Record<string, string>; templates: Template[] };
  capacity: { recorder_legs: number; link_legs: number };
  preparation: { link_purposes: string[] };
  classes: Record<string, ClassRules>;
}
interface Profile { id: string; version: number; in_force: boolean; content: Rules }
interface Deadlines { received: string; effective: string; latest: string | null; late: boolean; reply: string; check: string; rehearsal: string; provisional: boolean }

/** A registration that waits for the unit that may submit it; `content` is what was typed, unchecked. */
interface Draft {
  id: string; number: string; unit: Named; origin: Named | null; channel: 'form' | 'mail'; source: string; content: Record<string, any>;
  arrived: string; state: 'open' | 'confirmed' | 'discarded'; reason: string; by: string; settled: string | null; session: string | null; may_settle: boolean;
}

interface Registration {
  title: string; host_point: string; points: string[]; rehearsal: Slot | null; official: Slot;
  contact_name: string; contact_phone: string; recording: boolean; voices: boolean; script: ScriptItem[]; wait?: boolean;
  class: string; ground: string; reason: string; purpose: string; kind: string; form: string; secret: boolean | null; people: number | null; people_at: Record<string, number>;
  support: string[]; support_note: string; second_name: string; second_phone: string;
}
/** `point` null is the host point, `layout` null leaves the picture as it is. */
interface ScriptItem { id: string; title: string; point: string | null; layout: LayoutKind | null; minutes: number; kind: ItemKind }
/** `spent` is in seconds, until `since` for the item that is on. */
interface ScriptedItem extends ScriptItem { spent: number }
interface ScriptState { items: ScriptedItem[]; at: string | null; since: string | null }

interface Limit { max: number; usable: number }
interface CapacityStep { start: string; end: string; sessions: number; points: number }
interface Capacity { sessions: Limit; points: Limit; steps: CapacityStep[]; waiting: CapacityStep[] }

type Phase = 'waiting' | 'revoked' | 'upcoming' | 'lobby' | 'open' | 'ended' | 'cancelled';
/** A session in few words. */
interface SessionBrief {
  id: string; number: string; title: string; host: string; level: string; official: Slot; rehearsal: Slot | null; legs: number; klass: string; phase: Phase;
}
interface Reason extends Slot {
  limit: 'sessions' | 'points'; usable: number; needed: number; largest: number; impossible: boolean; holders: SessionBrief[]; suggestions: (Slot & {rehearsal: Slot | null})[];
}
interface Plan { version: number; victims: SessionBrief[]; spared: SessionBrief[]; until: string }
interface Approval { id: string; action: 'confirm-plan' | 'shed' | 'change-roles'; session: SessionBrief | null; victims: SessionBrief[]; account: string | null; roles_before: string[]; roles: string[]; reason: string; asked_by: string; asked: string; expires: string; state: 'asked' | 'emergency'; mine: boolean }
/** An emergency; `phase` is null while it is still a letter. */
interface Emergency {
  id: string; number: string; host: string; title: string; ground: string; reason: string; official: Slot | null; received: string; phase: Phase | null;
  seen: { by: string; at: string } | null;
}
interface QueueStanding {
  session: SessionBrief; state: 'waiting' | 'revoked'; since: string; servable: boolean; victims: SessionBrief[]; costs: number; reason: Reason | null; held: Plan | null; ahead: SessionBrief[];
}
interface Overrun { session: SessionBrief; reason: Reason }
interface Queue { waiting: QueueStanding[]; overruns: Overrun[]; now: string }
interface Extensible { steps: number; step_min: number; warn_min: number; end: string }
interface Happening { at: string; kind: string; by: string | null; reason: string; cause: string | null; profile: string }
/** What became of a session at a system below; `number` is the session's there, `detail` why it is not held there. */
interface CascadeReservation { point: string; label: string; state: 'unanswered' | 'waiting' | 'accepted' | 'refused' | 'revoked' | 'cancelled' | 'withdrawn'; number: string; detail: string; at: string }
/** One slot in the calendar of sessions. */
interface CalendarEntry extends Slot { id: string; number: string; title: string; host: string; level: string; kind: 'tong_duyet' | 'chinh_thuc'; legs: number; phase: Phase; check_due: string }
/** A slot on the first page; `title` and `code` are null for who may not know them, `action` is the main thing to do about it. */
interface TodaySlot extends Slot {
  id: string; number: string; title: string | null; host: string; kind: 'tong_duyet' | 'chinh_thuc'; phase: Phase; code: string | null; withheld: boolean;
  action: 'control' | 'join' | 'prepare' | 'queue' | 'watch' | null; called: string[];
}
interface OwedWork { kind: string; count: number; due: string | null }
/** A step of a first start; `count` of `whole`, where it is one of many. */
interface SetupStep { kind: string; done: boolean; count: number | null; whole: number | null; at: string | null }
interface Today { now: string; slots: TodaySlot[]; coming: TodaySlot[]; owed: OwedWork[] }
/** Bytes that a recording takes, and that may still be taken. */
interface Estimate { bytes: number; free: number; reserve: number }
/** A point that is in a session; `title` null: of one the reader may not see. */
interface BusyPoint extends Slot { point: string; title: string | null }
/** Whether a session fits at its times, and other free times. */
interface FreeTimes { fits: boolean; others: (Slot & {rehearsal: Slot | null})[] }
interface RatedStep { since: string | null; sessions: Limit; points: Limit }
interface RatedCapacity { share: {num: number, den: number}; test_legs: number; steps: RatedStep[] }
interface CapacityChange { since: string | null; until: string | null; sessions: number; points: number; reason: string }
interface LoadPeak { load: number; at: string | null }
/** A machine that moves media: the server's own without a name, one that is not connected without workers. */
interface MediaAddress { host: string; port: number }
interface MediaProbe { fragment: string; password: string; addresses: MediaAddress[]; tcp: MediaAddress[] }
/** Whether recordings are transcribed, and what captions come from; `missing` is what they cannot be made without. */
interface SpeechRecognition { transcripts: boolean; captions: { kind: 'none' | 'script' | 'model'; missing: string } }
/** A media worker; `drained`: it takes no more rooms, and those that it has move elsewhere. */
interface MediaWorker { name: string; rooms: number; seats: number; records: boolean; drained: boolean; caption_pct: number | null }
/** A session that the system below called `label` does not hold: `refused`, `revoked` or `cancelled`. */
interface NotHeld { session: string; label: string; state: string }
/** A system above, with our point in its sessions, or below, with its URL; `heard` and `fault` are since the server started. */
interface Neighbour { name: string; direction: 'above' | 'below'; point: string; label: string; our_point: string; our_label: string; url: string; heard: string | null; fault: string; accepted: number }
interface NewApiToken { name: string; scopes: string[]; unit: string | null; networks: string[]; expires: string }
interface ApiToken { name: string; scopes: string[]; unit: {id: string; name: string} | null; networks: string[]; state: 'valid' | 'expired' | 'revoked'; created: string; made_by: string; expires: string; revoked: string | null; used: string | null; used_address: string }
interface NewWebhook { name: string; url: string; events: string[] }
interface Webhook { name: string; url: string; events: string[]; created: string; made_by: string; paused: string | null; before_until: string | null }
interface WebhookDelivery { id: string; message: string; webhook: string; event: string; state: 'waiting' | 'sent' | 'failed'; tries: number; error: string; created: string; due: string; sent: string | null }
/** What `diemcau setup --web` finds on the server. */
interface SetupState {
  host: string; port: number; profile: string; units: number; certificate: boolean; administrators: string[];
  mail: {host: string; port: number; tls: string; user: string; sender: string} | null;
  groups: string; sso: string; sessions: number; points: number; capacity_recorded: boolean;
}
interface SetupResult { lines: string[]; next: string[]; url: string; account: string; password: string; authority: string }
interface MediaMachine { name: string | null; workers: MediaWorker[]; without_place: number | null }
/** CPU in percent of a core of a session of so many points; `recorded` comes on top of `forwarded`. */
interface SessionCosts { measured: string; machine: string; cores: number; points: number; forwarded: number; composed: number; recorded: number }
interface Costs { session: SessionCosts | null; recordings: ComposedWhen }
interface Usage { sessions: LoadPeak; points: LoadPeak; waited: number; revoked: number; refused: number }
interface Profile {
  id: string; version: number; title: string; effective_from: string | null; effective_to: string | null; in_force: boolean; recorded: string; digest: string; content: any; may_withdraw: boolean;
}
/** What a profile file would change, from its day on. */
interface ProfilePreview {
  id: string; version: number; title: string; effective_from: string; effective_to: string | null; digest: string; content: any; follows: string; before: any;
}
/** Units on record that have ended, and what brings them up to date: a setting, then files to import in order. */
interface Outdated { units: {id: string; name: string}[]; profiles: string; files: string[] }
/** What ends on a day, since other rules begin or units end. */
interface Ending {
  day: string; profile: string | null; units: {id: string; name: string; level: string; why: 'last-day' | 'level'; successor: string | null}[]; hosts: NamedPoint[];
  sessions: SessionBrief[]; accounts: {account: string; name: string; unit: string | null}[]; operators: {before: string; after: string} | null;
}
interface SpecialDay { day: string; working: boolean; number: string | null; dated: string | null; by: string | null }
interface WorkYear { year: number; confirmed: boolean; days: SpecialDay[] }

interface Part {
  id: string; part: number; started: string; seconds: number | null; bytes: number | null; state: 'recording' | 'finishing' | 'ready' | 'broken' | 'deleted';
  reason: string | null; failure: string | null; recomposable: boolean; sha256: string | null; thumbnail: string | null; composing: Composing | null; wait: Wait | null; chapters: Chapter[]; solos: Solo[];
}
/** When the picture of a recording is composed. */
type ComposedWhen = 'live' | 'afterwards';
/** How much of a recording is composed by now, and when it will be ready, if that is known. */
interface Composing { percent: number; ready: string | null }
/** Why a file is not made now, since when, and how many bytes are free for recordings. */
interface Wait { reason: 'disk-full' | 'busy'; since: string; free: number | null }
/** The sound of one point in a file of its own. */
interface Solo { id: string; name: string; seconds: number; bytes: number; sha256: string }
/** A chapter of a recording. */
interface Chapter { seconds: number; title: string }
/** A session's recording: its only part, or (part 0) what joins them all. */
interface Recording extends Part { session: string; title: string; host: string; access: 'owner' | 'granted' | 'asked' | 'none'; handover: Handover | null; parts: Part[] }
/** A text of an utterance, by an account or (`by` is empty) by the model. */
interface Wording { text: string; by: string; at: string }
/** What a point said, in seconds of the session's recording; `wordings` has the newest text first. */
interface Utterance { recording: string; number: number; start: number; end: number; point: string; text: string; wordings: Wording[] }
/** The state of a session's transcript; `recording` is the id of what is played. */
interface TranscriptStanding { session: string; recording: string; state: 'ready' | 'waiting' | 'failed' | 'off' | 'none'; percent: number | null; ready: string | null; reason: string | null }
interface Transcript extends TranscriptStanding { may_correct: boolean; utterances: Utterance[] }
/** The first places of a recording in which a text is found, of so many. */
interface FoundInTranscript { session: string; recording: string; title: string; started: string; count: number; utterances: Utterance[] }
interface Handover {
  standing: 'due' | 'overdue' | 'received' | 'late' | 'deleted'; ended: string; due: string; told: string; digest: string;
  received: string | null; received_by: string; keep_until: string | null; deleted: string | null; may_receive: boolean;
}
interface ClosingPlace { point: NamedPoint | null; items: { id: string; name: string; by: string | null; at: string | null }[]; turn: string | null; may_tick: boolean }
interface ClosingSheet { session: string; may_set_kind: boolean; kind: string | null; kinds: Record<string, string>; complete: boolean; missing: number; lists: ClosingPlace[] }
interface SharedDocument { id: string; name: string; kind: string; bytes: number; sha256: string; by: string; at: string; access: 'yes' | 'asked' | 'no'; units: string[] }
interface MaterialRequest {
  id: string; session: Named; number: string; subject: string; subject_name: string; unit: Named; asked_by: string; asked: string; text: string;
  answer: 'waiting' | 'granted' | 'refused'; answered_by: string; answered: string | null; until: string | null; may_answer: boolean;
}

type IncidentState = 'open' | 'taken' | 'provider' | 'resolved';
interface Incident {
  id: string; session: Named & { number: string }; point: NamedPoint | null; kind: string; level: 1 | 2; text: string; reporter: string; opened: string; resolved: string | null;
  measured: { up: number; down: number; jitter: number; round_trip: number } | null; state: IncidentState; assignee: string; provider: string | null;
  steps: { at: string; kind: string; by: string; text: string }[]; may_act: boolean;
}
/** Causes of a bad connection; `CAUSES` of `operations/quality-words.js` has them in order. */
type QualityCause = 'disconnected' | 'server' | 'up' | 'down' | 'tcp' | 'delay' | 'jitter' | 'narrow-down' | 'narrow-up' | 'device' | 'camera' | 'frozen' | 'limited';
type QualityMeasure = 'up' | 'down' | 'missing' | 'jitter' | 'round_trip' | 'received' | 'sent' | 'camera' | 'picture' | 'late' | 'frozen' | 'decode' | 'dropped' | 'fps';
interface QualityFinding { cause: QualityCause; start: string; end: string; share: number; mean: number | null; worst: number | null }
interface QualityMeans { up: number | null; down: number | null; jitter: number | null; round_trip: number | null; received: number | null; sent: number | null }
interface QualitySeat { seat: string; name: string; kind: 'browser' | 'system'; product: string; start: string; end: string; causes: QualityCause[] }
interface QualitySession extends Named { number: string; start: string; end: string; live: boolean }
interface SessionQuality { session: QualitySession; points: { point: NamedPoint; devices: QualitySeat[] }[] }
interface SeatQuality {
  session: QualitySession; point: NamedPoint; device: QualitySeat; findings: QualityFinding[]; means: QualityMeans; step_s: number; values: Record<QualityMeasure, (number | null)[]>;
  lines: { type: string; provider: string; subscribed_kbps: number; up_kbps: number | null; down_kbps: number | null }[];
}
/** An unresolved incident as those in the meeting see it. */
interface IncidentMark { id: string; kind: string; level: 1 | 2; point: string | null; text: string; state: IncidentState; opened: string; reporter: string; assignee: string; provider: string | null }
/** The call to a room system; `at` is when it is called again, `status` the SIP status of a failed call, 0 without a response; `inside` names who is in the room of another MCU, `inside_more` are how many others. */
interface SystemCall { device: string; point: string; name: string; state: 'waiting' | 'calling' | 'connected' | 'silent' | 'left' | 'taken' | 'full' | 'elsewhere' | 'unreserved'; at: string | null; status: number; account: '' | 'missing' | 'refused'; gatekeeper: '' | 'absent' | 'unknown' | 'denied' | 'full'; protection: '' | 'encrypted' | 'exposed' | 'clear' | 'demanded' | 'certificate'; media: '' | 'taken' | 'dropped'; media_from: string; inside: string[]; inside_more: number }
interface WeakLine { seat: string; loss: number; jitter: number; round_trip: number }

type SlotKind = 'tong_duyet' | 'chinh_thuc';
type Colour = 'red' | 'amber' | 'green' | 'none';
type CheckResult = 'ok' | 'faulty' | 'waived';
interface ReadyHead { id: string; number: string; title: string; host: string; kind: SlotKind; start: string; end: string; due: string; colour: Colour; counts: Record<Colour, number> }
interface ReadyMark { item: string; colour: Colour; word: string; value: string }
interface ReadyPoint { point: string; name: string; label: string; district: string; colour: Colour; marks: ReadyMark[]; steps: { id: string; name: string; done: string | null }[]; may_check: boolean; own: boolean }
interface ReadyDuty { id: string; role: string; point: string | null; unit: string | null; name: string; phone: string; arrived: string | null; may_change: boolean }
/** `units` are those that send somebody on site. */
interface ReadyBoard { session: ReadyHead; urgent: boolean; may_assign: boolean; units: Named[]; marks: ReadyMark[]; duties: ReadyDuty[]; points: ReadyPoint[] }

interface SelfTestMeasure { mic_dbfs: [number, number]; min_luma: number; min_kbps: number; ticks: Named[] }
interface SelfTestResult {
  camera: boolean; mic_dbfs: number | null; luma: number | null; down_kbps: number | null; up_kbps: number | null; latency_ms: number | null;
  browser: string; screen: string; ticks: string[]; device: string;
}
interface SavedSelfTest extends SelfTestResult { at: string; by: string; failed: string[] }

interface Redial { name: string; kind: 'lost' | 'tried' | 'back'; at: string }
interface Interruption { start: string; end: string | null; seconds: number; cause: string; by: string }
interface AttendedPoint {
  point: string; name: string; label: string; present: boolean; late: number; seconds: number; availability: number;
  stays: { joined: string; left: string | null }[]; interruptions: Interruption[]; redials: Redial[];
}
interface AttendedSlot extends Slot { kind: SlotKind; expected: number; present: number; points: AttendedPoint[] }
/** How long a point was the active speaker. */
interface SpeakingTime { point: string; name: string; label: string; seconds: number }
interface Speech { point: string; name: string; place: number; topic: string; start: string; end: string | null }
interface AttendeeList { point: string; name: string; label: string; count: number; people: { name: string; position: string }[]; by: string; at: string | null }
interface AttendeeLists { asked: string | null; expected: number; submitted: number; may_ask: boolean; lists: AttendeeList[] }
interface Feedback {
  id: string; unit: Named; by: string; at: string; text: string; status: 'new' | 'handled' | 'forwarded'; answer: string; answered_by: string; answered: string | null; may_answer: boolean;
}
interface Breach { at: string; kind: 'late' | 'missed' | 'absent' | 'unchecked' | 'uninvited' | 'name' | 'drift' | 'closing' | 'receipt' | 'figures'; article: string; unit: Named; session: Named | null; number: string; point: NamedPoint | null }
/** A letter to the official mailbox; `draft` is the id of what it became. */
interface LetterRow {
  id: string; sender: string; subject: string; arrived: string; size: number; unit: Named | null; verdict: 'pass' | 'fail' | 'none'; authentication: string;
  fate: 'draft' | 'person' | 'answered' | 'ignored'; reason: string; draft: string | null; handled: string | null; handled_by: string;
}
interface OpenedLetter extends LetterRow { body: string; attachments: string[] }
/** A draft made from a letter: fields of a registration, where in the letter each was read, and open questions. */
interface MailDraft {
  id: string; number: string; state: 'open' | 'confirmed' | 'discarded';
  content: { read?: { field: string; where: string; said: string }[]; questions?: { field: string; word: string; value: string }[]; [field: string]: any };
}
interface NoticeRow {
  id: string; kind: string; channel: string; number: string; host: string; state: 'waiting' | 'sent' | 'failed'; tries: number; error: string;
  created: string; due: string; sent: string | null;
}
interface OwedReply {
  subject: string; kind: 'draft' | 'session'; number: string; unit: Named; klass: string; received: string; effective: string; due: string; passed: number;
}
interface OwedReplies { open: OwedReply[]; on_time: number; late: number }

interface AuditEntry {
  id: number; at: string; actor: string; action: string; subject: string; detail: string; address: string; port: number; profile: string; seal: string;
}
/** A call with a room system: losses are shares (0 to 1), the round trip is in seconds; null: nothing was measured. */
interface CallRecord {
  id: number; began: string; answered: string | null; ended: string | null; device: string; point: string; name: string; direction: 'in' | 'out'; purpose: 'session' | 'front-door' | 'test';
  address: string; transport: string; session: string; number: string; outcome: string; status: number; sound: string; picture: string; protection: string;
  lost_up: number | null; lost_down: number | null; round_trip: number | null; report: CallTestReport | null;
}
/** What sound or picture of a test call carried; `lost_there` is null where the device reported nothing. */
interface StreamReport {
  received_codec: string; received: number; received_octets: number; lost: number; sent_codec: string; sent: number; lost_there: number | null; named: string; source: string;
  width: number; height: number; pictures: number; keyframes: number; keyframe_after: number | null;
  sent_width: number; sent_height: number; sent_pictures: number;
}
interface CallTestReport { seconds: number; round_trip: number | null; sound: StreamReport | null; picture: StreamReport | null; picture_rate: number; picture_kbps: number; sent_rate: number; findings: string[] }
interface CallTestResult { began: string; target: string; state: 'calling' | 'measuring' | 'done'; outcome: string; status: number; transport: string; protection: string; report: CallTestReport | null }
/** `broken` is the first entry that was changed; `head` the seal of the `last` entry that was not. */
interface AuditCheck { checked: string | null; entries: number; last: number; head: string; broken: number | null }

type FigureName = 'registered' | 'sessions' | 'minutes' | 'points' | 'recorded' | 'late' | 'answered_late' | 'waited' | 'revoked' | 'cancelled' | 'incidents'
  | 'expected' | 'present' | 'absent' | 'due_s' | 'there_s' | 'line_min' | 'lossy_min' | 'owed' | 'sent' | 'confirmed' | 'emergencies' | 'reviewed';
/** Shares in thousandths; null where there is nothing to take a share of. */
interface ReportShares { points: number | null; lines: number | null; handed: number | null }
interface ReportRow { key: string; name: string; figures: Record<FigureName, number>; shares: ReportShares; before: number | null }
interface Report {
  title: string; period: Slot; total: ReportRow['figures']; shares: ReportShares; uptime: { permille: number | null; outages: Slot[] };
  rows: Record<'unit' | 'level' | 'class' | 'purpose' | 'kind' | 'month', ReportRow[]>;
  usage: { sessions: number; points: number; points_at: string | null; waited: number; revoked: number; refused: number };
  carriers: ProviderRow[]; corrections: Correction[];
}
interface ProviderRow { month: string; provider: string; name: string; lines: number; sessions: number; minutes: number; lossy: number; incidents: number; restored: number; restore: number | null }
interface ReportEntry { id: string; number: string; title: string; unit: string; start: string; end: string; state: string; klass: string; expected: number; present: number; ground: string; reason: string; review: Review | null; reviewable: boolean }
interface ControlRow {
  item: string; group: string; text: string; proof: string[]; id: string | null; state: 'met' | 'partly' | 'unmet' | 'not_applicable' | null; remark: string; by: string; at: string | null; due: string | null;
  overdue: boolean; files: EvidenceFile[];
}
interface Checklist { id: string; name: string; basis: string; of: 'system' | 'point'; months: number; open: number; may_set: boolean; rows: ControlRow[] }
interface CheckedPoint { point: Named; label: string; open: number; at: string | null; by: string; due: string | null; overdue: boolean }
interface SecurityIncident {
  id: string; found: string; severity: 'interruption' | 'serious' | 'ordinary'; text: string; by: string; at: string; due: string;
  report_state: 'due' | 'overdue' | 'reported' | 'late' | 'unneeded'; reported: string | null; reported_to: string; reported_by: string;
  closed: string | null; closed_by: string; outcome: string;
}
interface SecurityYear { year: number; due: string; overdue: boolean; incidents: Record<string, number>; at: string | null; to: string; by: string }
interface SecurityRegister { incidents: SecurityIncident[]; yearly: SecurityYear; missed: SecurityYear[]; may_change: boolean }
interface FigureAnswer { unit: Named; counted: Record<string, number>; said: Record<string, number> | null; remark: string; by: string; at: string | null; standing: 'waiting' | 'overdue' | 'confirmed' | 'corrected' }
interface FigureRequest { id: string; title: string; period: Slot; due: string; by: string; at: string; asked: number; answered: number; answers: FigureAnswer[]; may_answer: boolean }
interface Correction { unit: string; name: string; figure: FigureName; counted: number; said: number; remark: string; by: string; at: string }
interface Review { at: string; by: string; remark: string }
interface ReportPoint { id: string; name: string; label: string; expected: number; present: number; available: number | null; minutes: number; lossy: number; line: number | null }

interface Problem {
  type: string; title: string; status: number; detail: string;
  limit?: 'sessions' | 'points'; usable?: number; needed?: number; start?: string; end?: string; suggestions?: (Slot & {rehearsal: Slot | null})[];
  methods?: string[]; key?: KeyRequestOptions | null; errors?: { field: string; detail: string }[]; registrant?: string; may_pass_on?: boolean; approval?: string;
}

interface Seat {
  seat: string; point: string | null; name: string; label: string; role: Role; here: boolean; hand: number; since: string | null; topic: string; floor: boolean; gain: number;
  mic: boolean; camera: boolean; hidden: boolean; media: 'none' | 'connecting' | 'connected' | 'lost'; control: ControllableCamera | null;
}
type CameraAxis = 'pan' | 'tilt' | 'zoom' | 'focus';
/** What controllers may control of a room's camera; `presets` are numbered from 0, `sources` are there where there are several. */
interface ControllableCamera { axes: CameraAxis[]; presets: number; sources: { number: number; name: string }[]; source: number }
interface Layout {
  kind: LayoutKind; focus: string | null; seats: (string | null)[]; page: number; rotate: number; empty: boolean; title: boolean; clock: boolean;
}
type Audience = 'everyone' | 'host' | 'components' | 'systems' | 'recording';
/** The layouts of audiences that do not see what everyone sees. */
type AudienceLayouts = Partial<Record<Audience, Layout>>;
/** Whether nobody else may join, and whether nobody else may raise a hand. */
interface Locks { room: boolean; hands: boolean }
/** A layout whose `focus` and `seats` are points. */
type Preset = Layout;
/** A preset that is saved with the session. */
type SavedPreset = Preset & { number: number };
interface Pane { x: number; y: number; width: number; height: number; role: 'main' | 'held' | 'speaker' | 'seat' | 'content' }
interface LayoutPlan { kind: LayoutKind; most: number; grows: boolean; columns: number; rows: number; cells: Pane[] }
interface RecordingMark { on: boolean; paused: boolean; since: string | null; seconds: number; error: string | null; voices: boolean; composed: ComposedWhen }
interface StorageMark { level: 'ok' | 'low' | 'full'; hours: number }

/** Any message from the server; which fields are there depends on `type`. */
interface Message { type: string; ref?: string; [field: string]: any }

/** A chat message: from the chair to everyone or to the point `to`, else from a point to the chair; or from the chair of the system `above` called `name`. */
interface ChatMessage { id: number; at: string; point: string | null; name: string; chair: boolean; to: string | null; text: string; above?: boolean }

/** What a speaker said lately; `at` is when the last word came, by the server's clock in milliseconds. */
interface CaptionedSpeaker { seat: string; name: string; utterance: string; before: string; text: string; at: number }
/** Live captions, which the server may offer; `said` are the latest whole utterances. */
interface Captions { offered: boolean; on: boolean; state: 'on' | 'behind' | 'away'; speakers: CaptionedSpeaker[]; said: { id: string; seat: string; name: string; text: string }[] }
interface Chat { open: boolean; messages: ChatMessage[] }

/** A point that is entitled to vote; `choice` is null in a secret vote, and before it has voted. */
interface VotingPoint { point: string; name: string; label: string; voted: boolean; choice: number | null; aloud: boolean }
/** A vote, as this seat may know it: see `vote-state` in docs/protocol.md. */
interface Vote {
  id: string; number: number; question: string; choices: string[]; secret: boolean; quorum: string; majority: string; base: string; item: string | null;
  opened: string; deadline: string | null; closed: string | null; cancelled: boolean; announced: boolean; shown: boolean; entitled: number; cast: number | null;
  counts: number[] | null; outcome: { quorum: boolean; adopted: number | null } | null; may: boolean; voted: boolean; choice: number | null; voters: VotingPoint[] | null;
}
/** A vote as the record of its session has it. */
type ClosedVote = Pick<Vote, 'id' | 'number' | 'question' | 'choices' | 'secret' | 'counts' | 'outcome' | 'closed' | 'cancelled'> & { voters: VotingPoint[] };
/** A vote that is being prepared: `choices` one on a line, `minutes` 0 without a limit, `points` null for all. */
interface VoteDraft { question: string; choices: string; secret: boolean; quorum: string; majority: string; base: string; minutes: number; points: string[] | null; item: string | null }

/** The item of the script that is on since when, and the title of the one after it. */
interface Agenda { on: ScriptedItem | null; since: string | null; next: string | null }
/** The technician of the centre who is on duty for the session. */
interface OnDuty { name: string; phone: string }
interface Joined extends Message {
  seat: string; resume: string; role: Role; controller: boolean; may_direct: boolean;
  session: { id: string; title: string; number: string; host: string; official: Slot };
  seats: Seat[]; layout: Layout & { own?: AudienceLayouts }; recording: RecordingMark; storage: StorageMark | null; script: ScriptState | null; presets?: SavedPreset[]; agenda?: Agenda; duty?: OnDuty | null; view: string; content: string | null; advisory: boolean; watermark: boolean; one_picture: boolean; locks: Locks; speaking: string | null; heard?: string[]; chat?: Chat; vote?: Message | null; captions?: boolean; wanted: number; now: string;
}

/** An absent point that was called. */
interface CalledPoint { point: string; at: string; seen: string | null }
/** A point that a controller removed. */
interface RemovedPoint { point: string; reason: string; at: string }
/** A point that is not invited and is in the waiting room. */
interface WaitingPoint { id: string; account: string; point: string; name: string; label: string; since: string }

/** A tile that the page draws: pixels of a picture of the arrangement's size. `tile` is a seat, `content:<seat>`, or empty. */
type TileIcon = 'floor' | 'mic' | 'sound' | 'poor';

interface ForwardedTile { tile: string; mid: string | null; x: number; y: number; width: number; height: number; label: string; text: string; letters: number; bar: number; icons: TileIcon[]; since: number | null; delay: number }
/** Cameras that are forwarded one by one; `heading` is the height of the line with title and clock. */
interface Tiles { tiles: ForwardedTile[]; width: number; height: number; heading: number; title: string; clock: boolean }

/** A meeting as one seat knows it. `skew` is server time minus the device's, milliseconds. */
/** A point in the meeting of a neighbouring system. */
interface NeighbourSeat { name: string; here: boolean; floor: boolean; hand: boolean; speaking: boolean }
/** A meeting of a neighbouring system; `floor`: we have the floor there; `returns`: it gives back the floor that it has here. */
interface NeighbourMeeting { title: string; recording: boolean; paused: boolean; floor: boolean; seats: NeighbourSeat[]; returns?: boolean }
/** A warning that the meeting of the system above called `name` ends soon: by its session, or since an emergency took its code. */
interface EndWarning { kind: 'ends' | 'gives-way'; at: string; name: string }
interface MeetingState {
  /** The meetings of neighbouring systems, by the point that stands for each. */
  neighbours: Record<string, NeighbourMeeting>;
  /** What systems above warn of, the one that is due first before others. */
  warnings: EndWarning[];
  /** The point for which the floor of the system above is asked for, and whether that floor is being given back. */
  floorAbove: { asked: string | null; returns: boolean };
  /** Why systems below do not hold the session, by the points that stand for them. */
  notHeld: Record<string, 'refused' | 'revoked' | 'cancelled'>;
  me: string; role: Role; controller: boolean; mayDirect: boolean; session: Joined['session']; seats: Seat[]; layout: Layout; own: AudienceLayouts;
  recording: RecordingMark; composing: (Composing & { part: number }) | null; storage: StorageMark | null; script: ScriptState | null; presets: SavedPreset[]; called: CalledPoint[]; removed: RemovedPoint[]; agenda: Agenda; duty: OnDuty | null; view: string; content: string | null; advisory: boolean; watermark: boolean; onePicture: boolean; locks: Locks; speaking: string | null; heard: string[]; chat: Chat; vote: Vote | null; captions: Captions; skew: number;
  /** When the meeting ends, since an emergency took its code. */
  givesWay: string | null;
  /** By how many seconds the clock of the media worker is ahead of the server's; host and controllers are told. */
  clockAhead: number;
  /** dBov by seat, of those who have the floor and are heard. */
  levels: Record<string, number>;
  incidents: IncidentMark[]; weak: WeakLine[]; tcp: string[]; calls: SystemCall[]; waiting: WaitingPoint[]; assist: { seat: string | null; name: string | null; since: string | null };
}
