import assert from 'node:assert/strict';
import {test} from 'node:test';
import {DEFAULT_LAYOUT, layoutFields, paneRectangles, layoutForAudience, withoutUnknownSeats, withKind, panesWanted, withPin, pinnable, isSameLayout} from '../../../meeting/client/layouts.js';

const SEATS = [
  {seat: 'h', role: 'host', here: true}, {seat: 'n', role: 'component', here: true},
  {seat: 'nt', role: 'component', here: false}, {seat: 't', role: 'observer', here: true},
];

test('a layout takes its own fields out of a message, and defaults for the others', () => {
  assert.deepEqual(layoutFields({type: 'layout', ref: '7', kind: '1+5', seats: ['a']}), {...DEFAULT_LAYOUT, kind: '1+5', seats: ['a']});
  assert.deepEqual(layoutFields(DEFAULT_LAYOUT), DEFAULT_LAYOUT);
});

test('a pin moves out of its old pane and leaves no empty tail', () => {
  const one = withPin(DEFAULT_LAYOUT, 2, 'a');
  assert.deepEqual(one.seats, [null, null, 'a']);
  assert.deepEqual(withPin(one, 0, 'a').seats, ['a']);
  assert.deepEqual(withPin(withPin(one, 0, 'b'), 2, null).seats, ['b']);
  assert.deepEqual(withPin(one, 2, null).seats, []);
  assert.deepEqual(withPin(withPin(one, 0, 'b'), 2, 'b').seats, [null, null, 'b']);
});

test('another kind drops the pins it has no panes for', () => {
  const layout = {...DEFAULT_LAYOUT, kind: '1+5', seats: ['a', null, 'b'], page: 3, title: true};
  assert.deepEqual(withKind(layout, {kind: 'side-by-side', most: 2}), {...DEFAULT_LAYOUT, kind: 'side-by-side', seats: ['a'], title: true});
});

test('a seat that is gone is no longer pinned or large', () => {
  assert.deepEqual(withoutUnknownSeats({...DEFAULT_LAYOUT, focus: 'x', seats: ['x', 'nt', 'y']}, SEATS), {...DEFAULT_LAYOUT, seats: [null, 'nt']});
});

test('points can be pinned, absent ones too; observers cannot', () => {
  assert.deepEqual(pinnable(SEATS).map(({seat}) => seat), ['h', 'n', 'nt']);
  assert.equal(panesWanted(SEATS, DEFAULT_LAYOUT), 2);
  assert.equal(panesWanted(SEATS, {...DEFAULT_LAYOUT, seats: [null, null, null, 'n']}), 4);
  assert.equal(panesWanted([], DEFAULT_LAYOUT), 1);
});

test('room systems see what components see, all others what everyone sees, until they have their own', () => {
  const [shown, components, systems] = [DEFAULT_LAYOUT, {...DEFAULT_LAYOUT, kind: 'single'}, {...DEFAULT_LAYOUT, kind: '2x2'}];
  assert.deepEqual(['everyone', 'host', 'components', 'systems'].map(one => layoutForAudience(one, {components}, shown).kind), ['grid', 'grid', 'single', 'single']);
  assert.equal(layoutForAudience('systems', {components, systems}, shown).kind, '2x2');
  assert.equal(layoutForAudience('systems', {}, shown).kind, 'grid');
});

test('two layouts are the same whatever message they came in', () => {
  assert.ok(isSameLayout({type: 'layout', ...DEFAULT_LAYOUT}, DEFAULT_LAYOUT));
  assert.ok(!isSameLayout({...DEFAULT_LAYOUT, clock: true}, DEFAULT_LAYOUT));
});

test('a plan becomes rectangles in a wide picture', () => {
  const cells = [{x: 0, y: 0, width: 1, height: 2, role: 'main'}, {x: 1, y: 1, width: 1, height: 1, role: 'seat'}];
  assert.deepEqual(paneRectangles({columns: 2, rows: 2, cells}), [
    {x: 0.5, y: 0.5, width: 79, height: 89, role: 'main'},
    {x: 80.5, y: 45.5, width: 79, height: 44, role: 'seat'},
  ]);
});
