// For how long nobody has used the pages of this browser, in whichever tab: told with each request (`api.js`), so that a
// sign-in ends that is left unused where the policy says so. For base.js.

const KEY = 'used';
const WRITTEN_EVERY_MS = 5000;
const USES = ['pointerdown', 'keydown', 'wheel', 'touchstart'];
let watching = false;

/** Return for how many seconds nobody has used a page; 0 where it is not known. @param {Storage} storage @param {number} now */
export function idleSeconds(storage, now) {
  const used = Number(storage.getItem(KEY) ?? now);
  return used > 0 ? Math.min(Math.max(0, Math.floor((now - used) / 1000)), 999_999) : 0;
}

/** Note a use, unless one was noted just before. @param {Storage} storage @param {number} now */
export function noteUse(storage, now) {
  if (now - Number(storage.getItem(KEY) ?? 0) >= WRITTEN_EVERY_MS) storage.setItem(KEY, String(now));
}

/** Note from now on when somebody uses this page; that it was opened is a use. */
export function watchUse() {
  if (watching) return;
  watching = true;
  noteUse(localStorage, Date.now());
  for (const use of USES) addEventListener(use, () => noteUse(localStorage, Date.now()), {capture: true, passive: true});
}

/**
 * Return whether the server is to be asked now: it learns of a use within a minute, and says when the sign-in is over.
 * @param {number} idle seconds @param {number | null | undefined} minutes after which a sign-in ends
 */
export const asksNow = (idle, minutes) => Boolean(minutes) && (idle < 60 || idle >= Number(minutes) * 60);
