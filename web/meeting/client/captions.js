// Live captions as this seat reads them: who speaks, and the words of it that are still shown. Pure functions.

/** Speakers whose words are shown at once, the latest. */
export const SPEAKERS = 2;
/** Words stay so long after the last one came, milliseconds. */
export const SHOWN_MS = 8000;
const KEPT = 300; // characters of what a speaker said before the present utterance
const SAID = 3; // whole utterances for screen readers

/** @type {Captions} */
export const NO_CAPTIONS = {offered: false, on: false, state: 'away', speakers: [], said: []};

/**
 * Return the captions with an utterance of a speaker as it is heard now; who spoke last comes last.
 * @param {Captions} captions
 * @param {Message} message a `caption`, with the time at which it came, milliseconds
 * @returns {Captions}
 */
export function withCaption(captions, {seat, name, utterance, text, final, at}) {
  if (!captions.on) return captions;
  const known = captions.speakers.find(speaker => speaker.seat === seat && at - speaker.at < SHOWN_MS);
  const before = !known ? '' : known.utterance === utterance ? known.before : `${known.before} ${known.text}`.trim().slice(-KEPT);
  const others = captions.speakers.filter(speaker => speaker.seat !== seat);
  return {
    ...captions,
    speakers: [...others, {seat, name, utterance, before, text, at}].slice(-SPEAKERS),
    said: final ? [...captions.said, {id: utterance, seat, name, text}].slice(-SAID) : captions.said,
  };
}

/** Return the speakers whose words are still shown. @param {Captions} captions @param {number} now milliseconds */
export const shownSpeakers = ({speakers}, now) => speakers.filter(({at}) => now - at < SHOWN_MS);
