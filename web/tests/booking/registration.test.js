import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MOST, blank, counted, fieldsOf, kept, otherLegs, registration, reopened, slotOf, templated, weekly} from '../../booking/registration.js';

const NOW = Date.parse('2026-04-06T01:00:00Z');
const TYPED = {
  ...blank(NOW), title: ' Giao ban ', host: 'so.tttt', class: 'dot_xuat', reason: 'Công văn 12', purpose: 'khac', kind: 'giao_ban', form: 'ket_hop', secret: 'no', people: '40',
  'contact-name': 'An', 'contact-phone': '0905123456', 'second-name': '', 'support:phien_dich': 'yes', 'support:khac': '', 'support-note': 'Máy chiếu', recording: 'yes', 'people:so.tttt': '12', 'people:b': '', 'people:gone': '9',
};
const OFFICIAL = {start: '2026-04-07T02:00:00Z', end: '2026-04-07T04:00:00Z'};
const BODY = {
  title: 'Giao ban', host_point: 'so.tttt', points: ['a', 'b'], rehearsal: null, official: OFFICIAL, class: 'dot_xuat', ground: '', reason: 'Công văn 12',
  purpose: 'khac', kind: 'giao_ban', form: 'ket_hop', secret: false, people: 40, people_at: {'so.tttt': 12}, contact_name: 'An', contact_phone: '0905123456', second_name: '', second_phone: '',
  support: ['phien_dich'], support_note: 'Máy chiếu', recording: true, voices: false, script: [],
};

test('what is typed becomes a registration', () => {
  assert.deepEqual(slotOf(TYPED, 'official'), OFFICIAL);
  assert.deepEqual(registration(TYPED, new Set(['a', 'b']), [], OFFICIAL), BODY);
  assert.equal(registration(blank(NOW), new Set(), [], OFFICIAL).secret, null);
});

test('people are counted at the points that are there', () => {
  assert.deepEqual(counted(TYPED, ['so.tttt', 'a', 'b']), [1, 12]);
});

test('a draft fills the form again', () => {
  assert.deepEqual(registration(fieldsOf(BODY, NOW), new Set(BODY.points), [], OFFICIAL), BODY);
});

test('what a draft has not, or has wrong, stays blank', () => {
  const content = {title: 5, official: {start: 'soon', end: null}, rehearsal: 'x', people: 'many', secret: 'no', support: 'all', recording: 'yes', more: []};
  assert.deepEqual(fieldsOf(content, NOW), blank(NOW));
});

test('an unfinished form is kept a week for its account, and nothing of what may be secret', () => {
  const chosen = new Set(['a', 'b']);
  const text = kept('an', TYPED, chosen, [{title: 'x'}], NOW);
  assert.deepEqual(reopened(text, 'an', NOW + 60_000), {account: 'an', at: NOW, fields: {...TYPED, secret: ''}, points: ['a', 'b'], script: [{title: 'x'}]});
  assert.equal(reopened(text, 'binh', NOW), null);
  assert.equal(reopened(text, 'an', NOW + 8 * 86_400_000), null);
  assert.equal(reopened(null, 'an', NOW), null);
  assert.equal(reopened(kept('an', {...TYPED, secret: 'yes'}, chosen, [], NOW), 'an', NOW), null);
});

test('every week, up to and including a day', () => {
  const starts = until => weekly(BODY, until).map(({official}) => official.start);
  assert.deepEqual(starts(''), [OFFICIAL.start]);
  assert.deepEqual(starts('2026-04-01'), [OFFICIAL.start]);
  assert.deepEqual(starts('2026-04-21'), [OFFICIAL.start, '2026-04-14T02:00:00Z', '2026-04-21T02:00:00Z']);
  assert.equal(starts('2036-01-01').length, MOST);
  const rehearsed = weekly({...BODY, rehearsal: {start: '2026-04-06T02:00:00Z', end: '2026-04-06T03:00:00Z'}}, '2026-04-14');
  assert.deepEqual(rehearsed[1].rehearsal, {start: '2026-04-13T02:00:00Z', end: '2026-04-13T03:00:00Z'});
});

test('a template fills in its host and every point of its levels, and the link to the Government holds a leg', () => {
  const points = /** @type {any} */ ([
    {id: 'so', level: 'so'}, {id: 'province', level: 'ubt'}, {id: 'nt', level: 'huyen'}, {id: 'xa', level: 'xa'}, {id: 'other', level: 'khac'},
  ]);
  const template = {name: 'T', purpose: 'chinh_phu_den_xa', host_level: 'ubt', point_levels: ['huyen', 'xa'], recording: true};
  const {fields, chosen} = templated(template, {...blank(NOW), host: 'so', title: 'Họp'}, points);
  assert.deepEqual([fields.host, fields.purpose, fields.recording, fields.title], ['province', 'chinh_phu_den_xa', 'yes', 'Họp']);
  assert.deepEqual([...chosen], ['nt', 'xa']);
  const rules = /** @type {any} */ ({capacity: {recorder_legs: 1, link_legs: 1}, preparation: {link_purposes: ['chinh_phu_den_xa']}});
  assert.deepEqual([otherLegs(rules, fields), otherLegs(rules, {...fields, purpose: 'khac'}), otherLegs(rules, {...fields, recording: ''})], [2, 1, 1]);
});
