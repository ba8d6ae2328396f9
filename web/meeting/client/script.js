// The script of a session as pages ask about it: where it is, how long an item lasts, and editing its items. Pure.

/** @type {ItemKind[]} */
export const KINDS = ['speech', 'show', 'discussion', 'break'];

/** @type {ScriptState} */
export const EMPTY = {items: [], at: null, since: null};

/** @returns {ScriptItem} */
export const blank = () => ({id: '', title: '', point: null, layout: null, minutes: 10, kind: 'speech'});

/** Where the item that is on stands; -1 before the first. @param {ScriptState} script */
export const position = ({items, at}) => items.findIndex(({id}) => id === at);

/** The items beside the one that is on: undefined after the last, null before the first. @param {ScriptState} script @returns {{back: string | null | undefined, on: string | undefined}} */
export function beside(script) {
  const place = position(script);
  return {back: place < 0 ? undefined : (script.items[place - 1]?.id ?? null), on: script.items[place + 1]?.id};
}

/** Seconds an item was on so far. @param {ScriptState} script @param {ScriptedItem} item @param {number} now server time, milliseconds */
export const elapsed = ({at, since}, {id, spent}, now) => spent + (id === at && since ? Math.max(0, (now - Date.parse(since)) / 1000) : 0);

/** Whether an item takes longer than planned. @param {ScriptState} script @param {ScriptedItem} item @param {number} now */
export const late = (script, item, now) => elapsed(script, item, now) > item.minutes * 60;

/** What the server is sent of an item. @param {ScriptItem} item @returns {ScriptItem} */
export const plain = ({id, title, point, layout, minutes, kind}) => ({id, title: title.trim(), point, layout, minutes, kind});

/** @param {ScriptItem[]} items @param {number} place @param {Partial<ScriptItem>} changed */
export const changed = (items, place, changed) => items.map((item, number) => (number === place ? {...item, ...changed} : item));

/** One place up (-1) or down (1); nothing at the ends. @param {ScriptItem[]} items @param {number} place @param {-1 | 1} by */
export function moved(items, place, by) {
  const other = place + by;
  if (other < 0 || other >= items.length) return items;
  return items.map((item, number) => (number === place ? items[other] : number === other ? items[place] : item));
}

/** @param {ScriptItem[]} items @param {number} place */
export const without = (items, place) => items.filter((_, number) => number !== place);

/** Minutes planned in all. @param {ScriptItem[]} items */
export const planned = items => items.reduce((sum, {minutes}) => sum + (minutes || 0), 0);
