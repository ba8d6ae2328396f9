import assert from 'node:assert/strict';
import {test} from 'node:test';
import {NO_CAPTIONS, SHOWN_MS, shownSpeakers, withCaption} from '../../../meeting/client/captions.js';

const ON = {...NO_CAPTIONS, offered: true, on: true, state: 'on'};
const heard = (seat, utterance, text, more = {}) => ({type: 'caption', seat, name: `Điểm ${seat}`, utterance, text, start: 0, end: 1, final: false, at: 1000, ...more});
const all = (...messages) => messages.reduce(withCaption, ON);

test('the words of an utterance are replaced as it grows, and what was said before stays in front', () => {
  const captions = all(heard('a', '0-0', 'Kính'), heard('a', '0-0', 'Kính thưa', {final: true}), heard('a', '0-1', 'xin'));
  assert.deepEqual(captions.speakers, [{seat: 'a', name: 'Điểm a', utterance: '0-1', before: 'Kính thưa', text: 'xin', at: 1000}]);
  assert.deepEqual(captions.said, [{id: '0-0', seat: 'a', name: 'Điểm a', text: 'Kính thưa'}]);
});

test('two speakers are shown, the latest last', () => {
  const captions = all(heard('a', '0-0', 'một'), heard('b', '1-0', 'hai'), heard('c', '2-0', 'ba'), heard('b', '1-0', 'hai nữa'));
  assert.deepEqual(captions.speakers.map(({seat, text}) => [seat, text]), [['c', 'ba'], ['b', 'hai nữa']]);
});

test('words go some seconds after the last one came, and the next ones begin anew', () => {
  const captions = all(heard('a', '0-0', 'một', {final: true}));
  assert.equal(shownSpeakers(captions, 1000 + SHOWN_MS - 1).length, 1);
  assert.equal(shownSpeakers(captions, 1000 + SHOWN_MS).length, 0);
  assert.equal(withCaption(captions, heard('a', '0-1', 'hai', {at: 1000 + SHOWN_MS})).speakers[0].before, '');
});

test('three whole utterances are kept for who hears the page, and a long speech is bounded', () => {
  const captions = all(...Array.from({length: 50}, (_, n) => heard('a', `0-${n}`, 'mười chữ là thế', {final: true})));
  assert.deepEqual(captions.said.map(({id}) => id), ['0-47', '0-48', '0-49']);
  assert.equal(captions.speakers[0].before.length, 300);
});

test('what comes after captions were switched off is not shown', () => {
  assert.equal(withCaption({...ON, on: false}, heard('a', '0-0', 'một')).speakers.length, 0);
});
