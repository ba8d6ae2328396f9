// Which emergencies are new, and how the title of a page shows their number (Điều 12.3). Pure functions, for
// emergency-bell.js.

/** Return the emergencies that nobody has acknowledged yet. @param {Emergency[]} all */
export const unacknowledged = all => all.filter(({seen}) => !seen);

/**
 * Return whether there is an unacknowledged emergency that was not known before.
 * @param {Emergency[]} all
 * @param {Set<string>} known ids that were open at the last look
 */
export const hasNew = (all, known) => unacknowledged(all).some(({id}) => !known.has(id));

/**
 * Return the title of a page with the count of open emergencies before it; no count for zero.
 * @param {string} title
 * @param {number} count
 */
export function titleWithCount(title, count) {
  const plain = title.replace(/^\(\d+!\) /, '');
  return count ? `(${count}!) ${plain}` : plain;
}
