import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {test} from 'node:test';

const ROOT = new URL('../..', import.meta.url);
const E2E = new URL('../../../tests/e2e/', import.meta.url);

/** Forms without a `kept-form`, and why nothing that is typed there is lost. */
const KEPT_OTHERWISE = {
  'account/account.js': 'passwords are never kept',
  'account/reset-second-factor.js': 'asks for the name of an account, which nobody types in advance',
  'account/second-factor.js': 'passwords and codes are never kept',
  'booking/register.js': 'keeps itself for days; tests/e2e/test_registration.py',
  'home/design.js': 'shows what a form looks like',
  'home/index.js': 'passwords are never kept',
  'meeting/chat/chat-panel.js': 'keeps its draft; tests/e2e/test_chat.py',
  'meeting/console/script-bar.js': 'keeps its items; tests/e2e/test_script.py',
  'meeting/room/meeting-page.js': 'asks for the code of a meeting, and for consent',
  'meeting/vote/vote-panel.js': 'keeps its draft; tests/e2e/test_votes.py',
};
/** Fields of text without a name, by which a `kept-form` knows a field. */
const UNNAMED = {'core/date-field.js': 'the day stands in a hidden field with a name', 'core/spreadsheet-file.js': 'keeps its rows'};

/** Forms whose refusal no browser test of `refusals.py` sees, by their scripts and buttons, and why not. */
const NOT_REFUSED = {
  'meeting/room/control-bar.js: topic-send': 'is seen only while a hand is raised; tests/e2e/test_room.py sends it',
  'meeting/room/incident-dialog.js: ': 'has its buttons outside; tests/e2e/test_forms.py',
  'operations/attendee-lists.js: explain': 'needs a meeting that was interrupted',
  'operations/provider-view.js: account-issue': 'tests/e2e/test_operations.py issues an account; it is not refused there',
  'operations/provider-view.js: answer': 'needs an incident that was handed to a provider',
  'reports/reports.js: review-save': 'needs an emergency that is over',
  'reports/transcript.js: save cancel': 'tests/e2e/test_recordings.py corrects a transcript; it is not refused there',
  'setup/setup.js: setup-check': '`diemcau setup --web` alone serves it; tests/signaling/app/setup/test_page_server.py refuses its answers',
};

/** The scripts of pages, by their names. */
async function scripts() {
  const names = (await readdir(ROOT, {recursive: true})).filter(name => name.endsWith('.js') && !/^(?:vendor|node_modules|tests)\b/.test(name));
  return Promise.all(names.sort().map(async name => [name, await readFile(new URL(name, ROOT), 'utf8')]));
}

/** Return the opening tags of an element in a script, each with what follows it. */
function tags(text, element) {
  return [...text.matchAll(new RegExp(`<${element}(?=\\s)`, 'g'))].map(({index}) => {
    let [depth, end] = [0, index];
    while (depth || text[end] !== '>') {
      depth += {'{': 1, '}': -1}[text[end]] ?? 0;
      end += 1;
    }
    const close = text.indexOf(`</${element}>`, end);
    return {tag: text.slice(index, end + 1), after: text.slice(end + 1, end + 80), content: text.slice(end + 1, close)};
  });
}

/** Return whether a form keeps what is typed into it. */
const keeps = ({after}) => /^\s*(?:\$\{keptForm\(|<kept-form|\$\{field \? html`<kept-form)/.test(after);

test('every form keeps what is typed until it is sent', async () => {
  const without = new Set();
  for (const [name, text] of await scripts())
    for (const form of tags(text, 'form')) {
      const {tag} = form;
      const closesOnly = tag.includes('method="dialog"') && !tag.includes('@submit');
      const inAddress = tag.includes('role="search"') || tag.includes('class="filters"');
      if (!keeps(form) && !closesOnly && !inAddress) without.add(name);
    }
  assert.deepEqual([...without], Object.keys(KEPT_OTHERWISE));
});

test('every field of text has a name, by which it is kept and finds its faults', async () => {
  const unnamed = new Set();
  for (const [name, text] of await scripts())
    for (const {tag} of [...tags(text, 'input'), ...tags(text, 'textarea')])
      if (!/\sname=/.test(tag) && !/type="(?:search|checkbox|radio|file|range)"/.test(tag)) unnamed.add(name);
  assert.deepEqual([...unnamed], Object.keys(UNNAMED));
});

test('every form that keeps what is typed is handed over with its request, so that faults stand at its fields', async () => {
  const without = [];
  for (const [name, text] of await scripts())
    for (const {tag} of tags(text, 'form').filter(keeps)) {
      const [, handler] = /this\.(\w+)/.exec(tag) ?? [];
      if (!handler || tag.includes('formOf(event)')) continue;
      const [method = ''] = new RegExp(`\\n  (?:async )?${handler}\\([^]*?\\n  }\\n`).exec(text) ?? [];
      if (!/formOf\(event\)|\bthis\.querySelector\('form|\bform\b/.test(method)) without.push(`${name}: ${handler}`);
    }
  assert.deepEqual(without, []);
});

test('every form that keeps what is typed is refused by the server in a browser test, and loses nothing', async () => {
  const refused = new Set();
  for (const name of await readdir(E2E))
    if (/^test_.*\.py$/.test(name))
      for (const [, sender] of String(await readFile(new URL(name, E2E))).matchAll(/\bForm\(\s*[^,]+,\s*"([\w-]+)"/g)) refused.add(sender);
  const without = [];
  for (const [name, text] of await scripts())
    for (const {content} of tags(text, 'form').filter(keeps)) {
      const senders = [...content.matchAll(/<button[^>]*?data-testid="?([\w${}-]+)/g)].map(([, id]) => id);
      const found = senders.some(id => {
        const pattern = new RegExp(`^${id.replaceAll(/\$\{\w+\}/g, '[\\w-]+')}$`);
        return [...refused].some(one => pattern.test(one));
      });
      if (!found) without.push(`${name}: ${senders.join(' ')}`);
    }
  assert.deepEqual(without, Object.keys(NOT_REFUSED));
});
