import assert from 'node:assert/strict';
import {test} from 'node:test';
import {groupPoints, countByState, pointMatches, stepInTree, toKbps, countForQuota} from '../../directory/unit-tree.js';

const unit = (id, name, level, parent) => ({id, name, level, parent, valid_from: null, valid_to: null, quota: 1});
const point = (id, name, label, of, state = 'active', aliases = []) => ({id, name, label, unit: of, state, devices: 1, aliases});
const TREE = {
  levels: [{id: 'ubt', name: 'Tỉnh', code: 'a'}, {id: 'so', name: 'Sở', code: 'b'}, {id: 'huyen', name: 'Huyện', code: 'c'}, {id: 'xa', name: 'Xã', code: 'd'}],
  units: [unit('56', 'UBND tỉnh', 'ubt', null), unit('so.yt', 'Sở Y tế', 'so', '56'), unit('568', 'Thành phố Nha Trang', 'huyen', '56'), unit('1', 'Phường Xương Huân', 'xa', '568')],
  points: [
    point('p1', 'UBND.Khanh Hoa', 'UBND tỉnh', '56'), point('p2', 'So.YT', 'Sở Y tế', 'so.yt', 'suspended'),
    point('p3', 'UBND.Nha Trang.01', 'UBND thành phố Nha Trang', '568', 'active', ['UBND.Nha Trang']), point('p4', 'NT.XuongHuan', 'UBND phường Xương Huân', '1', 'draft'),
  ],
  items: [], may_edit: true,
};
const shape = groups => groups.map(({id, name, points}) => [id, name, points.map(({id: each}) => each)]);

test('districts are grouped with their communes, other units with their level', () => {
  assert.deepEqual(shape(groupPoints(TREE, '', '')), [['level:ubt', 'Tỉnh', ['p1']], ['level:so', 'Sở', ['p2']], ['unit:568', 'Thành phố Nha Trang', ['p3', 'p4']]]);
});

test('points are found without diacritics, by label, by unit and by an earlier name', () => {
  assert.deepEqual(shape(groupPoints(TREE, 'xuong huan', '')), [['unit:568', 'Thành phố Nha Trang', ['p4']]]);
  assert.deepEqual(shape(groupPoints(TREE, 'Y TẾ', '')), [['level:so', 'Sở', ['p2']]]);
  assert.equal(pointMatches(TREE.points[2], undefined, 'ubnd.nha trang'), true);
  assert.deepEqual(groupPoints(TREE, 'Hà Nội', ''), []);
});

test('points are counted by state and filtered by it', () => {
  assert.deepEqual(shape(groupPoints(TREE, '', 'draft')), [['unit:568', 'Thành phố Nha Trang', ['p4']]]);
  assert.deepEqual(countByState(TREE.points), [{state: 'draft', count: 1}, {state: 'active', count: 2}, {state: 'suspended', count: 1}]);
  assert.equal(countForQuota([...TREE.points, point('p5', 'x', 'x', '568', 'withdrawn')], '568'), 1);
});

test('rates are typed in Mbit/s, with a comma or a point', () => {
  assert.deepEqual([toKbps('18,4'), toKbps('4'), toKbps('3.6'), toKbps('')], [18400, 4000, 3600, null]);
});

test('arrow keys lead through the tree, and open and close its groups', () => {
  const items = [{head: 0, open: false}, {head: 1, open: true}, {head: 1, open: true}, {head: 1, open: true}];
  const steps = (here, ...keys) => keys.map(key => stepInTree(key, items, here));
  assert.deepEqual(steps(0, 'ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'End'), [{to: 0, open: true}, null, null, {to: 1}, {to: 3}]);
  assert.deepEqual(steps(1, 'ArrowRight', 'ArrowLeft', 'ArrowUp'), [{to: 2}, {to: 1, open: false}, {to: 0}]);
  assert.deepEqual(steps(3, 'ArrowRight', 'ArrowLeft', 'ArrowDown', 'Home', 'Tab'), [null, {to: 1}, null, {to: 0}, null]);
});
