// The script of a session: the current item, its time, and editing items. Pure functions, for the elements of the
// script and the register form.

import {isOpen, MAX_QUESTION} from './vote.js';

/** @type {ItemKind[]} */
export const ITEM_KINDS = ['speech', 'show', 'discussion', 'break', 'vote', 'secret-vote'];

/** The script of a session without one. @type {ScriptState} */
export const EMPTY_SCRIPT = {items: [], at: null, since: null};

/** What is on in a session without a script. @type {Agenda} */
export const NO_AGENDA = {on: null, since: null, next: null};

const SOON_S = 60;

/**
 * Return the seconds that are left of the item that is on, less than none once it takes too long; null without one.
 * @param {Agenda} agenda
 * @param {number} now server time, milliseconds
 */
export const secondsLeft = ({on, since}, now) => on && on.minutes * 60 - elapsedSeconds({items: [on], at: on.id, since}, on, now);

/** Return how near the end is: `soon` in the last minute, then `late`. @param {number} left seconds @returns {'' | 'soon' | 'late'} */
export const nearEnd = left => (left <= 0 ? 'late' : left <= SOON_S ? 'soon' : '');

/** Return a new item. @returns {ScriptItem} */
export const blankItem = () => ({id: '', title: '', point: null, layout: null, minutes: 10, kind: 'speech'});

/** Return the index of the current item; -1 before the first. @param {ScriptState} script */
export const currentIndex = ({items, at}) => items.findIndex(({id}) => id === at);

/**
 * Return the ids of the items before and after the current one: undefined where there is none, null for the time
 * before the first.
 * @param {ScriptState} script
 * @returns {{back: string | null | undefined, on: string | undefined}}
 */
export function neighbours(script) {
  const place = currentIndex(script);
  return {back: place < 0 ? undefined : (script.items[place - 1]?.id ?? null), on: script.items[place + 1]?.id};
}

/**
 * Return the seconds that an item has taken so far.
 * @param {ScriptState} script
 * @param {ScriptedItem} item
 * @param {number} now server time, milliseconds
 */
export const elapsedSeconds = ({at, since}, {id, spent}, now) => spent + (id === at && since ? Math.max(0, (now - Date.parse(since)) / 1000) : 0);

/**
 * Return whether an item takes longer than planned.
 * @param {ScriptState} script
 * @param {ScriptedItem} item
 * @param {number} now
 */
export const isOverdue = (script, item, now) => elapsedSeconds(script, item, now) > item.minutes * 60;

/**
 * Return the message that puts an item's title to the vote, null for an item without a vote or one that was put already and not cancelled.
 * @param {ScriptedItem | undefined} item
 * @param {Vote | null} vote the latest vote
 * @returns {Message | null}
 */
export function voteOfItem(item, vote) {
  if (!item?.kind.endsWith('vote') || (vote?.item === item.id && !vote.cancelled) || isOpen(vote)) return null;
  return {type: 'vote-open', question: item.title.slice(0, MAX_QUESTION), secret: item.kind === 'secret-vote', item: item.id};
}

/** Return the fields of an item that the server accepts. @param {ScriptItem} item @returns {ScriptItem} */
export const itemToSend = ({id, title, point, layout, minutes, kind}) => ({id, title: title.trim(), point, layout, minutes, kind});

/**
 * Return the items with one changed.
 * @param {ScriptItem[]} items
 * @param {number} place
 * @param {Partial<ScriptItem>} changed
 */
export const withItemChanged = (items, place, changed) => items.map((item, number) => (number === place ? {...item, ...changed} : item));

/**
 * Return the items with one moved up (-1) or down (1); unchanged at the ends.
 * @param {ScriptItem[]} items
 * @param {number} place
 * @param {-1 | 1} by
 */
export function withItemMoved(items, place, by) {
  const other = place + by;
  if (other < 0 || other >= items.length) return items;
  return items.map((item, number) => (number === place ? items[other] : number === other ? items[place] : item));
}

/** Return the items without one. @param {ScriptItem[]} items @param {number} place */
export const withoutItem = (items, place) => items.filter((_, number) => number !== place);

/** Return the sum of the planned minutes. @param {ScriptItem[]} items */
export const plannedMinutes = items => items.reduce((sum, {minutes}) => sum + (minutes || 0), 0);
