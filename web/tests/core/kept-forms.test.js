import assert from 'node:assert/strict';
import {test} from 'node:test';

import {KeptForms, dropAll, keptName, keptPage} from '../../core/kept-forms.js';

/** A storage of a tab. */
function storage() {
  const held = new Map();
  return {getItem: key => held.get(key) ?? null, setItem: (key, value) => held.set(key, value), removeItem: key => held.delete(key), held};
}

test('what was typed is kept by account, page and form until it is dropped', () => {
  const tab = storage();
  const [mine, elsewhere] = [new KeptForms(tab, 'truc.ban', 'feedback.html'), new KeptForms(tab, 'truc.ban', 'directory.html')];
  mine.keep('send', {text: 'Mất tiếng'});
  mine.keep('reply:1', {answer: 'Đã sửa'});
  elsewhere.keep('send', {text: 'khác'});
  mine.keep('send', {text: 'Mất tiếng nói'});
  assert.deepEqual(new KeptForms(tab, 'truc.ban', 'feedback.html').kept('send'), {text: 'Mất tiếng nói'});
  mine.drop('send');
  assert.deepEqual([mine.kept('send'), mine.kept('reply:1'), elsewhere.kept('send')], [null, {answer: 'Đã sửa'}, {text: 'khác'}]);
  dropAll(tab);
  assert.equal(mine.kept('reply:1'), null);
});

test('nobody reads what another account typed, and without an account nothing is kept', () => {
  const tab = storage();
  new KeptForms(tab, 'truc.ban', 'feedback.html').keep('send', {text: 'a'});
  const [other, nobody] = [new KeptForms(tab, 'quan.tri', 'feedback.html'), new KeptForms(tab, '', 'feedback.html')];
  assert.deepEqual([other.kept('send'), nobody.kept('send')], [null, null]);
  other.keep('reply:1', {answer: 'b'});
  assert.ok(![...tab.held.values()].join().includes('"a"'));
  dropAll(tab);
  nobody.keep('send', {text: 'c'});
  assert.equal(tab.held.size, 0);
});

test('the oldest forms make room for the newest', () => {
  const kept = new KeptForms(storage(), 'truc.ban', 'feedback.html');
  for (let number = 0; number < 40; number += 1) kept.keep(`reply:${number}`, {answer: String(number)});
  assert.deepEqual([kept.kept('reply:9'), kept.kept('reply:10')], [null, {answer: '10'}]);
  kept.keep('long', {text: 'x'.repeat(499_000)});
  assert.deepEqual([kept.kept('reply:39'), kept.kept('long').text.length], [{answer: '39'}, 499_000]);
  kept.keep('longer', {text: 'x'.repeat(499_990)});
  assert.deepEqual([kept.kept('long'), kept.kept('longer')], [null, null]);
});

test('the forms of a meeting are kept apart from those of another one on the same page', () => {
  const pages = ['?code=123456789', '?code=987-654-321', '', '?point=nt.xuonghuan'].map(search => keptPage({pathname: '/host.html', search}));
  assert.deepEqual(pages, ['host.html:123456789', 'host.html:987654321', 'host.html', 'host.html']);
});

test('secrets and files are never kept', () => {
  const names = [
    {name: 'text', type: 'text'}, {name: 'roles', type: 'checkbox', value: 'site'}, {name: 'met', type: 'radio', value: 'yes'},
    {name: 'x', type: 'password'}, {name: 'pin', type: 'text'}, {name: 'code', type: 'tel'}, {name: 'sheet', type: 'file'}, {name: '', type: 'text'},
  ].map(keptName);
  assert.deepEqual(names, ['text', 'roles=site', 'met', '', '', '', '', '']);
});
