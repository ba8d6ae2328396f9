import assert from 'node:assert/strict';
import {test} from 'node:test';

import {keepInAddress, keepProperties, keptInAddress} from '../../core/address.js';

/** Take the place of the browser at an address. */
function at(search) {
  const shown = [];
  globalThis.location = {search, pathname: '/audit.html'};
  globalThis.history = {replaceState: (state, title, url) => shown.push(url)};
  return shown;
}

test('the address keeps what a page is filtered by, and what others keep there', () => {
  const shown = at('?q=cu&report-unit-page=2');
  keepInAddress({q: 'cam ranh', actor: '', from: '2026-04-05'});
  assert.deepEqual(shown, ['?q=cam+ranh&report-unit-page=2&from=2026-04-05']);
});

test('an address without anything to keep is plain', () => {
  const shown = at('?q=cu');
  keepInAddress({q: ''});
  assert.deepEqual(shown, ['/audit.html']);
});

test('only the fields of a page are read', () => {
  at('?q=cam&other=1');
  assert.deepEqual(keptInAddress(['q', 'actor']), {q: 'cam'});
});

test('properties begin as the address has them, and the address follows their changes once each', () => {
  const shown = at('?q=cam&settled=true&other=1');
  const controllers = [];
  const page = {text: '', level: '', settled: false, addController: controller => controllers.push(controller)};
  keepProperties(page, {q: 'text', level: 'level', settled: 'settled'});
  assert.deepEqual([page.text, page.level, page.settled], ['cam', '', true]);
  for (const change of [{}, {}, {level: '2'}, {settled: false}]) {
    Object.assign(page, change);
    controllers[0].hostUpdate();
  }
  assert.deepEqual(shown, ['?q=cam&settled=true&other=1', '?q=cam&settled=true&other=1&level=2', '?q=cam&other=1&level=2']);
});
