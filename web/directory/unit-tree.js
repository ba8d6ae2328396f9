// Search, groups and counts of the tree of units and points. Pure functions, for directory.js and its elements.

import {foldText} from '../meeting/client/meeting-state.js';

/**
 * The CSS class of a point's badge, by state; the classes are those of session phases.
 * @type {Record<PointState, string>}
 */
export const STATE_BADGES = {draft: 'ended', awaiting: 'lobby', passed: '', active: 'open', suspended: 'cancelled', withdrawn: 'ended'};

/** @type {PointState[]} */
export const STATES = ['draft', 'awaiting', 'passed', 'active', 'suspended', 'withdrawn'];

/**
 * Return whether a text matches a point's name, an earlier name, or its unit's.
 * @param {TreePoint} point
 * @param {TreeUnit | undefined} unit
 * @param {string} text
 */
export function pointMatches(point, unit, text) {
  const wanted = foldText(text.trim());
  return [point.name, point.label, unit?.name ?? '', ...point.aliases].some(name => foldText(name).includes(wanted));
}

/**
 * Return points in groups: every district with its communes, and for each level the points of all other units. Groups
 * without a point are left out.
 * @param {DirectoryTree} tree @param {string} text @param {string} state '' is every state
 * @returns {{id: string, name: string, points: TreePoint[]}[]}
 */
export function groupPoints(tree, text, state) {
  const units = new Map(tree.units.map(unit => [unit.id, unit]));
  const heads = new Set(tree.units.filter(({parent}) => parent && units.get(parent)?.parent).map(({parent}) => parent));
  const shown = tree.points.filter(point => (!state || point.state === state) && pointMatches(point, units.get(point.unit), text));
  /** @type {Map<string, {id: string, name: string, points: TreePoint[]}>} */
  const groups = new Map();
  for (const point of shown) {
    const unit = units.get(point.unit);
    const head = unit && [unit.id, unit.parent].find(id => heads.has(id ?? ''));
    const id = head ? `unit:${head}` : `level:${unit?.level}`;
    const name = head ? units.get(head)?.name : tree.levels.find(level => level.id === unit?.level)?.name;
    const group = groups.get(id) ?? {id, name: name ?? '', points: []};
    group.points.push(point);
    groups.set(id, group);
  }
  return [...groups.values()];
}

/**
 * Return what a key does in the tree: to which item the focus goes, and whether the group there opens or closes; null
 * where it does nothing. `items` are all that is seen, each with the place of its group's head.
 * @param {string} key @param {{head: number, open: boolean}[]} items @param {number} here
 * @returns {{to: number, open?: boolean} | null}
 */
export function stepInTree(key, items, here) {
  const {head, open} = items[here];
  if (key === 'ArrowRight' && here === head && !open) return {to: here, open: true};
  if (key === 'ArrowLeft') return here !== head ? {to: head} : open ? {to: here, open: false} : null;
  const places = /** @type {Record<string, number>} */ ({ArrowDown: here + 1, ArrowUp: here - 1, ArrowRight: here === head ? here + 1 : -1, Home: 0, End: items.length - 1});
  const to = places[key];
  return items[to] ? {to} : null;
}

/** Count the points in each state. @param {TreePoint[]} points */
export const countByState = points => STATES.map(state => ({state, count: points.filter(point => point.state === state).length})).filter(({count}) => count);

/**
 * Count the points of a unit towards its quota: all that were not withdrawn.
 * @param {TreePoint[]} points
 * @param {string} unit
 */
export const countForQuota = (points, unit) => points.filter(point => point.unit === unit && point.state !== 'withdrawn').length;

/** Convert Mbit/s of a form to the kbit/s of the protocol; '' to null, for unknown. @param {string} text */
export const toKbps = text => (text ? Math.round(Number(text.replace(',', '.')) * 1000) : null);
