// What the register form holds, and the registration it becomes. Fields are strings, as inputs have them; a ticked box is 'yes'. Pure.

import {plain} from '../meeting/client/script.js';
import {fromLocal, midnight, toLocal, utc} from '../core/time.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SUPPORT = 'support:';
/** Begins the names of fields that hold how many people a point expects. */
export const PEOPLE = 'people:';
const TEXTS = ['title', 'contact-name', 'contact-phone', 'second-name', 'second-phone', 'purpose', 'kind', 'form', 'class', 'ground', 'reason', 'support-note'];

/** Codes of the profile with their names, what is none of the others last. @param {Record<string, string>} codes */
export const choices = codes => Object.entries(codes).sort(([a], [b]) => Number(a === 'khac') - Number(b === 'khac'));

/** A form nobody has typed into: tomorrow, nine to eleven, a start that is rarely wrong by much. @param {number} now @returns {Record<string, string>} */
export function blank(now) {
  const nine = midnight(now) + DAY_MS + 9 * HOUR_MS;
  return {
    ...Object.fromEntries(TEXTS.map(name => [name, ''])),
    class: 'thuong', host: '', people: '', secret: '', recording: '', voices: '', until: '',
    'official-start': toLocal(nine), 'official-end': toLocal(nine + 2 * HOUR_MS), 'rehearsal-start': '', 'rehearsal-end': '',
  };
}

/** The slot behind two fields, if they make one. @param {Record<string, string>} fields @param {'official' | 'rehearsal'} name @returns {Slot | null} */
export function slotOf(fields, name) {
  const [start, end] = [fromLocal(fields[`${name}-start`]), fromLocal(fields[`${name}-end`])];
  return start && end && start < end ? {start, end} : null;
}

/** How many people are expected, by point. @param {Record<string, string>} fields @param {string[]} points @returns {Record<string, number>} */
const peopleAt = (fields, points) =>
  Object.fromEntries(points.filter(id => fields[PEOPLE + id]).map(id => [id, Number(fields[PEOPLE + id])]));

/** For how many of the points people are counted, and how many people. @param {Record<string, string>} fields @param {string[]} points @returns {[number, number]} */
export function counted(fields, points) {
  const each = Object.values(peopleAt(fields, points));
  return [each.length, each.reduce((sum, people) => sum + people, 0)];
}

/** @param {Record<string, string>} fields @param {Set<string>} chosen @param {ScriptItem[]} script @param {Slot} official @returns {Registration} */
export function registration(fields, chosen, script, official) {
  const said = Object.fromEntries(TEXTS.map(name => [name.replaceAll('-', '_'), fields[name].trim()]));
  return /** @type {any} */ ({
    ...said,
    host_point: fields.host, points: [...chosen], rehearsal: slotOf(fields, 'rehearsal'), official,
    secret: fields.secret ? fields.secret === 'yes' : null,
    people: fields.people ? Number(fields.people) : null,
    people_at: peopleAt(fields, [fields.host, ...chosen]),
    support: Object.keys(fields).filter(name => name.startsWith(SUPPORT) && fields[name]).map(name => name.slice(SUPPORT.length)),
    recording: Boolean(fields.recording), voices: Boolean(fields.voices), script: script.map(plain),
  });
}

/** The fields of a registration that may be incomplete or faulty: what cannot be read stays blank. @param {Record<string, any>} content @param {number} now */
export function fieldsOf(content, now) {
  const fields = blank(now);
  for (const name of TEXTS) {
    const said = content[name.replaceAll('-', '_')];
    if (typeof said === 'string') fields[name] = said;
  }
  for (const name of /** @type {const} */ (['official', 'rehearsal']))
    for (const edge of ['start', 'end']) {
      const at = content[name]?.[edge];
      if (typeof at === 'string' && !Number.isNaN(Date.parse(at))) fields[`${name}-${edge}`] = toLocal(at);
    }
  if (typeof content.host_point === 'string') fields.host = content.host_point;
  if (Number.isInteger(content.people)) fields.people = String(content.people);
  for (const [id, people] of Object.entries(content.people_at ?? {})) if (Number.isInteger(people)) fields[PEOPLE + id] = String(people);
  if (typeof content.secret === 'boolean') fields.secret = content.secret ? 'yes' : 'no';
  for (const name of ['recording', 'voices']) fields[name] = content[name] === true ? 'yes' : '';
  for (const code of Array.isArray(content.support) ? content.support : []) fields[SUPPORT + code] = 'yes';
  return fields;
}

/** The legs that no device of a point holds: the recorder's, and the link's to the Government's system. @param {Rules} rules @param {Record<string, string>} fields */
export const otherLegs = ({capacity, preparation}, {recording, purpose}) =>
  (recording ? capacity.recorder_legs : 0) + (preparation.link_purposes.includes(purpose) ? capacity.link_legs : 0);

/** A form filled from a template: its host, and every other point of the levels it invites. @param {Template} template @param {Record<string, string>} fields @param {Point[]} points */
export function templated({purpose, host_level, point_levels, recording}, fields, points) {
  const host = points.find(({level}) => level === host_level)?.id ?? fields.host;
  const chosen = points.filter(({id, level}) => id !== host && point_levels.includes(level)).map(({id}) => id);
  return {fields: {...fields, purpose, host, recording: recording ? 'yes' : ''}, chosen: new Set(chosen)};
}

/** So long an unfinished form is kept on the device. */
const KEPT_DAYS = 7;

/**
 * An unfinished form as the device keeps it for its account; what may be secret is not kept, nor what was declared (Điều 5.2).
 * @param {string} account @param {Record<string, string>} fields @param {Set<string>} chosen @param {ScriptItem[]} script @param {number} now
 */
export const kept = (account, fields, chosen, script, now) =>
  fields.secret === 'yes' ? '' : JSON.stringify({account, at: now, fields: {...fields, secret: ''}, points: [...chosen], script});

/**
 * What was kept for an account, if it is still of use.
 * @param {string | null} text @param {string} account @param {number} now @returns {{at: number, fields: Record<string, string>, points: string[], script: ScriptItem[]} | null}
 */
export function reopened(text, account, now) {
  const found = JSON.parse(text || 'null');
  if (!found || found.account !== account || now - found.at > KEPT_DAYS * DAY_MS) return null;
  return {...found, fields: {...blank(now), ...found.fields}};
}

/** @param {Slot} slot @param {number} days @returns {Slot} */
const moved = (slot, days) => ({start: utc(Date.parse(slot.start) + days * DAY_MS), end: utc(Date.parse(slot.end) + days * DAY_MS)});

/**
 * The same registration every week, up to and including a day; once if the day is empty or past.
 * @param {Registration} first @param {string} until the value of a date field @returns {Registration[]}
 */
export function weekly(first, until) {
  const last = until ? Date.parse(`${until}T23:59:59+07:00`) : 0;
  const all = [first];
  for (let days = 7; Date.parse(first.official.start) + days * DAY_MS <= last && all.length < MOST; days += 7)
    all.push({...first, official: moved(first.official, days), rehearsal: first.rehearsal && moved(first.rehearsal, days)});
  return all;
}

/** So many weeks are registered in one go. */
export const MOST = 26;
