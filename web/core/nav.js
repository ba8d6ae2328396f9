// The pages of the top bar, in its order, and who is shown which. Pure. The server authorises every request; this
// only spares users dead ends.

export const CENTRAL = ['administrator', 'technician'];

/**
 * Return whether a user belongs to the operating unit ("the centre").
 * @param {{roles: string[]} | null | undefined} me
 */
export const isCentral = me => Boolean(me?.roles.some(role => CENTRAL.includes(role)));

/**
 * The pages: `<page>.html` with the label `nav.<page>` and an icon. `roles` are shown it, everybody where there are none;
 * `rare` pages, or pages that are rare for some roles, are in the menu instead of the bar.
 * @type {{page: string, picture: string, roles?: string[], rare?: boolean | string[]}[]}
 */
export const PAGES = [
  {page: 'supervision', picture: 'view', roles: ['supervisor']},
  {page: 'sessions', picture: 'calendar'},
  {page: 'register', picture: 'plus'},
  {page: 'drafts', picture: 'clock', roles: ['registrant', ...CENTRAL], rare: true},
  {page: 'readiness', picture: 'flag'},
  {page: 'calendar', picture: 'view'},
  {page: 'emergencies', picture: 'warn', roles: [...CENTRAL, 'supervisor'], rare: true},
  {page: 'queue', picture: 'clock', roles: [...CENTRAL, 'supervisor']},
  {page: 'incidents', picture: 'warn', roles: CENTRAL},
  {page: 'lines', picture: 'network', roles: ['provider', ...CENTRAL], rare: CENTRAL},
  {page: 'post', picture: 'mail', roles: [...CENTRAL, 'supervisor']},
  {page: 'recordings', picture: 'play'},
  {page: 'capacity', picture: 'network', roles: [...CENTRAL, 'supervisor'], rare: true},
  {page: 'profile', picture: 'list', rare: true},
  {page: 'check', picture: 'camera', rare: [...CENTRAL, 'supervisor']},
  {page: 'directory', picture: 'people', rare: true},
  {page: 'materials', picture: 'copy', rare: true},
  {page: 'help', picture: 'help', rare: true},
  {page: 'feedback', picture: 'flag', rare: true},
  {page: 'reports', picture: 'list', roles: [...CENTRAL, 'supervisor'], rare: true},
  {page: 'figures', picture: 'check', roles: ['registrant', 'site', ...CENTRAL, 'supervisor'], rare: true},
  {page: 'controls', picture: 'list', roles: ['site', ...CENTRAL, 'supervisor'], rare: true},
  {page: 'audit', picture: 'search', roles: [...CENTRAL, 'supervisor'], rare: true},
];

/**
 * Return the pages that a user is shown: those in the bar and those in its menu. Providers see only the pages that
 * name their role.
 * @param {string[]} roles
 */
export function navigationFor(roles) {
  const mine = PAGES.filter(page => (page.roles ? intersects(page.roles, roles) : !roles.includes('provider')));
  const seldom = mine.filter(({rare}) => (Array.isArray(rare) ? intersects(rare, roles) : rare));
  return {bar: mine.filter(page => !seldom.includes(page)), fold: seldom};
}

/** Return the first page after signing in. @param {string[]} roles */
export const homePage = roles => `${navigationFor(roles).bar[0].page}.html`;

/** @param {string[]} these @param {string[]} roles */
function intersects(these, roles) {
  return these.some(role => roles.includes(role));
}
