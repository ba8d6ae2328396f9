import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MAX_WEEKS, blankFields, countPeople, formName, toFields, serializeForm, extraLegs, toRegistration, restoreForm, slotFromFields, fieldsFromTemplate, repeatWeekly} from '../../booking/registration.js';

const NOW = Date.parse('2026-04-06T01:00:00Z');
const TYPED = {
  ...blankFields(NOW), title: ' Giao ban ', host: 'so.tttt', class: 'dot_xuat', reason: 'Công văn 12', purpose: 'khac', kind: 'giao_ban', form: 'ket_hop', secret: 'no', people: '40',
  'contact-name': 'An', 'contact-phone': '0905123456', 'second-name': '', 'support:phien_dich': 'yes', 'support:khac': '', 'support-note': 'Máy chiếu', recording: 'yes', 'people:so.tttt': '12', 'people:b': '', 'people:gone': '9',
};
const OFFICIAL = {start: '2026-04-07T02:00:00Z', end: '2026-04-07T04:00:00Z'};
const BODY = {
  title: 'Giao ban', host_point: 'so.tttt', points: ['a', 'b'], rehearsal: null, official: OFFICIAL, class: 'dot_xuat', ground: '', reason: 'Công văn 12',
  purpose: 'khac', kind: 'giao_ban', form: 'ket_hop', secret: false, people: 40, people_at: {'so.tttt': 12}, contact_name: 'An', contact_phone: '0905123456', second_name: '', second_phone: '',
  support: ['phien_dich'], support_note: 'Máy chiếu', recording: true, voices: false, script: [],
};

test('the fields of the form become a registration', () => {
  assert.deepEqual(slotFromFields(TYPED, 'official'), OFFICIAL);
  assert.deepEqual(toRegistration(TYPED, new Set(['a', 'b']), [], OFFICIAL), BODY);
  assert.equal(toRegistration(blankFields(NOW), new Set(), [], OFFICIAL).secret, null);
});

test('people are counted at the points of the registration only', () => {
  assert.deepEqual(countPeople(TYPED, ['so.tttt', 'a', 'b']), [1, 12]);
});

test('a draft fills the form again', () => {
  assert.deepEqual(toRegistration(toFields(BODY, NOW), new Set(BODY.points), [], OFFICIAL), BODY);
});

test('missing and faulty content of a draft leaves fields blank', () => {
  const content = {title: 5, official: {start: 'soon', end: null}, rehearsal: 'x', people: 'many', secret: 'no', support: 'all', recording: 'yes', more: []};
  assert.deepEqual(toFields(content, NOW), blankFields(NOW));
});

test('an unfinished form is kept a week for its account, unless it may be secret', () => {
  const chosen = new Set(['a', 'b']);
  const text = serializeForm('an', TYPED, chosen, [{title: 'x'}], NOW);
  assert.deepEqual(restoreForm(text, 'an', NOW + 60_000), {account: 'an', at: NOW, fields: {...TYPED, secret: ''}, points: ['a', 'b'], script: [{title: 'x'}]});
  assert.equal(restoreForm(text, 'binh', NOW), null);
  assert.equal(restoreForm(text, 'an', NOW + 8 * 86_400_000), null);
  assert.equal(restoreForm(null, 'an', NOW), null);
  assert.equal(restoreForm(serializeForm('an', {...TYPED, secret: 'yes'}, chosen, [], NOW), 'an', NOW), null);
});

test('a registration is repeated every week, up to and including a day', () => {
  const starts = until => repeatWeekly(BODY, until).map(({official}) => official.start);
  assert.deepEqual(starts(''), [OFFICIAL.start]);
  assert.deepEqual(starts('2026-04-01'), [OFFICIAL.start]);
  assert.deepEqual(starts('2026-04-21'), [OFFICIAL.start, '2026-04-14T02:00:00Z', '2026-04-21T02:00:00Z']);
  assert.equal(starts('2036-01-01').length, MAX_WEEKS);
  const rehearsed = repeatWeekly({...BODY, rehearsal: {start: '2026-04-06T02:00:00Z', end: '2026-04-06T03:00:00Z'}}, '2026-04-14');
  assert.deepEqual(rehearsed[1].rehearsal, {start: '2026-04-13T02:00:00Z', end: '2026-04-13T03:00:00Z'});
});

test('a template fills in its host and every point of its levels, and the link to the Government holds a leg', () => {
  const points = /** @type {any} */ ([
    {id: 'so', level: 'so'}, {id: 'province', level: 'ubt'}, {id: 'nt', level: 'huyen'}, {id: 'xa', level: 'xa'}, {id: 'other', level: 'khac'},
  ]);
  const template = {name: 'T', purpose: 'chinh_phu_den_xa', host_level: 'ubt', point_levels: ['huyen', 'xa'], recording: true};
  const {fields, chosen} = fieldsFromTemplate(template, {...blankFields(NOW), host: 'so', title: 'Họp'}, points);
  assert.deepEqual([fields.host, fields.purpose, fields.recording, fields.title], ['province', 'chinh_phu_den_xa', 'yes', 'Họp']);
  assert.deepEqual([...chosen], ['nt', 'xa']);
  const rules = /** @type {any} */ ({capacity: {recorder_legs: 1, link_legs: 1}, preparation: {link_purposes: ['chinh_phu_den_xa']}});
  assert.deepEqual([extraLegs(rules, fields), extraLegs(rules, {...fields, purpose: 'khac'}), extraLegs(rules, {...fields, recording: ''})], [2, 1, 1]);
});

test('what the server finds wrong is named as the form names it', () => {
  const named = ['title', 'host_point', 'points', 'contact_phone', 'official', 'official.end', 'rehearsal.start', 'people_at', 'people_at.so.tttt', 'secret'];
  assert.deepEqual(named.map(formName), ['title', 'host', 'points-search', 'contact-phone', 'official-start', 'official-end', 'rehearsal-start', 'people', 'people:so.tttt', 'secret']);
});
