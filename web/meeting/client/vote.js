// The vote of a meeting as one seat knows it. Pure functions, for meeting-state.js and the elements of web/meeting/vote.

import {oneLine} from '../../core/one-line.js';

/** The bounds of own choices, and of the texts; as in signaling/messages/server.py. */
export const [MIN_CHOICES, MAX_CHOICES, MAX_QUESTION, MAX_CHOICE] = [2, 6, 500, 100];
/** Time limits to choose from, in minutes; 0: none. */
export const LIMITS = [0, 1, 2, 3, 5, 10];
/** A secret vote needs so many points at least. */
export const MIN_SECRET = 3;

/** Return a vote without what is of the message. @param {Message | null | undefined} message @returns {Vote | null} */
export function voteOf(message) {
  if (!message) return null;
  const {type: _, ref: __, ...vote} = message;
  return /** @type {Vote} */ (/** @type {unknown} */ (vote));
}

/** Note that the vote of the own point is stored. @param {Vote | null} vote @param {Message} message @returns {Vote | null} */
export const withOwn = (vote, {vote: id, choice}) => (vote?.id === id ? {.../** @type {Vote} */ (vote), voted: true, choice} : vote);

/** Note that a point has voted. @param {Vote | null} vote @param {Message} message @returns {Vote | null} */
export function withCast(vote, {vote: id, point, choice, aloud, cast}) {
  if (vote?.id !== id || !vote?.voters) return vote;
  return {...vote, cast, voters: vote.voters.map(voter => (voter.point === point ? {...voter, voted: true, choice, aloud} : voter))};
}

/** Return whether a vote is in progress. @param {Vote | null} vote */
export const isOpen = vote => Boolean(vote && !vote.closed);

/** Return whether the own point is asked now: it is entitled and has not voted. @param {Vote | null} vote */
export const isAsked = vote => Boolean(vote && isOpen(vote) && vote.may && !vote.voted);

/** Return the seconds until a vote closes by itself, null without a limit. @param {Vote} vote @param {number} now server time, milliseconds */
export const secondsLeft = ({deadline}, now) => (deadline ? Math.max(0, Math.ceil((Date.parse(deadline) - now) / 1000)) : null);

/** Return the votes for each choice: of a closed vote as it was counted, of an open one as far as is known. @param {Vote} vote @returns {number[] | null} */
export function countsOf({counts, secret, closed, voters, choices}) {
  if (counts || closed || secret || !voters) return counts;
  return choices.map((_, choice) => voters.filter(voter => voter.choice === choice).length);
}

/**
 * Return the sentence that says what a closed vote decided, as arguments of `t`.
 * @param {Pick<Vote, 'counts' | 'outcome' | 'choices' | 'secret' | 'cancelled'>} vote
 * @returns {[string, ...string[]]}
 */
export function decision({counts, outcome, choices, secret, cancelled}) {
  if (cancelled) return ['vote.cancelled'];
  if (!counts) return [secret ? 'vote.too-few' : 'vote.closed'];
  if (!outcome?.quorum) return ['vote.no-quorum'];
  return outcome.adopted === null ? ['vote.none-adopted'] : ['vote.adopted', choices[outcome.adopted] ?? String(outcome.adopted + 1)];
}

/** Return whether a vote that was in progress is cancelled now. @param {Vote | null | undefined} was @param {Vote | null | undefined} is */
export const wasCancelled = (was, is) => Boolean(was && is && was.id === is.id && !was.cancelled && is.cancelled);

/** Return the draft by which a cancelled question is asked anew once it is mended. @param {VoteDraft} draft @param {Vote} vote @returns {VoteDraft} */
export const draftOf = (draft, {question, choices, secret, quorum, majority, base, item}) => ({...draft, question, choices: choices.join('\n'), secret, quorum, majority, base, item});

/** Return what the remote control of a room display is told of a vote, null while its point is not to vote. @param {Vote | null | undefined} vote @returns {AskedVote | null} */
export function askedOf(vote) {
  if (!vote || !isOpen(vote) || !vote.may) return null;
  const {id, number, question, choices, secret, voted, choice, deadline} = vote;
  return {id, number, question, choices, secret, voted, choice, deadline};
}

/** Return the points of a vote, those that have not voted first. @param {Vote} vote @returns {VotingPoint[]} */
export const votersInOrder = ({voters}) => [...(voters ?? [])].sort((a, b) => Number(a.voted) - Number(b.voted));

/** Return the choices that stand on lines of a text, each once. @param {string} text */
export const choicesOf = text => [...new Set(text.split('\n').map(each => oneLine(each, MAX_CHOICE)).filter(Boolean))];

/**
 * Return what is wrong with a draft, by field.
 * @param {VoteDraft} draft
 * @returns {Record<string, string>}
 */
export function faultsOf({choices, secret, points}) {
  const count = choicesOf(choices).length;
  return {
    ...((count < MIN_CHOICES || count > MAX_CHOICES) && {choices: 'vote.fault-choices'}),
    ...(points && !points.length && {points: 'vote.fault-points'}),
    ...(secret && points && points.length > 0 && points.length < MIN_SECRET && {points: 'vote.fault-secret'}),
  };
}

/** Return the message that opens the vote of a draft. @param {VoteDraft} draft @returns {Message} */
export const messageOf = ({question, choices, secret, quorum, majority, base, minutes, points, item}) => ({
  type: 'vote-open',
  question: oneLine(question, MAX_QUESTION),
  choices: choicesOf(choices),
  secret,
  quorum,
  majority,
  base,
  ...(minutes && {seconds: minutes * 60}),
  ...(points && {points}),
  ...(item && {item}),
});

/** Return the points that can be asked, each once, the host first. @param {Seat[]} seats */
export const pointsOf = seats => [...new Map(seats.filter(({point, role}) => point && role !== 'observer').sort((a, b) => Number(b.role === 'host') - Number(a.role === 'host')).map(seat => [String(seat.point), seat])).values()];
