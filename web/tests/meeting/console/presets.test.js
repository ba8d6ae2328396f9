import assert from 'node:assert/strict';
import {test} from 'node:test';

import {DEFAULT_LAYOUT} from '../../../meeting/client/layouts.js';
import {layoutOfPreset, presetOf, presets} from '../../../meeting/console/presets.js';

const SEATS = [
  {seat: 's1', point: 'nt', here: true},
  {seat: 'cr', point: 'cr', here: false},
];

test('there are six presets, those that were saved and others', () => {
  const kinds = saved => presets(saved).map(({kind}) => kind);
  assert.deepEqual(kinds([]), ['grid', 'speaker', 'single', 'content', '1+5', 'side-by-side']);
  assert.deepEqual(kinds([{number: 2, kind: '3x3'}]), ['grid', '3x3', 'single', 'content', '1+5', 'side-by-side']);
  assert.ok(presets([{number: 2, kind: '3x3'}]).every(preset => !('number' in preset)));
});

test('a preset names points, and is shown with their present seats', () => {
  const layout = {...DEFAULT_LAYOUT, kind: '1+5', focus: 's1', seats: ['cr', null, 's1']};
  const preset = presetOf(layout, SEATS);
  assert.deepEqual([preset.focus, preset.seats], ['nt', ['cr', null, 'nt']]);
  assert.deepEqual(layoutOfPreset(preset, SEATS), layout);
  const later = [{seat: 's9', point: 'nt', here: false}];
  assert.deepEqual(layoutOfPreset(preset, later), {...layout, focus: null, seats: [null, null, 's9']});
});
