import assert from 'node:assert/strict';
import {test} from 'node:test';

import {answersOf} from '../../setup/answers.js';

const there = {groups: '', sso: '', sessions: 20, points: 250, capacity_recorded: true};
const values = {
  'address.host': 'hop.example', 'address.port': '8443', profile: 'KH-2023', units: 'keep', certificate: 'present', mail: 'keep',
  'groups.file': '', 'sso.file': '', 'capacity.sessions': '20', 'capacity.points': '250',
};

test('what is kept is left out', () => {
  assert.deepEqual(answersOf(values, there), {address: {host: 'hop.example', port: 8443}, profile: {files: 'KH-2023'}});
  assert.deepEqual(answersOf(values, {...there, capacity_recorded: false, groups: 'a.yaml'}), {
    address: {host: 'hop.example', port: 8443}, profile: {files: 'KH-2023'}, groups: {file: ''}, capacity: {sessions: 20, points: 250},
  });
});

test('files are named as they were sent, and numbers that are none go as they were typed', () => {
  const mail = {'mail.host': 'mail.example', 'mail.port': '', 'mail.sender': 'a@mail.example', 'mail.tls': 'implicit'};
  const given = {...values, ...mail, 'address.port': '8443x', profile: 'other', 'profile.files': 'a.yaml', units: 'table', certificate: 'files', mail: 'server', 'administrator.account': 'quantri'};
  assert.deepEqual(answersOf(given, there), {
    address: {host: 'hop.example', port: '8443x'},
    profile: {files: 'a.yaml'},
    certificate: {source: 'files', certificate: 'certificate', key: 'key'},
    units: {table: 'table'},
    administrator: {account: 'quantri'},
    mail: {host: 'mail.example', sender: 'a@mail.example', tls: 'implicit'},
  });
  assert.deepEqual(answersOf({...values, units: 'shipped', certificate: 'authority', mail: 'none'}, there), {
    address: {host: 'hop.example', port: 8443}, profile: {files: 'KH-2023'}, certificate: {source: 'authority'}, units: {shipped: 'khanh-hoa'}, mail: {host: ''},
  });
});
