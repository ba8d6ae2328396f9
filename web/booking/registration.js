// The fields of the register form and the registration that they become. Fields are strings, as inputs have them; a
// ticked box is 'yes'. Pure functions, for register.js and its elements.

import {itemToSend} from '../meeting/client/script.js';
import {fromLocal, midnight, toLocal, utc} from '../core/time.js';
import {ORDINARY, OTHER} from '../core/values.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SUPPORT_PREFIX = 'support:';
/** Prefix of the field names that hold how many people a point expects. */
export const PEOPLE_PREFIX = 'people:';
const TEXT_FIELDS = ['title', 'contact-name', 'contact-phone', 'second-name', 'second-phone', 'purpose', 'kind', 'form', 'class', 'ground', 'reason', 'support-note'];

/** Return codes of the profile with their names, `OTHER` last. @param {Record<string, string>} codes */
export const sortedChoices = codes => Object.entries(codes).sort(([a], [b]) => Number(a === OTHER) - Number(b === OTHER));

/**
 * Return the fields of an empty form, with tomorrow from nine to eleven as its time.
 * @param {number} now
 * @returns {Record<string, string>}
 */
export function blankFields(now) {
  const nine = midnight(now) + DAY_MS + 9 * HOUR_MS;
  return {
    ...Object.fromEntries(TEXT_FIELDS.map(name => [name, ''])),
    class: ORDINARY, host: '', people: '', secret: '', recording: '', voices: '', until: '',
    'official-start': toLocal(nine), 'official-end': toLocal(nine + 2 * HOUR_MS), 'rehearsal-start': '', 'rehearsal-end': '',
  };
}

/**
 * Return the slot of two time fields, or null when they make none.
 * @param {Record<string, string>} fields
 * @param {'official' | 'rehearsal'} name
 * @returns {Slot | null}
 */
export function slotFromFields(fields, name) {
  const [start, end] = [fromLocal(fields[`${name}-start`]), fromLocal(fields[`${name}-end`])];
  return start && end && start < end ? {start, end} : null;
}

/**
 * Return how many people are expected, by point.
 * @param {Record<string, string>} fields
 * @param {string[]} points
 * @returns {Record<string, number>}
 */
const peoplePerPoint = (fields, points) =>
  Object.fromEntries(points.filter(id => fields[PEOPLE_PREFIX + id]).map(id => [id, Number(fields[PEOPLE_PREFIX + id])]));

/**
 * Return for how many points a number of people is given, and their sum.
 * @param {Record<string, string>} fields
 * @param {string[]} points
 * @returns {[number, number]}
 */
export function countPeople(fields, points) {
  const each = Object.values(peoplePerPoint(fields, points));
  return [each.length, each.reduce((sum, people) => sum + people, 0)];
}

/**
 * Return the registration that the fields of the form make.
 * @param {Record<string, string>} fields
 * @param {Set<string>} chosen
 * @param {ScriptItem[]} script
 * @param {Slot} official
 * @returns {Registration}
 */
export function toRegistration(fields, chosen, script, official) {
  const texts = Object.fromEntries(TEXT_FIELDS.map(name => [name.replaceAll('-', '_'), fields[name].trim()]));
  return /** @type {any} */ ({
    ...texts,
    host_point: fields.host, points: [...chosen], rehearsal: slotFromFields(fields, 'rehearsal'), official,
    secret: fields.secret ? fields.secret === 'yes' : null,
    people: fields.people ? Number(fields.people) : null,
    people_at: peoplePerPoint(fields, [fields.host, ...chosen]),
    support: Object.keys(fields).filter(name => name.startsWith(SUPPORT_PREFIX) && fields[name]).map(name => name.slice(SUPPORT_PREFIX.length)),
    recording: Boolean(fields.recording), voices: Boolean(fields.voices), script: script.map(itemToSend),
  });
}

/**
 * Return the name that the form has for a field of a registration, as the server names it.
 * @param {string} named
 */
export function formName(named) {
  const [field, part = ''] = named.split(/\.(.*)/s);
  if (field === 'host_point') return 'host';
  if (field === 'script') return named;
  if (field === 'points') return 'points-search';
  if (field === 'official' || field === 'rehearsal') return `${field}-${part || 'start'}`;
  if (field === 'people_at') return part ? PEOPLE_PREFIX + part : 'people';
  return field.replaceAll('_', '-');
}

/**
 * Return form fields for a registration that may be incomplete or faulty; what cannot be read stays blank.
 * @param {Record<string, any>} content
 * @param {number} now
 */
export function toFields(content, now) {
  const fields = blankFields(now);
  for (const name of TEXT_FIELDS) {
    const value = content[name.replaceAll('-', '_')];
    if (typeof value === 'string') fields[name] = value;
  }
  for (const name of /** @type {const} */ (['official', 'rehearsal']))
    for (const edge of ['start', 'end']) {
      const at = content[name]?.[edge];
      if (typeof at === 'string' && !Number.isNaN(Date.parse(at))) fields[`${name}-${edge}`] = toLocal(at);
    }
  if (typeof content.host_point === 'string') fields.host = content.host_point;
  if (Number.isInteger(content.people)) fields.people = String(content.people);
  for (const [id, people] of Object.entries(content.people_at ?? {})) if (Number.isInteger(people)) fields[PEOPLE_PREFIX + id] = String(people);
  if (typeof content.secret === 'boolean') fields.secret = content.secret ? 'yes' : 'no';
  for (const name of ['recording', 'voices']) fields[name] = content[name] === true ? 'yes' : '';
  for (const code of Array.isArray(content.support) ? content.support : []) fields[SUPPORT_PREFIX + code] = 'yes';
  return fields;
}

/**
 * Count the legs that no device of a point holds: the recorder's, and that of the link to the Government's system.
 * @param {Rules} rules
 * @param {Record<string, string>} fields
 */
export const extraLegs = ({capacity, preparation}, {recording, purpose}) =>
  (recording ? capacity.recorder_legs : 0) + (preparation.link_purposes.includes(purpose) ? capacity.link_legs : 0);

/**
 * Return the form filled from a template: its host, and every other point of the levels it invites.
 * @param {Template} template
 * @param {Record<string, string>} fields
 * @param {Point[]} points
 */
export function fieldsFromTemplate({purpose, host_level, point_levels, recording}, fields, points) {
  const host = points.find(({level}) => level === host_level)?.id ?? fields.host;
  const chosen = points.filter(({id, level}) => id !== host && point_levels.includes(level)).map(({id}) => id);
  return {fields: {...fields, purpose, host, recording: recording ? 'yes' : ''}, chosen: new Set(chosen)};
}

/** Days for which an unfinished form is kept on the device. */
const KEPT_DAYS = 7;

/**
 * Return an unfinished form as text, to be kept on the device for its account. A form that may be secret is not kept,
 * nor the declaration about it (Điều 5.2).
 * @param {string} account
 * @param {Record<string, string>} fields
 * @param {Set<string>} chosen
 * @param {ScriptItem[]} script
 * @param {number} now
 */
export const serializeForm = (account, fields, chosen, script, now) =>
  fields.secret === 'yes' ? '' : JSON.stringify({account, at: now, fields: {...fields, secret: ''}, points: [...chosen], script});

/**
 * Return the form that was kept for an account, or null when there is none or it is too old.
 * @param {string | null} text
 * @param {string} account
 * @param {number} now
 * @returns {{at: number, fields: Record<string, string>, points: string[], script: ScriptItem[]} | null}
 */
export function restoreForm(text, account, now) {
  const found = JSON.parse(text || 'null');
  if (!found || found.account !== account || now - found.at > KEPT_DAYS * DAY_MS) return null;
  return {...found, fields: {...blankFields(now), ...found.fields}};
}

/** @param {Slot} slot @param {number} days @returns {Slot} */
const shiftSlot = (slot, days) => ({start: utc(Date.parse(slot.start) + days * DAY_MS), end: utc(Date.parse(slot.end) + days * DAY_MS)});

/**
 * Return the same registration for every week up to and including a day; once if the day is empty or past.
 * @param {Registration} first @param {string} until the value of a date field @returns {Registration[]}
 */
export function repeatWeekly(first, until) {
  const last = until ? Date.parse(`${until}T23:59:59+07:00`) : 0;
  const all = [first];
  for (let days = 7; Date.parse(first.official.start) + days * DAY_MS <= last && all.length < MAX_WEEKS; days += 7)
    all.push({...first, official: shiftSlot(first.official, days), rehearsal: first.rehearsal && shiftSlot(first.rehearsal, days)});
  return all;
}

/** The most weeks that are registered at once. */
export const MAX_WEEKS = 26;
