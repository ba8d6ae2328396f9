// The tree of the directory: units and points as groups of rows, searched with and without diacritics. Pure.

import {fold} from '../meeting/client/meeting-state.js';

/** What a point's badge looks like; the classes are those of the phases. @type {Record<PointState, string>} */
export const BADGES = {draft: 'ended', awaiting: 'lobby', passed: '', active: 'open', suspended: 'cancelled', withdrawn: 'ended'};

/** @type {PointState[]} */
export const STATES = ['draft', 'awaiting', 'passed', 'active', 'suspended', 'withdrawn'];

/** Whether a point is called so, was called so, or belongs to a unit that is. @param {TreePoint} point @param {TreeUnit | undefined} unit @param {string} text */
export function found(point, unit, text) {
  const wanted = fold(text.trim());
  return [point.name, point.label, unit?.name ?? '', ...point.aliases].some(name => fold(name).includes(wanted));
}

/** The points that were taken over and are to be assessed, of one unit or of all, the nearest day first. @param {TreePoint[]} points @param {string | null} unit null: of all */
export function dueFirst(points, unit) {
  const due = points.filter(point => point.first_due && (unit === null || point.unit === unit));
  return due.sort((a, b) => (a.first_due ?? '').localeCompare(b.first_due ?? '') || a.name.localeCompare(b.name));
}

/**
 * Points in groups: those of a level whose units have nobody below them but the province, and every district with its communes.
 * Groups without a point are left out.
 * @param {Tree} tree @param {string} text @param {string} state '' is every state
 * @returns {{id: string, name: string, points: TreePoint[]}[]}
 */
export function branches(tree, text, state) {
  const units = new Map(tree.units.map(unit => [unit.id, unit]));
  const heads = new Set(tree.units.filter(({parent}) => parent && units.get(parent)?.parent).map(({parent}) => parent));
  const shown = tree.points.filter(point => (!state || point.state === state) && found(point, units.get(point.unit), text));
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

/** How many points are in each state. @param {TreePoint[]} points */
export const counts = points => STATES.map(state => ({state, count: points.filter(point => point.state === state).length})).filter(({count}) => count);

/** How many points of a unit count against its quota: all that were not withdrawn. @param {TreePoint[]} points @param {string} unit */
export const living = (points, unit) => points.filter(point => point.unit === unit && point.state !== 'withdrawn').length;

/** Mbit/s of a form as the kbit/s of the protocol; '' is not known. @param {string} text */
export const kbps = text => (text ? Math.round(Number(text.replace(',', '.')) * 1000) : null);
