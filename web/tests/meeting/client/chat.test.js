import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as chat from '../../../meeting/client/chat.js';

const AT = '2026-04-05T01:00:00Z';
const NOW = Date.parse(AT);
const message = (id, more = {}) => ({id, at: AT, point: 'host', name: 'UBND.Khanh Hoa', chair: true, to: null, text: `nhắn ${id}`, ...more});
const seat = (id, point, more = {}) => ({seat: id, point, name: id, label: '', role: 'component', here: true, ...more});
const state = (messages, more = {}) => ({me: 's1', role: 'component', controller: false, seats: [seat('s1', 'nt'), seat('s2', 'host'), seat('s3', 'host')], chat: {open: true, messages}, ...more});

test('a message comes once, and the list is bounded', () => {
  let list = {open: false, messages: []};
  for (let id = 1; id <= 501; id += 1) list = chat.addMessage(list, message(id));
  assert.deepEqual([list.messages.length, list.messages[0].id, chat.latest(list)], [500, 2, 501]);
  assert.equal(chat.addMessage(list, message(501)), list);
  assert.equal(chat.latest({open: false, messages: []}), 0);
});

test('own messages, of another device of the point too, are not unread', () => {
  const all = [message(1), message(2, {point: 'nt', chair: false}), message(3)];
  assert.deepEqual([0, 1, 3].map(read => chat.unreadCount(state(all), read)), [2, 1, 0]);
});

test('the latest message of the chair stands over the picture until it is closed or old', () => {
  const all = state([message(1), message(2), message(3, {point: 'nt', chair: false})]);
  assert.equal(chat.chairNotice(all, NOW, 0)?.id, 2);
  assert.equal(chat.chairNotice(all, NOW, 2), null);
  assert.equal(chat.chairNotice(all, NOW + chat.NOTICE_MS, 0), null);
  assert.equal(chat.chairNotice({...all, me: 's2'}, NOW, 0), null);
  const above = state([message(4, {name: 'Chính phủ', above: true})], {me: 's2'}); // at the point that stands for the system above
  assert.equal(chat.chairNotice(above, NOW, 0)?.id, 4);
});

test('each other point can be written to once', () => {
  assert.deepEqual(chat.recipients(state([])).map(({point}) => point), ['host']);
  assert.deepEqual([chat.isChair({controller: false, role: 'host'}), chat.isChair({controller: true, role: 'observer'}), chat.isChair({controller: false, role: 'component'})], [true, true, false]);
});
