// Where each kind of work is done, and the main action of each role. Pure functions, for today.js.

import {isCentral, mayRegister} from '../core/nav.js';

/** The page and the icon of each kind. @type {Record<string, [string, string]>} */
export const WORK = {
  emergencies: ['emergencies', 'bell'],
  queue: ['queue', 'clock'],
  replies: ['post', 'mail'],
  drafts: ['drafts', 'edit'],
  letters: ['post', 'mail'],
  notices: ['post', 'send'],
  incidents: ['incidents', 'warn'],
  faults: ['lines', 'warn'],
  contacts: ['lines', 'phone'],
  checks: ['readiness', 'check'],
  lists: ['readiness', 'people'],
  material: ['materials', 'copy'],
  handovers: ['recordings', 'play'],
  figures: ['figures', 'flag'],
  points: ['directory', 'pin'],
  changes: ['directory', 'network'],
  feedback: ['feedback', 'chat'],
  people: ['directory', 'people'],
  controls: ['controls', 'lock'],
  reviews: ['reports', 'history'],
};

/** Return the page where a user does a kind of work: supervisors see incidents on their own page. @param {string} kind @param {SignedInUser} me */
export const workPage = (kind, me) => (kind === 'incidents' && !isCentral(me) ? 'supervision' : WORK[kind][0]);

/**
 * Return the main action of a user: its page, the key of its words and its icon.
 * @param {SignedInUser} me
 * @returns {{page: string, label: string, picture: string}}
 */
export function mainAction(me) {
  if (mayRegister(me)) return {page: 'register', label: 'sessions.register', picture: 'plus'};
  if (me.roles.includes('provider')) return {page: 'lines', label: 'today.lines', picture: 'network'};
  if (me.roles.includes('supervisor')) return {page: 'supervision', label: 'today.supervise', picture: 'view'};
  return {page: 'check', label: 'today.check', picture: 'camera'};
}
