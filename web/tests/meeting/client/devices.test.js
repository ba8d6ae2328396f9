import assert from 'node:assert/strict';
import {test} from 'node:test';

const kept = new Map();
globalThis.localStorage = {getItem: key => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value)};
const {applyBlur, saveDeviceChoices} = await import('../../../meeting/client/devices.js');

/** A camera with the values that its background blur can have, and the constraints that it was given. */
function camera(...backgroundBlur) {
  const given = [];
  return {
    given,
    getCapabilities: () => ({backgroundBlur}),
    getConstraints: () => ({width: {ideal: 1280}}),
    applyConstraints: async constraints => void given.push(constraints),
  };
}

test('what is behind the people is blurred by a camera that can, as its owner chose, and its other constraints stay', async () => {
  const [can, cannot] = [camera(false, true), camera(false)];
  for (const blur of [true, false]) {
    saveDeviceChoices({blur});
    await applyBlur(can);
    await applyBlur(cannot);
  }
  assert.deepEqual(can.given, [{width: {ideal: 1280}, backgroundBlur: true}, {width: {ideal: 1280}, backgroundBlur: false}]);
  assert.deepEqual(cannot.given, []);
});

test('a camera that refuses to blur goes on', async () => {
  saveDeviceChoices({blur: true});
  await applyBlur({...camera(false, true), applyConstraints: () => Promise.reject(new Error('overconstrained'))});
});
