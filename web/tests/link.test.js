import assert from 'node:assert/strict';
import {test} from 'node:test';
import {layersFor} from '../link.js';

const brief = height => layersFor(height).map(({rid, scaleResolutionDownBy, active}) => [rid, scaleResolutionDownBy, active]);

test('three layers of a high picture, low to high', () => {
  assert.deepEqual(brief(720), [['q', 4, true], ['h', 2, true], ['f', 1, true]]);
});

test('two layers of a small picture, of which one is whole', () => {
  assert.deepEqual(brief(360), [['q', 2, true], ['h', 1, true], ['f', 1, false]]);
});
