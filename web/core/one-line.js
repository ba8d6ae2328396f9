// Texts of a meeting, as the server takes them: signaling/messages/base.py has the same rule.

/** What is pasted with text and shows nothing: soft hyphen, zero width space, word joiner, byte order mark. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]+/gu;
/** What cannot stand in a line of text, except for a joiner between two parts of one emoji (UTS #51, ED-16). */
const UNPRINTABLE = /(?:(?!\u200d)[\p{Z}\p{C}]|(?<![\u2190-\u2bff\ufe0f\u{1f000}-\u{1faff}])\u200d|\u200d(?![\u2190-\u2bff\u{1f000}-\u{1faff}]))+/gu;

/**
 * Return a text as one printable line.
 * @param {string} text
 * @param {number} most the number of letters it may have
 */
export function oneLine(text, most) {
  const line = text.replace(INVISIBLE, '').replace(UNPRINTABLE, ' ').trim();
  return [...line].slice(0, most).join('').replace(/[\u200d ]+$/u, '');
}
