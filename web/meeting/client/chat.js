// The chat of a meeting as one seat knows it. Pure functions, for meeting-state.js and the elements of web/meeting/chat.

/** How long a message of the chair stands at the picture. */
export const NOTICE_MS = 30_000;
const MOST_KEPT = 500;
/** The longest text of a message, in letters. */
export const MAX_TEXT = 500;

/** Add a message; one that is known already changes nothing. @param {Chat} chat @param {ChatMessage} message @returns {Chat} */
export const addMessage = (chat, message) => (chat.messages.some(({id}) => id === message.id) ? chat : {...chat, messages: [...chat.messages, message].slice(-MOST_KEPT)});

/** Return whether a seat leads the meeting, and so writes as the chair. @param {Pick<MeetingState, 'controller' | 'role'>} state */
export const isChair = ({controller, role}) => controller || role === 'host';

/** Return whether a message is of this seat, or of another device of its point. @param {Seat | undefined} own @param {ChatMessage} message */
export const isOwn = (own, {point, name, above}) => Boolean(own) && !above && (point === null ? name === own?.name : point === own?.point);

/**
 * Count the messages of others after the last one that was read.
 * @param {MeetingState} state
 * @param {number} read the number of the last message that was read
 */
export function unreadCount(state, read) {
  const own = state.seats.find(({seat}) => seat === state.me);
  return state.chat.messages.filter(message => message.id > read && !isOwn(own, message)).length;
}

/** Return the number of the latest message, 0 without any. @param {Chat} chat */
export const latest = ({messages}) => messages.at(-1)?.id ?? 0;

/**
 * Return the message of the chair that is to stand at the picture: the latest one of others, until it was closed or
 * is old.
 * @param {MeetingState} state
 * @param {number} now server time, milliseconds
 * @param {number} closed the number of the message that was closed last
 */
export function chairNotice(state, now, closed) {
  const own = state.seats.find(({seat}) => seat === state.me);
  const last = state.chat.messages.findLast(message => message.chair && !isOwn(own, message));
  return last && last.id > closed && now - Date.parse(last.at) < NOTICE_MS ? last : null;
}

/**
 * Return the points that the chair can write to, each once, by their names.
 * @param {MeetingState} state
 * @returns {Seat[]}
 */
export function recipients({seats, me}) {
  const own = seats.find(({seat}) => seat === me)?.point;
  const points = new Map(seats.filter(({point}) => point && point !== own).map(seat => [seat.point, seat]));
  return [...points.values()];
}
