// Which toasts are shown together, and which undo is the newest. Pure functions, for toast.js.

/** @typedef {'done' | 'info' | 'bad'} ToastTone */
/** @typedef {{id: number, text: string, tone: ToastTone, key: string, undo: (() => unknown) | null, stays?: boolean}} Toast */

/** As many are read before the next one comes. */
export const MAX_TOASTS = 3;
const PLAIN_MS = 6_000;
const UNDO_MS = 10_000;

/**
 * Return the toasts after one more: it replaces that of the same key, and the oldest leave.
 * @param {Toast[]} shown
 * @param {Toast} next
 */
export const withToast = (shown, next) => [...shown.filter(({key}) => !key || key !== next.key), next].slice(-MAX_TOASTS);

/** Return the newest toast that can be undone. @param {Toast[]} shown */
export const newestUndo = shown => shown.findLast(({undo}) => undo) ?? null;

/** Return how long a toast is shown, in ms; null: until it is closed. @param {Toast} toast */
export const shownFor = ({tone, undo, stays}) => (tone === 'bad' || stays ? null : undo ? UNDO_MS : PLAIN_MS);
