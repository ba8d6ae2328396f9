// What the duty desk hears and sees of emergencies on every page (Điều 12.3): which are new, and the title of a page that calls. Pure.

/** Those nobody took note of yet. @param {Emergency[]} all */
export const open = all => all.filter(({seen}) => !seen);

/** Whether one is open that was not there before. @param {Emergency[]} all @param {Set<string>} known ids that were open at the last look */
export const rings = (all, known) => open(all).some(({id}) => !known.has(id));

/** The title of a page with so many open emergencies; the count before it comes and goes. @param {string} title @param {number} count */
export function called(title, count) {
  const plain = title.replace(/^\(\d+!\) /, '');
  return count ? `(${count}!) ${plain}` : plain;
}
