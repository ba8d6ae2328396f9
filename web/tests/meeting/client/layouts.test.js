import assert from 'node:assert/strict';
import {test} from 'node:test';
import {PLAIN, arrangement, boxes, forAudience, known, ofKind, panesWanted, pin, pinnable, same} from '../../../meeting/client/layouts.js';

const SEATS = [
  {seat: 'h', role: 'host', here: true}, {seat: 'n', role: 'component', here: true},
  {seat: 'nt', role: 'component', here: false}, {seat: 't', role: 'observer', here: true},
];

test('an arrangement keeps its own fields, and plain values for what is left out', () => {
  assert.deepEqual(arrangement({type: 'layout', ref: '7', kind: '1+5', seats: ['a']}), {...PLAIN, kind: '1+5', seats: ['a']});
  assert.deepEqual(arrangement(PLAIN), PLAIN);
});

test('a pin moves out of its old pane and leaves no empty tail', () => {
  const one = pin(PLAIN, 2, 'a');
  assert.deepEqual(one.seats, [null, null, 'a']);
  assert.deepEqual(pin(one, 0, 'a').seats, ['a']);
  assert.deepEqual(pin(pin(one, 0, 'b'), 2, null).seats, ['b']);
  assert.deepEqual(pin(one, 2, null).seats, []);
  assert.deepEqual(pin(pin(one, 0, 'b'), 2, 'b').seats, [null, null, 'b']);
});

test('another kind drops the pins it has no panes for', () => {
  const layout = {...PLAIN, kind: '1+5', seats: ['a', null, 'b'], page: 3, title: true};
  assert.deepEqual(ofKind(layout, {kind: 'side-by-side', most: 2}), {...PLAIN, kind: 'side-by-side', seats: ['a'], title: true});
});

test('who is gone is no longer pinned or large', () => {
  assert.deepEqual(known({...PLAIN, focus: 'x', seats: ['x', 'nt', 'y']}, SEATS), {...PLAIN, seats: [null, 'nt']});
});

test('points can be pinned, absent ones too; observers cannot', () => {
  assert.deepEqual(pinnable(SEATS).map(({seat}) => seat), ['h', 'n', 'nt']);
  assert.equal(panesWanted(SEATS, PLAIN), 2);
  assert.equal(panesWanted(SEATS, {...PLAIN, seats: [null, null, null, 'n']}), 4);
  assert.equal(panesWanted([], PLAIN), 1);
});

test('room systems see what components see, all others what everyone sees, until they have their own', () => {
  const [shown, components, systems] = [PLAIN, {...PLAIN, kind: 'single'}, {...PLAIN, kind: '2x2'}];
  assert.deepEqual(['everyone', 'host', 'components', 'systems'].map(one => forAudience(one, {components}, shown).kind), ['grid', 'grid', 'single', 'single']);
  assert.equal(forAudience('systems', {components, systems}, shown).kind, '2x2');
  assert.equal(forAudience('systems', {}, shown).kind, 'grid');
});

test('two arrangements are the same whatever message they came in', () => {
  assert.ok(same({type: 'layout', ...PLAIN}, PLAIN));
  assert.ok(!same({...PLAIN, clock: true}, PLAIN));
});

test('a plan becomes boxes in a wide picture', () => {
  const cells = [{x: 0, y: 0, width: 1, height: 2, role: 'main'}, {x: 1, y: 1, width: 1, height: 1, role: 'seat'}];
  assert.deepEqual(boxes({columns: 2, rows: 2, cells}), [
    {x: 0.5, y: 0.5, width: 79, height: 89, role: 'main'},
    {x: 80.5, y: 45.5, width: 79, height: 44, role: 'seat'},
  ]);
});
