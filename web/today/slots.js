// Which slots of the day come first, and where each leads. Pure functions, for today.js.

/** The phases in which a session can be entered. */
const RUNNING = ['open', 'lobby'];

/** @param {TodaySlot} slot */
const rank = ({phase}) => (RUNNING.includes(phase) ? 0 : phase === 'ended' ? 2 : 1);

/** Return slots with those that are on first, then those to come, then past ones. @param {TodaySlot[]} slots */
export const ordered = slots => [...slots].sort((one, other) => rank(one) - rank(other)); // stable: else by start, as they came

/** Return the slot whose way in is the main button of the page: one into which the chair calls, else one that is on. @param {TodaySlot[]} slots */
export const mainSlot = slots => slots.find(({called}) => called?.length) ?? slots.find(({phase, action}) => phase === 'open' && (action === 'control' || action === 'join'));

/** Return the page to which the action of a slot leads; '' without one. @param {TodaySlot} slot */
export function slotUrl({id, code, action}) {
  if (action === 'control' || action === 'join') return code ? `${action === 'control' ? 'host' : 'room'}.html?code=${code}` : '';
  if (action === 'prepare') return `readiness.html?session=${encodeURIComponent(id)}`;
  if (action === 'queue') return 'queue.html';
  return action === 'watch' ? 'supervision.html' : '';
}
