import assert from 'node:assert/strict';
import {test} from 'node:test';
import {timeLeft, matchingLetters, matchingNotices, urgency} from '../../mail/mail-filters.js';

const LETTER = {sender: 'ubnd@khanhhoa.gov.vn', subject: 'Đăng ký họp', unit: {id: '571', name: 'Huyện Vạn Ninh'}};
const STRANGER = {sender: 'ai@gmail.com', subject: 'Xin chào', unit: null};

test('letters are found by sender, subject and unit, with and without diacritics', () => {
  for (const text of ['vạn ninh', 'VAN NINH', 'dang ky', 'khanhhoa.gov', ' ']) assert.equal(matchingLetters([LETTER, STRANGER], text)[0], LETTER);
  assert.deepEqual(matchingLetters([LETTER, STRANGER], 'chao'), [STRANGER]);
  assert.deepEqual(matchingLetters([LETTER, STRANGER], 'nha trang'), []);
});

test('notices are found by number, host and channel', () => {
  const notice = {number: 'HTT-2023-0412', host: 'Sở Nội vụ', channel: 'telegram'};
  for (const text of ['0412', 'so noi vu', 'tele', '']) assert.deepEqual(matchingNotices([notice], text), [notice]);
  assert.deepEqual(matchingNotices([notice], 'x'), []);
});

test('a reply is as urgent as the share of its time that has passed', () => {
  assert.deepEqual([0, 1, 50, 80, 100].map(passed => urgency({passed})), ['calm', 'calm', 'half', 'near', 'late']);
});

test('the time left becomes the time since when it is late', () => {
  const now = Date.parse('2023-04-03T05:00:00Z');
  assert.deepEqual(timeLeft('2023-04-03T06:20:00Z', now), {late: false, hours: 1, minutes: 20});
  assert.deepEqual(timeLeft('2023-04-03T04:45:00Z', now), {late: true, hours: 0, minutes: 15});
  assert.deepEqual(timeLeft('2023-04-03T05:00:00Z', now), {late: true, hours: 0, minutes: 0});
});
