// Codes of meetings as people type, paste and read them. Pure, for all pages that show or take one.

/** Return the digits of a code, whatever was pasted around them. @param {string} text */
export const digitsOf = text => text.replace(/\D/g, '');

const MOST_DIGITS = 18; // of a code, in any profile

/** Format a code in groups: `1234567890` as `123 456 7890`. @param {string} text */
export const formatCode = text => digitsOf(text).slice(0, MOST_DIGITS).replace(/^(\d{3})(\d{1,3})?(\d+)?$/, (_, a, b, c) => [a, b, c].filter(Boolean).join(' '));
