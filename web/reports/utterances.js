// What a transcript shows: which utterances match, and which one is heard. Pure functions, for transcript.js.

import {foldText} from '../meeting/client/meeting-state.js';

/** Return the key of an utterance within a session. @param {Utterance} utterance */
export const keyOf = ({recording, number}) => `${recording}/${number}`;

/**
 * Return the utterances with a text in their words or their point's name; all for an empty one.
 * @param {Utterance[]} utterances @param {string} text
 */
export function matching(utterances, text) {
  const wanted = foldText(text.trim());
  return wanted ? utterances.filter(({text: words, point}) => foldText(`${point}\n${words}`).includes(wanted)) : utterances;
}

/**
 * Return the key of what is heard at a time, or was last; empty before the first utterance.
 * @param {Utterance[]} utterances in the order of time @param {number} seconds
 */
export function heardAt(utterances, seconds) {
  const last = utterances.findLast(({start}) => start <= seconds);
  return last ? keyOf(last) : '';
}

/** Return whether an utterance begins what its point says in one go. @param {Utterance[]} shown @param {number} index */
export const beginsTurn = (shown, index) => index === 0 || shown[index - 1].point !== shown[index].point;
