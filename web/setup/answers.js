// Makes the answers of `diemcau setup` of the values of the page's form: the fields are named as the answers are. What
// is left out stays as it is. For setup.js.

const NUMBERS = ['port', 'sessions', 'points'];

/**
 * Return the part of the answers whose fields begin with a name; a number that is none goes as it was typed.
 * @param {Record<string, string>} values @param {string} part
 */
function partOf(values, part) {
  const named = Object.entries(values).filter(([name]) => name.startsWith(`${part}.`));
  return Object.fromEntries(named.map(([name, value]) => {
    const field = name.slice(part.length + 1);
    return [field, NUMBERS.includes(field) && /^\d{1,9}$/.test(value) ? Number(value) : value];
  }));
}

/** Return the mail server, without a port that is not named. @param {Record<string, any>} mail */
function mailOf({port, ...mail}) {
  return port === '' ? mail : {port, ...mail};
}

/** Return the capacity, unless it is on record. @param {Record<string, string>} values @param {SetupState} there */
function capacityOf(values, there) {
  const capacity = partOf(values, 'capacity');
  const same = capacity.sessions === there.sessions && capacity.points === there.points;
  return same && there.capacity_recorded ? {} : {capacity};
}

/**
 * Return the answers; `values` are those of the fields that are shown.
 * @param {Record<string, string>} values
 * @param {SetupState} there
 * @returns {Record<string, object>}
 */
export function answersOf(values, there) {
  const {profile, units, certificate, mail} = values;
  const files = profile === 'other' ? values['profile.files'] : profile;
  return {
    address: partOf(values, 'address'),
    profile: {files},
    ...(certificate !== 'present' && {certificate: {source: certificate, ...(certificate === 'files' && {certificate: 'certificate', key: 'key'})}}),
    ...(units === 'shipped' && {units: {shipped: 'khanh-hoa'}}),
    ...(units === 'table' && {units: {table: 'table'}}),
    ...('administrator.account' in values && {administrator: partOf(values, 'administrator')}),
    ...(mail === 'none' && {mail: {host: ''}}),
    ...(mail === 'server' && {mail: mailOf(partOf(values, 'mail'))}),
    ...(values['groups.file'] !== there.groups && {groups: partOf(values, 'groups')}),
    ...(values['sso.file'] !== there.sso && {sso: partOf(values, 'sso')}),
    ...capacityOf(values, there),
  };
}
