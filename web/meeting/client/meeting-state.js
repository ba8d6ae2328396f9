// The state of a meeting as one seat knows it, its reducers, and the questions that pages ask of it. Pure functions:
// no DOM, no clock, no socket.

import {NO_CAPTIONS, withCaption} from './captions.js';
import {addMessage} from './chat.js';
import {layoutFields} from './layouts.js';
import {NO_AGENDA} from './script.js';
import {voteOf, withCast, withOwn} from './vote.js';

/**
 * Return the state after joining.
 * @param {Joined} joined
 * @param {number} now our clock, milliseconds
 * @returns {MeetingState}
 */
export const initialState = (joined, now) => ({
  me: joined.seat,
  role: joined.role,
  controller: joined.controller,
  mayDirect: joined.may_direct ?? false,
  session: joined.session,
  seats: joined.seats,
  layout: joined.layout,
  own: joined.layout.own ?? {},
  recording: joined.recording,
  composing: null,
  storage: joined.storage,
  script: joined.script,
  agenda: joined.agenda ?? NO_AGENDA,
  duty: joined.duty ?? null,
  presets: joined.presets ?? [],
  view: joined.view,
  content: joined.content ?? null,
  advisory: joined.advisory ?? false,
  watermark: joined.watermark ?? false,
  onePicture: joined.one_picture ?? false,
  locks: {room: joined.locks?.room ?? false, hands: joined.locks?.hands ?? false},
  speaking: joined.speaking ?? null,
  heard: joined.heard ?? [],
  chat: joined.chat ?? {open: false, messages: []},
  vote: voteOf(joined.vote),
  captions: {...NO_CAPTIONS, offered: joined.captions ?? false},
  levels: {},
  givesWay: null,
  clockAhead: 0,
  incidents: [],
  weak: [],
  tcp: [],
  calls: [],
  called: [],
  neighbours: {},
  warnings: [],
  floorAbove: {asked: null, returns: false},
  notHeld: {},
  removed: [],
  assist: {seat: null, name: null, since: null},
  waiting: [],
  skew: Date.parse(joined.now) - now,
});

/** Return the point that stands for the system above, which hosts the meeting; undefined without one. @param {MeetingState} state */
export const pointAbove = ({neighbours, seats}) => seats.find(({role, point}) => role === 'host' && point && neighbours[point])?.point ?? undefined;

/** Return what systems above warn of and is still to come. @param {MeetingState} state @param {number} now */
export const dueWarnings = ({warnings}, now) => warnings.filter(({at}) => Date.parse(at) > now);

/**
 * Apply a `seats` message: changed seats keep their place, new ones come last, since a list that jumps cannot be
 * tapped.
 * @type {(seats: Seat[], m: Message) => Seat[]}
 */
function applySeats(seats, {changed, gone}) {
  const fresh = new Map(/** @type {Seat[]} */ (changed).map(seat => [seat.seat, seat]));
  const out = new Set(gone);
  const kept = seats.filter(({seat}) => !out.has(seat)).map(seat => fresh.get(seat.seat) ?? seat);
  const known = new Set(kept.map(({seat}) => seat));
  return [...kept, ...[...fresh.values()].filter(({seat}) => !known.has(seat))];
}

/** Kinds of incidents that a tap reports, in the order of the dialog. */
export const FAULTS = ['no-sound', 'no-picture', 'quiet', 'disconnected', 'device', 'other'];

/**
 * Apply an `incident` message: known incidents keep their place, a new one comes first, resolved ones go.
 * @type {(incidents: IncidentMark[], m: Message) => IncidentMark[]}
 */
function applyIncident(incidents, {type, ref, ...incident}) {
  const fresh = /** @type {IncidentMark} */ (/** @type {unknown} */ (incident));
  const known = incidents.some(({id}) => id === fresh.id);
  const all = known ? incidents.map(one => (one.id === fresh.id ? fresh : one)) : [fresh, ...incidents];
  return all.filter(({state}) => state !== 'resolved');
}

/**
 * Return whether the weak line of a point is reported already.
 * @param {MeetingState} state
 * @param {string | null} point
 */
export const isLineReported = ({incidents}, point) => incidents.some(one => one.kind === 'line' && one.point === point);

/** @type {Record<string, (state: MeetingState, message: Message) => MeetingState>} */
const REDUCERS = {
  session: (state, {session}) => ({...state, session}),
  seats: (state, message) => ({...state, seats: applySeats(state.seats, message)}),
  layout: (state, message) => ({...state, layout: layoutFields(message), own: message.own ?? {}}),
  recording: (state, {on, paused, since, seconds, error, voices, composed}) => ({...state, recording: {on, paused, since, seconds, error, voices, composed}}),
  composing: (state, {part, percent, ready}) => ({...state, composing: percent < 100 ? {part, percent, ready} : null}),
  storage: (state, {level, hours}) => ({...state, storage: {level, hours}}),
  script: (state, {items, at, since}) => ({...state, script: {items, at, since}}),
  agenda: (state, {on, since, next}) => ({...state, agenda: {on, since, next}}),
  presets: (state, {presets}) => ({...state, presets}),
  content: (state, {seat}) => ({...state, content: seat}),
  speaking: (state, {seat}) => ({...state, speaking: seat}),
  clock: (state, {ahead}) => ({...state, clockAhead: ahead}),
  'gives-way': (state, {at}) => ({...state, givesWay: at}),
  levels: (state, {levels}) => ({...state, levels}),
  heard: (state, {seats}) => ({...state, heard: seats}),
  incident: (state, message) => ({...state, incidents: applyIncident(state.incidents, message)}),
  chat: (state, {type: _, ref: __, ...message}) => ({...state, chat: addMessage(state.chat, /** @type {ChatMessage} */ (/** @type {unknown} */ (message)))}),
  'chat-open': (state, {on}) => ({...state, chat: {...state.chat, open: on}}),
  'vote-state': (state, message) => ({...state, vote: voteOf(message)}),
  'vote-taken': (state, message) => ({...state, vote: withOwn(state.vote, message)}),
  'vote-cast': (state, message) => ({...state, vote: withCast(state.vote, message)}),
  caption: (state, message) => ({...state, captions: withCaption(state.captions, message)}),
  captions: (state, {state: word}) => ({...state, captions: {...state.captions, state: word}}),
  lines: (state, {weak, tcp = []}) => ({...state, weak, tcp}),
  neighbours: (state, {meetings, warnings, asked, returns, not_held: notHeld}) => ({...state, neighbours: meetings, warnings, floorAbove: {asked, returns}, notHeld}),
  called: (state, {points}) => ({...state, called: points}),
  removed: (state, {points}) => ({...state, removed: points}),
  calls: (state, {calls}) => ({...state, calls}),
  assist: (state, {seat, name, since}) => ({...state, assist: {seat, name, since}}),
  door: (state, {waiting}) => ({...state, waiting}),
  view: (state, {source}) => ({...state, view: source}),
  'one-picture-all': (state, {on}) => ({...state, onePicture: on}),
  locks: (state, {room, hands}) => ({...state, locks: {room, hands}}),
};

/**
 * Return the state after a server message; the same object when the message changes nothing.
 * @param {MeetingState} state
 * @param {Message} message
 */
export const reduce = (state, message) => REDUCERS[message.type]?.(state, message) ?? state;

/** Return the seat of this client. @param {MeetingState} state @returns {Seat | undefined} */
export const ownSeat = state => state.seats.find(({seat}) => seat === state.me);

/** Return the point that chairs, which an item without a point belongs to. @param {Pick<MeetingState, 'seats'>} state */
export const hostPoint = ({seats}) => seats.find(({role}) => role === 'host')?.point ?? null;

/**
 * Return whether this seat may share a screen: controllers always, others with the floor while nobody else shares.
 * @param {MeetingState} state
 */
export function mayShare(state) {
  const seat = ownSeat(state);
  if (!seat?.point) return false;
  return state.controller || (seat.floor && (state.content === null || state.content === state.me));
}

/** Return the seats with a raised hand, first come first. @param {Seat[]} seats */
export const raisedHands = seats => seats.filter(({hand}) => hand > 0).sort((a, b) => a.hand - b.hand);

/**
 * Return who controls alone, so that this seat's commands would be refused; null while this seat may command.
 * @param {MeetingState} state
 */
export const controlledBy = ({assist, me}) => (assist.seat && assist.seat !== me ? assist.name : null);

/** Count the points that are present and invited; observers have no point and do not count. @param {Seat[]} seats */
export function countPoints(seats) {
  const points = seats.filter(({role}) => role !== 'observer');
  return {
    here: new Set(points.filter(({here}) => here).map(({point}) => point)).size,
    invited: new Set(points.map(({point}) => point)).size,
  };
}

/**
 * Return the state of the microphone button. Without the floor it is blocked, whatever the user wants: the server
 * decides who is heard.
 * @param {{floor: boolean, on: boolean, invited: boolean, heard: boolean}} facts
 * @returns {MicState}
 */
export function micState({floor, on, invited, heard}) {
  if (!floor) return 'blocked';
  if (on) return heard ? 'live' : 'on';
  return invited ? 'invited' : 'off';
}

/** Every so many milliseconds a microphone's level is read. */
export const METER_MS = 60;
/** So long, milliseconds, somebody talks into a muted microphone until a hint comes, and then none for a while. */
export const TALK_MS = 1500;
export const HINT_MS = 30_000;

/**
 * Return for how many milliseconds somebody has talked, with the next reading of the meter; pauses count against it.
 * @param {number} before
 * @param {boolean} heard
 */
export const talkedMs = (before, heard) => Math.min(TALK_MS, Math.max(0, before + (heard ? METER_MS : -METER_MS)));

/** Return whether the meeting is recorded. @param {RecordingMark} mark @returns {'off' | 'on' | 'paused'} */
export const recordState = ({on, paused}) => (on ? (paused ? 'paused' : 'on') : 'off');

/** Return the seconds recorded so far. @param {RecordingMark} mark @param {number} now server time, milliseconds */
export const recordedSeconds = ({since, seconds}, now) => seconds + (since ? Math.max(0, (now - Date.parse(since)) / 1000) : 0);

/**
 * Return whether this seat was given the floor or lost it between two states.
 * @param {MeetingState | null} before
 * @param {MeetingState} after
 * @returns {'given' | 'taken' | null}
 */
export function floorChange(before, after) {
  const had = Boolean(before && ownSeat(before)?.floor);
  const has = Boolean(ownSeat(after)?.floor);
  if (had === has) return null;
  return has ? 'given' : 'taken';
}

/**
 * Return the seconds since a hand was raised.
 * @param {string | null} since
 * @param {number} now server time, milliseconds
 */
export const waitedSeconds = (since, now) => (since ? Math.max(0, (now - Date.parse(since)) / 1000) : 0);

/** Filters of the list of seats. @type {Record<string, (seat: Seat, weak: Set<string>) => boolean>} */
export const FILTERS = {
  all: () => true,
  here: ({here}) => here,
  absent: ({here}) => !here,
  hand: ({hand}) => hand > 0,
  floor: ({floor, here}) => floor && here,
  mic: ({mic, floor, here}) => mic && floor && here,
  weak: ({seat}, weak) => weak.has(seat),
};

/**
 * Return the name by which people know a seat: its point's in Vietnamese, with the number of the device where a point
 * has several.
 * @param {Pick<Seat, 'name' | 'label'>} seat
 */
export function properName({name, label}) {
  const device = /\.(\d\d)$/.exec(name)?.[1];
  return label && device ? `${label} · ${device}` : label || name;
}

/** How the kinds of units are shortened in Vietnamese writing, longest first. */
const SHORT_KINDS = [['thành phố', 'TP.'], ['thị trấn', 'TT.'], ['phường', 'P.'], ['thị xã', 'TX.'], ['huyện', 'H.'], ['xã', 'X.']];

/**
 * Return the name of a seat for a narrow row: "UBND P. Vĩnh Hải" for "UBND phường Vĩnh Hải".
 * @param {Pick<Seat, 'name' | 'label'>} seat
 */
export function shortName(seat) {
  const name = properName(seat);
  const kind = SHORT_KINDS.find(([long]) => name.startsWith(`UBND ${long} `));
  return kind ? name.replace(kind[0], kind[1]) : name;
}

/** Return a text in lower case without diacritics, so that "nha trang" and "Nhà Trang" match. @param {string} text */
export const foldText = text => text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase();

/** No seat has a weak line. @type {Set<string>} */
const NONE_WEAK = new Set();

/**
 * Return the seats that match a filter and a text.
 * @param {Seat[]} seats
 * @param {string} filter a key of FILTERS
 * @param {string} text
 * @param {Set<string>} weak seats whose line is weak
 */
export function filterSeats(seats, filter, text, weak = NONE_WEAK) {
  const wanted = foldText(text.trim());
  return seats.filter(seat => FILTERS[filter](seat, weak) && foldText(`${seat.label} ${seat.name}`).includes(wanted));
}

/**
 * Return the room systems to show in a seat's row: its own, and in the first row of a point those without a seat.
 * @param {Seat} row
 * @param {Seat[]} seats
 * @param {SystemCall[]} calls
 */
export function callsForSeat(row, seats, calls) {
  const own = seats.filter(({point}) => point === row.point);
  const seated = new Set(own.filter(({here}) => here).map(({name}) => name));
  return calls.filter(({point, name}) => point === row.point && (seated.has(name) ? row.here && row.name === name : own[0]?.seat === row.seat));
}

const LINE_NAMES = 5;

/**
 * Return who is in the room of another MCU, as it tells: all names that are known, those of them that stand in one line,
 * and how many others there are beside these.
 * @param {SystemCall} call
 */
export function insideOf({inside: names, inside_more: more}) {
  const line = names.slice(0, LINE_NAMES);
  return {names, line, others: names.length - line.length + more};
}

/** Return the seats whose camera can be viewed alone. @param {MeetingState} state */
export const cameras = state => state.seats.filter(({here, camera, hidden}) => here && camera && !hidden);

/**
 * Return what a seat is doing, in a word: with the floor it is `invited` while its microphone is off, `open` while
 * that is on, and `speaking` while sound comes.
 * @param {Seat} seat
 * @param {boolean} heard whether sound comes from it
 * @returns {'absent' | 'reconnecting' | 'connecting' | 'speaking' | 'open' | 'invited' | 'hand' | 'listening'}
 */
export function seatActivity(seat, heard) {
  if (!seat.here) return 'absent';
  if (seat.media !== 'connected') return seat.media === 'lost' ? 'reconnecting' : 'connecting';
  if (seat.floor) return heard ? 'speaking' : seat.mic ? 'open' : 'invited';
  return seat.hand > 0 ? 'hand' : 'listening';
}

/**
 * Return whether sound comes from a seat; who speaks is heard over short pauses, too.
 * @param {Pick<MeetingState, 'speaking' | 'heard'>} state
 * @param {string} seat
 */
export const isHeard = ({speaking, heard}, seat) => speaking === seat || heard.includes(seat);

/**
 * Return the quality of the network, in a word.
 * @param {{loss: number, rtt: number}} measured loss as a share, rtt in seconds
 * @returns {'good' | 'fair' | 'poor' | 'bad'}
 */
export function quality({loss, rtt}) {
  if (loss > 0.1 || rtt > 1) return 'bad';
  if (loss > 0.03 || rtt > 0.4) return 'poor';
  return loss > 0.01 || rtt > 0.2 ? 'fair' : 'good';
}

const USUAL_HEIGHT = 720; // lines of the picture for seats that request no height
const SHARPER = 4 / 3; // text stays sharp in a picture that is scaled down by so much
const RENDITION_LIMITS = [180, 360, USUAL_HEIGHT, 900]; // the greatest requested height that each rendition serves, but the largest

/** Return the picture height to request for a place on the page of so many lines. @param {number} lines */
export const heightToRequest = lines => Math.max(lines, Math.min(USUAL_HEIGHT, Math.ceil(lines * SHARPER)));

/**
 * Return whether the server may choose another rendition for a changed height.
 * @param {number} was
 * @param {number} is
 */
export const needsOtherPicture = (was, is) => RENDITION_LIMITS.some(most => was > most !== is > most);

/** Seconds that a picture is dark before its point is notified. */
export const DARK_SECONDS = 10;
const DARK = 50; // of 255

/**
 * Return for how many seconds a picture has been dark, one second after `seconds`.
 * @param {number} seconds
 * @param {number} luma 0 to 255
 */
export const darkSeconds = (seconds, luma) => (luma < DARK ? seconds + 1 : 0);

/** Return whether a seat may come back after it left for this reason: not to a session that is over for it. @param {string} reason */
export const mayReturn = reason => !['ended', 'cancelled', 'revoked', 'turned-away'].includes(reason);
