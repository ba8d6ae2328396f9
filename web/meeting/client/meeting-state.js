// A meeting seen from one seat: pure state and the questions that pages ask of it. No DOM, no clock, no socket.

import {arrangement} from './layouts.js';

/** @param {Joined} joined @param {number} now our clock, milliseconds @returns {MeetingState} */
export const start = (joined, now) => ({
  me: joined.seat,
  role: joined.role,
  controller: joined.controller,
  mayDirect: joined.may_direct ?? false,
  session: joined.session,
  seats: joined.seats,
  layout: joined.layout,
  own: joined.layout.own ?? {},
  recording: joined.recording,
  storage: joined.storage,
  script: joined.script,
  view: joined.view,
  content: joined.content ?? null,
  advisory: joined.advisory ?? false,
  watermark: joined.watermark ?? false,
  speaking: null,
  levels: {},
  givesWay: null,
  incidents: [],
  weak: [],
  calls: [],
  assist: {seat: null, name: null, since: null},
  waiting: [],
  skew: Date.parse(joined.now) - now,
});

/** Changed seats keep their place, new ones come last: a list that jumps cannot be tapped. @type {(seats: Seat[], m: Message) => Seat[]} */
function applySeats(seats, {changed, gone}) {
  const fresh = new Map(/** @type {Seat[]} */ (changed).map(seat => [seat.seat, seat]));
  const out = new Set(gone);
  const kept = seats.filter(({seat}) => !out.has(seat)).map(seat => fresh.get(seat.seat) ?? seat);
  const known = new Set(kept.map(({seat}) => seat));
  return [...kept, ...[...fresh.values()].filter(({seat}) => !known.has(seat))];
}

/** Faults that a tap reports, in the order of the dialog. */
export const FAULTS = ['no-sound', 'no-picture', 'quiet', 'disconnected', 'device', 'other'];

/** Unsettled incidents keep their place, the newest comes first. @type {(incidents: IncidentMark[], m: Message) => IncidentMark[]} */
function applyIncident(incidents, {type, ref, ...incident}) {
  const fresh = /** @type {IncidentMark} */ (/** @type {unknown} */ (incident));
  const known = incidents.some(({id}) => id === fresh.id);
  const all = known ? incidents.map(one => (one.id === fresh.id ? fresh : one)) : [fresh, ...incidents];
  return all.filter(({state}) => state !== 'resolved');
}

/** Whether the weak line of a point is reported already. @param {MeetingState} state @param {string | null} point */
export const lineReported = ({incidents}, point) => incidents.some(one => one.kind === 'line' && one.point === point);

/** @type {Record<string, (state: MeetingState, message: Message) => MeetingState>} */
const CHANGES = {
  session: (state, {session}) => ({...state, session}),
  seats: (state, message) => ({...state, seats: applySeats(state.seats, message)}),
  layout: (state, message) => ({...state, layout: arrangement(message), own: message.own ?? {}}),
  recording: (state, {on, paused, since, seconds, error, voices}) => ({...state, recording: {on, paused, since, seconds, error, voices}}),
  storage: (state, {level, hours}) => ({...state, storage: {level, hours}}),
  script: (state, {items, at, since}) => ({...state, script: {items, at, since}}),
  content: (state, {seat}) => ({...state, content: seat}),
  speaking: (state, {seat}) => ({...state, speaking: seat}),
  'gives-way': (state, {at}) => ({...state, givesWay: at}),
  levels: (state, {levels}) => ({...state, levels}),
  incident: (state, message) => ({...state, incidents: applyIncident(state.incidents, message)}),
  lines: (state, {weak}) => ({...state, weak}),
  calls: (state, {calls}) => ({...state, calls}),
  assist: (state, {seat, name, since}) => ({...state, assist: {seat, name, since}}),
  door: (state, {waiting}) => ({...state, waiting}),
  view: (state, {source}) => ({...state, view: source}),
};

/** The state after a server message; the same object when the message changes nothing. @param {MeetingState} state @param {Message} message */
export const reduce = (state, message) => CHANGES[message.type]?.(state, message) ?? state;

/** @param {MeetingState} state @returns {Seat | undefined} */
export const mine = state => state.seats.find(({seat}) => seat === state.me);

/** Who may share a screen: who has the floor, and controllers; not while somebody else does, unless they control. @param {MeetingState} state */
export function mayShare(state) {
  const seat = mine(state);
  if (!seat?.point) return false;
  return state.controller || (seat.floor && (state.content === null || state.content === state.me));
}

/** Raised hands, first come first. @param {Seat[]} seats */
export const queue = seats => seats.filter(({hand}) => hand > 0).sort((a, b) => a.hand - b.hand);

/** Points here and invited; observers have no point and do not count. @param {Seat[]} seats */
export function counts(seats) {
  const points = seats.filter(({role}) => role !== 'observer');
  return {
    here: new Set(points.filter(({here}) => here).map(({point}) => point)).size,
    invited: new Set(points.map(({point}) => point)).size,
  };
}

/**
 * What the microphone button says. The server's lock (floor) comes before the person's wish: it is the one that counts.
 * @param {{floor: boolean, on: boolean, invited: boolean, heard: boolean}} facts
 * @returns {MicState}
 */
export function micState({floor, on, invited, heard}) {
  if (!floor) return 'blocked';
  if (on) return heard ? 'live' : 'on';
  return invited ? 'invited' : 'off';
}

/** @param {RecordingMark} mark @returns {'off' | 'on' | 'paused'} */
export const recordState = ({on, paused}) => (on ? (paused ? 'paused' : 'on') : 'off');

/** Seconds recorded so far. @param {RecordingMark} mark @param {number} now server time, milliseconds */
export const recorded = ({since, seconds}, now) => seconds + (since ? Math.max(0, (now - Date.parse(since)) / 1000) : 0);

/** What happened to our own floor between two states. @param {MeetingState | null} before @param {MeetingState} after @returns {'given' | 'taken' | null} */
export function floorChange(before, after) {
  const had = Boolean(before && mine(before)?.floor);
  const has = Boolean(mine(after)?.floor);
  if (had === has) return null;
  return has ? 'given' : 'taken';
}

/** Seconds since a hand was raised, by the server's clock. @param {string | null} since @param {number} now server time, milliseconds */
export const waited = (since, now) => (since ? Math.max(0, (now - Date.parse(since)) / 1000) : 0);

/** @type {Record<string, (seat: Seat) => boolean>} */
export const FILTERS = {
  all: () => true,
  here: ({here}) => here,
  absent: ({here}) => !here,
  hand: ({hand}) => hand > 0,
  floor: ({floor, here}) => floor && here,
};

/** Letters without marks, so that "nha trang" and "Nhà Trang" find each other. @param {string} text */
export const fold = text => text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase();

/** @param {Seat[]} seats @param {string} filter a key of FILTERS @param {string} text */
export function choose(seats, filter, text) {
  const wanted = fold(text.trim());
  return seats.filter(seat => FILTERS[filter](seat) && fold(seat.name).includes(wanted));
}

/** The room systems that a seat's row speaks of: its own, and in the first row of a point those that have no seat. @param {Seat} row @param {Seat[]} seats @param {SystemCall[]} calls */
export function callsOf(row, seats, calls) {
  const own = seats.filter(({point}) => point === row.point);
  const seated = new Set(own.filter(({here}) => here).map(({name}) => name));
  return calls.filter(({point, name}) => point === row.point && (seated.has(name) ? row.here && row.name === name : own[0]?.seat === row.seat));
}

/** Cameras that can be looked at alone. @param {MeetingState} state */
export const cameras = state => state.seats.filter(({here, camera}) => here && camera);

/** @param {Seat} seat @returns {'absent' | 'connecting' | 'floor' | 'hand' | 'muted' | 'listening'} */
export function seatWord(seat) {
  if (!seat.here) return 'absent';
  if (seat.media !== 'connected') return 'connecting';
  if (seat.floor) return seat.mic ? 'floor' : 'muted';
  return seat.hand > 0 ? 'hand' : 'listening';
}

/** @param {{loss: number, rtt: number}} measured loss as a share, rtt in seconds @returns {'good' | 'fair' | 'poor' | 'bad'} */
export function quality({loss, rtt}) {
  if (loss > 0.1 || rtt > 1) return 'bad';
  if (loss > 0.03 || rtt > 0.4) return 'poor';
  return loss > 0.01 || rtt > 0.2 ? 'fair' : 'good';
}

const USUAL_LINES = 720; // of the picture that everyone gets who says nothing
const SHARPER = 4 / 3; // small letters stay sharp in a picture that is made smaller by so much
const FILLED = [180, 360, USUAL_LINES, 900]; // the most lines of a place that gets each picture, but the largest

/** How many lines to ask for, for a place on the page that has so many. @param {number} lines */
export const worth = lines => Math.max(lines, Math.min(USUAL_LINES, Math.ceil(lines * SHARPER)));

/** Whether another picture may come when other lines are asked for. @param {number} was @param {number} is */
export const differs = (was, is) => FILLED.some(most => was > most !== is > most);

/** The digits of a code, whatever was pasted around them. @param {string} text */
export const digits = text => text.replace(/\D/g, '');

const MOST_DIGITS = 18; // of a code, in any profile

/** `1234567890` as `123 456 7890`. @param {string} text */
export const grouped = text => digits(text).slice(0, MOST_DIGITS).replace(/^(\d{3})(\d{1,3})?(\d+)?$/, (_, a, b, c) => [a, b, c].filter(Boolean).join(' '));

/** So long a picture is dark before its point is told. */
export const DARK_SECONDS = 10;
const DARK = 50; // of 255

/** For how many seconds a picture has been dark, one second later. @param {number} seconds @param {number} luma 0 to 255 */
export const darkFor = (seconds, luma) => (luma < DARK ? seconds + 1 : 0);
