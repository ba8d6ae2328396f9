import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

const ROOT = new URL('../../', import.meta.url);
/** Lists of which an empty one is what is wished, or which stand beside the form that fills them. */
const ENDS = ['today/today.js nothing-owed', 'reports/reports.js report-none', 'reports/reports.js report-points-none', 'core/data-table.js '];
/** Lines that say of a part that it is empty, by file and text, with why they lead nowhere. */
const LINES = {
  'core/base.js denied': 'draws its own link home, before anything else of the page is there',
  'directory/directory.js directory.closed': 'the points that may be opened stand around it',
  'directory/point-assessment.js assessment.none': 'its form stands below',
  'directory/point-equipment.js equipment.no-line': 'the button that adds one stands below',
  'directory/point-people.js people.none': 'the button that adds one stands below',
  'directory/sip-trace.js trace.empty': 'the button that calls the device stands above',
  'display/point-displays.js displays.empty': 'the form that pairs one stands below',
  'meeting/chat/chat-panel.js chat.empty': 'the field for a message stands below',
  'meeting/console/point-list.js seats.none': 'search and filters stand above, and Escape clears them',
  'meeting/console/side-panel.js aid.none': 'no incident is what is wished',
  'meeting/console/speaker-queue.js queue.none': 'hands are raised in the room',
  'meeting/room/participant-list.js seats.none': 'search and filter stand above',
  'policy/policies.js profile.no-days': 'years stand above, the form for a day below',
  'policy/policy-upload.js profile.no-difference': 'answers a comparison',
};

/** Our own sources but the one that draws these states, with their names. */
async function sources() {
  const names = (await readdir(ROOT, {recursive: true})).filter(name => name.endsWith('.js') && !/^(?:vendor|node_modules|tests)\b/.test(name) && name !== 'core/states.js');
  return Promise.all(names.map(async name => [name, await readFile(new URL(name, ROOT), 'utf8')]));
}

test('every empty list leads somewhere', async () => {
  const dead = [];
  for (const [name, text] of await sources())
    for (const [begin] of text.matchAll(/emptyState\(\{[^\n]*/g)) if (!/\baction\b/.test(begin)) dead.push(`${name} ${/testid: '([^']*)'/.exec(begin)?.[1] ?? ''}`);
  assert.deepEqual(dead.sort(), [...ENDS].sort());
});

test('what is empty or loading is drawn by states.js, but for lines that need no way on', async () => {
  const drawn = [];
  for (const [name, text] of await sources()) {
    assert.doesNotMatch(text, /<p[^>]*>\$\{t\('app\.loading'\)\}/, name);
    for (const [begin] of text.matchAll(/class="empty[ "][^\n]*/g)) drawn.push(`${name} ${/data-testid="denied"/.test(begin) ? 'denied' : /'([a-z]+\.[a-z-]+)'\)\}<\/p>/.exec(begin)?.[1]}`);
  }
  assert.deepEqual(drawn.sort(), Object.keys(LINES).sort());
});
