// The pages of the navigation, in its order, and who is shown which. Pure. The server authorises every request; this
// only spares users dead ends.

export const CENTRAL = ['administrator', 'technician'];
/** Every role, that of providers too. */
const ROLES = [...CENTRAL, 'supervisor', 'registrant', 'site', 'provider'];

/**
 * Return whether a user belongs to the operating unit ("the centre").
 * @param {{roles: string[]} | null | undefined} me
 */
export const isCentral = me => Boolean(me?.roles.some(role => CENTRAL.includes(role)));

/** Who may register a session (`POST /registrations`). */
export const REGISTRANTS = ['registrant', ...CENTRAL];

/** Return whether a user may register sessions. @param {{roles: string[]} | null | undefined} me */
export const mayRegister = me => Boolean(me && intersects(REGISTRANTS, me.roles));

/**
 * The pages: `<page>.html` with the label `nav.<page>` and an icon, in the group `nav.group-<group>`. Where there are
 * `roles`, they are shown it, else everybody.
 * @typedef {{page: string, picture: string, group: string, roles?: string[]}} PageLink
 * @type {PageLink[]}
 */
export const PAGES = [
  {page: 'today', picture: 'home', group: 'meet', roles: ROLES},
  {page: 'supervision', picture: 'view', group: 'meet', roles: ['supervisor']},
  {page: 'sessions', picture: 'list', group: 'meet'},
  {page: 'register', picture: 'plus', group: 'meet', roles: REGISTRANTS},
  {page: 'drafts', picture: 'edit', group: 'meet', roles: REGISTRANTS},
  {page: 'calendar', picture: 'calendar', group: 'meet'},
  {page: 'readiness', picture: 'check', group: 'meet'},
  {page: 'recordings', picture: 'play', group: 'meet'},
  {page: 'queue', picture: 'clock', group: 'operate', roles: [...CENTRAL, 'supervisor']},
  {page: 'emergencies', picture: 'bell', group: 'operate', roles: [...CENTRAL, 'supervisor']},
  {page: 'incidents', picture: 'warn', group: 'operate', roles: CENTRAL},
  {page: 'quality', picture: 'network', group: 'operate', roles: [...CENTRAL, 'supervisor']},
  {page: 'post', picture: 'mail', group: 'operate', roles: [...CENTRAL, 'supervisor']},
  {page: 'lines', picture: 'network', group: 'operate', roles: ['provider', ...CENTRAL]},
  {page: 'capacity', picture: 'sort', group: 'operate', roles: [...CENTRAL, 'supervisor']},
  {page: 'directory', picture: 'people', group: 'directory'},
  {page: 'displays', picture: 'view', group: 'directory', roles: ['site', ...CENTRAL]},
  {page: 'calls', picture: 'phone', group: 'directory', roles: CENTRAL},
  {page: 'neighbours', picture: 'network', group: 'directory', roles: ['administrator']},
  {page: 'tokens', picture: 'lock', group: 'directory', roles: ['administrator']},
  {page: 'controls', picture: 'lock', group: 'directory', roles: ['site', ...CENTRAL, 'supervisor']},
  {page: 'materials', picture: 'copy', group: 'directory'},
  {page: 'reports', picture: 'up', group: 'reports', roles: [...CENTRAL, 'supervisor']},
  {page: 'figures', picture: 'flag', group: 'reports', roles: ['registrant', 'site', ...CENTRAL, 'supervisor']},
  {page: 'audit', picture: 'history', group: 'reports', roles: [...CENTRAL, 'supervisor']},
  {page: 'check', picture: 'camera', group: 'help'},
  {page: 'help', picture: 'help', group: 'help'},
  {page: 'profile', picture: 'pin', group: 'help'},
  {page: 'feedback', picture: 'chat', group: 'help'},
];

/** Groups that are closed until somebody opens them. */
export const CLOSED_GROUPS = ['reports', 'help'];

/**
 * Return the pages that a user is shown, in groups. Providers see only the pages that name their role.
 * @param {string[]} roles
 * @returns {{group: string, pages: PageLink[]}[]}
 */
export function navigationFor(roles) {
  const mine = PAGES.filter(page => (page.roles ? intersects(page.roles, roles) : !roles.includes('provider')));
  return [...new Set(mine.map(({group}) => group))].map(group => ({group, pages: mine.filter(page => page.group === group)}));
}

/** Return the first page after signing in. @param {string[]} roles */
export const homePage = roles => `${navigationFor(roles)[0].pages[0].page}.html`;

/** @param {string[]} these @param {string[]} roles */
function intersects(these, roles) {
  return these.some(role => roles.includes(role));
}
