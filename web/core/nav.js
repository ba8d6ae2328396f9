// Which pages the bar leads to: one line for each, in its order. Pure. The server judges every call; this only spares people dead ends.

export const CENTRAL = ['administrator', 'technician'];

/** Whether somebody is of the centre. @param {{roles: string[]} | null | undefined} me */
export const central = me => Boolean(me?.roles.some(role => CENTRAL.includes(role)));

/**
 * A page is `<page>.html`, its label `nav.<page>`, its picture an icon. `roles`: who is shown it, everybody where there are none;
 * `rare`: it lies in the fold, for what is not needed every day, or not by these roles.
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

/** The pages somebody is shown: those in the bar and those in its fold. People of a telecom enterprise are outsiders. @param {string[]} roles */
export function shown(roles) {
  const mine = PAGES.filter(page => (page.roles ? some(page.roles, roles) : !roles.includes('provider')));
  const seldom = mine.filter(({rare}) => (Array.isArray(rare) ? some(rare, roles) : rare));
  return {bar: mine.filter(page => !seldom.includes(page)), fold: seldom};
}

/** Where somebody begins. @param {string[]} roles */
export const home = roles => `${shown(roles).bar[0].page}.html`;

/** @param {string[]} these @param {string[]} roles */
function some(these, roles) {
  return these.some(role => roles.includes(role));
}
