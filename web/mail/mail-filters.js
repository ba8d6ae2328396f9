// What the page of letters shows: what matches a search, how urgent an answer is. Pure.

import {fold} from '../meeting/client/meeting-state.js';

/** Letters whose sender, subject or unit match a text. @param {LetterRow[]} letters @param {string} text */
export function matchingLetters(letters, text) {
  const wanted = fold(text.trim());
  return letters.filter(({sender, subject, unit}) => [sender, subject, unit?.name ?? ''].some(part => fold(part).includes(wanted)));
}

/** Notices whose number, host or channel match a text. @param {NoticeRow[]} notices @param {string} text */
export function matchingNotices(notices, text) {
  const wanted = fold(text.trim());
  return notices.filter(({number, host, channel}) => [number, host, channel].some(part => fold(part).includes(wanted)));
}

/** How urgent an answer is, by the share of its time that has passed. @param {OwedAnswer} owed @returns {'calm' | 'half' | 'near' | 'late'} */
export function urgency({passed}) {
  if (passed >= 100) return 'late';
  if (passed >= 80) return 'near';
  return passed >= 50 ? 'half' : 'calm';
}

/** Hours and minutes from now until a time, or since. @param {string} due @param {number} now */
export function left(due, now) {
  const minutes = Math.round(Math.abs(Date.parse(due) - now) / 60_000);
  return {late: Date.parse(due) <= now, hours: Math.floor(minutes / 60), minutes: minutes % 60};
}
