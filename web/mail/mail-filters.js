// What the page of letters shows: matches of a search, and how urgent a reply is. Pure functions, for mail.js and
// supervision.js.

import {foldText} from '../meeting/client/meeting-state.js';

/** Return letters whose sender, subject or unit match a text. @param {LetterRow[]} letters @param {string} text */
export function matchingLetters(letters, text) {
  const wanted = foldText(text.trim());
  return letters.filter(({sender, subject, unit}) => [sender, subject, unit?.name ?? ''].some(part => foldText(part).includes(wanted)));
}

/** Return notices whose number, host or channel match a text. @param {NoticeRow[]} notices @param {string} text */
export function matchingNotices(notices, text) {
  const wanted = foldText(text.trim());
  return notices.filter(({number, host, channel}) => [number, host, channel].some(part => foldText(part).includes(wanted)));
}

/**
 * Return how urgent a reply is, by the share of its time that has passed.
 * @param {OwedReply} owed
 * @returns {'calm' | 'half' | 'near' | 'late'}
 */
export function urgency({passed}) {
  if (passed >= 100) return 'late';
  if (passed >= 80) return 'near';
  return passed >= 50 ? 'half' : 'calm';
}

/** Return hours and minutes from now until a time, or since it. @param {string} due @param {number} now */
export function timeLeft(due, now) {
  const minutes = Math.round(Math.abs(Date.parse(due) - now) / 60_000);
  return {late: Date.parse(due) <= now, hours: Math.floor(minutes / 60), minutes: minutes % 60};
}
