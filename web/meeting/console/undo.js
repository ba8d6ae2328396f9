// What takes a command of the console back, and how it is told. Pure functions, for host.js.

import {layoutFields} from '../client/layouts.js';
import {properName, raisedHands} from '../client/meeting-state.js';
import {presets} from './presets.js';

/**
 * Return the messages that take a command back, from the state before it; null for a command that has no way back.
 * @param {Message} command
 * @param {MeetingState} before
 * @returns {Message[] | null}
 */
export function undoOf(command, before) {
  const {type, seat, audience = 'everyone', on} = command;
  const row = before.seats.find(one => one.seat === seat);
  const point = before.seats.find(each => each.point === command.point);
  const removed = before.removed.find(each => each.point === command.point);
  const queue = {type: 'hands', seats: raisedHands(before.seats).map(one => one.seat)};
  switch (type) {
    case 'floor':
      return [{type, seat, open: !command.open}, ...(row?.hand ? [queue] : [])];
    case 'lower':
    case 'hands':
      return [queue];
    case 'lock':
      return [{type, ...before.locks}];
    case 'camera':
      return [{type, seat, on: !on}];
    case 'rename':
      return point ? [{type, point: point.point, label: point.label}] : null;
    case 'remove':
      return [{type: 'let-back', point: command.point}];
    case 'let-back':
      return removed ? [{type: 'remove', point: removed.point, reason: removed.reason}] : null;
    case 'gain':
      return row ? [{type, seat, decibels: row.gain}] : null;
    case 'mute-all':
      return before.seats.filter(one => one.floor && one.role !== 'host' && one.seat !== command.but).map(one => ({type: 'floor', seat: one.seat, open: true}));
    case 'layout': {
      const own = before.own[/** @type {Audience} */ (audience)];
      if (audience !== 'everyone' && !own) return [{type: 'layout-same', audience}];
      return [{type, audience, ...layoutFields(own ?? before.layout)}];
    }
    case 'layout-same': {
      const own = before.own[/** @type {Audience} */ (audience)];
      return own ? [{type: 'layout', audience, ...layoutFields(own)}] : null;
    }
    case 'preset':
      return [{type, number: command.number, ...presets(before.presets)[command.number - 1]}];
    case 'one-picture-all':
    case 'voices':
    case 'assist':
    case 'chat-open':
      return [{type, on: !on}];
    case 'record':
      return [before.recording.on ? {type, on: true, pause: before.recording.paused} : {type, on: false}];
    case 'step':
      return [{type, to: before.script?.at ?? null}];
    default:
      return null;
  }
}

/**
 * Return the key and the words of the sentence that tells a command; null for one that is told by what it changes.
 * @param {Message} command
 * @param {MeetingState} state
 * @returns {[string, ...string[]] | null}
 */
export function told(command, state) {
  const row = state.seats.find(one => one.seat === command.seat);
  const name = row ? properName(row) : '';
  const point = properName(state.seats.find(each => each.point === command.point) ?? {name: command.point, label: ''});
  switch (command.type) {
    case 'floor':
      return [command.open ? 'did.floor' : 'did.floor-taken', name];
    case 'gain':
      return ['did.gain', name];
    case 'camera':
      return [command.on ? 'did.camera' : 'did.camera-off', name];
    case 'rename':
      return ['did.rename', command.label];
    case 'remove':
      return ['did.remove', point];
    case 'let-back':
      return ['did.let-back', point];
    case 'mute-all':
      return [command.but ? 'did.mute-others' : 'did.mute-all'];
    case 'lower':
      return ['did.lower', name];
    case 'layout':
      return [command.audience && command.audience !== 'everyone' ? 'did.layout-some' : 'did.layout'];
    case 'layout-same':
      return ['did.layout-same'];
    case 'preset':
      return ['did.preset', command.number];
    case 'one-picture-all':
      return [command.on ? 'did.one-picture' : 'did.one-picture-end'];
    case 'step':
      return ['did.step', state.script?.items.find(({id}) => id === command.to)?.title ?? ''];
    case 'voices':
      return [command.on ? 'did.voices' : 'did.voices-end'];
    case 'chat-open':
      return [command.on ? 'did.chat-open' : 'did.chat-closed'];
    case 'record':
      return [recordWords(command, state.recording)];
    case 'assist':
      return [command.on ? 'did.assist' : 'did.assist-end'];
    case 'hands':
      return [command.seats.length ? 'did.hands' : 'did.hands-all'];
    case 'lock':
      return [`did.lock-${command.room ? 'room' : ''}${command.hands ? 'hands' : ''}`];
    case 'call-point':
      return ['did.call-point', point];
    case 'redial':
      return ['did.redial'];
    default:
      return null;
  }
}

/** Return the key of the words that tell what a command does to the recording. @param {Message} command @param {RecordingMark} before */
function recordWords({on, pause}, before) {
  if (!on) return 'did.record-stop';
  if (pause) return 'did.record-pause';
  return before.on ? 'did.record-resume' : 'did.record-start';
}
