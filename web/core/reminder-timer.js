// Reminds of one's sessions while a page is open: a toast, and a notification of the browser where the user allowed
// them. All pages share one list and one record of what was shown, so that each reminder comes once. For top-bar.js.

import {agenda} from './api.js';
import {t} from './i18n.js';
import {isCentral} from './nav.js';
import {dueReminders, minutesUntil, stillShown} from './reminders.js';
import {hourMinute, utc} from './time.js';
import {toast} from './toast.js';

const TICK_MS = 15_000;
/** A page loads first. */
const FIRST_MS = 2_000;
const FETCH_MS = 5 * 60_000;
const AHEAD_MS = 86_400_000;
/** So much later a page that is not seen reminds: one that is seen goes before it. */
const UNSEEN_MS = 2 * TICK_MS;
const RECORD = 'reminders';
const CHOICE = 'remind';

/** @typedef {{account: string, fetched: number, entries: CalendarEntry[], shown: Record<string, number>}} Kept */

/** Return whether a user is reminded: as chosen on this device, else unless they see the sessions of everybody. @param {SignedInUser} me */
export function isReminded(me) {
  const chosen = localStorage.getItem(CHOICE);
  return chosen ? chosen === 'on' : !isCentral(me) && !me.roles.includes('supervisor');
}

/** Keep a choice on this device. @param {boolean} on */
export const chooseReminders = on => localStorage.setItem(CHOICE, on ? 'on' : 'off');

/** @param {string} account @returns {Kept} */
function recorded(account) {
  const kept = JSON.parse(localStorage.getItem(RECORD) ?? 'null');
  return kept?.account === account ? kept : {account, fetched: 0, entries: [], shown: {}};
}

/** Fetch the list anew when it is old. @param {Kept} kept @param {number} now */
async function refresh(kept, now) {
  if (now - kept.fetched < FETCH_MS) return;
  const entries = await agenda(utc(now), utc(now + AHEAD_MS)).catch(() => null); // pages themselves show what fails
  if (entries) [kept.entries, kept.fetched] = [entries, now];
}

/** @param {import('./reminders.js').Reminder} reminder @param {number} now */
function show({key, kind, at, entry}, now) {
  const text = kind === 'start' ? t('reminder.start', minutesUntil(at, now), entry.title, hourMinute(at)) : t('reminder.check', entry.title, hourMinute(entry.start));
  toast(text, {tone: 'info', key, stays: true});
  if (globalThis.Notification?.permission !== 'granted') return;
  try {
    new Notification(t(`reminder.title-${kind}`), {body: text, tag: key, icon: 'icon-192.png', lang: document.documentElement.lang});
  } catch {
    // Browsers of telephones show none from a page; the toast has said it.
  }
}

/**
 * Return whether this page may show a reminder, which no other may as long as this one is open: a page of another process
 * can have its turn before it can read what this one has recorded.
 * @param {string} key
 * @returns {Promise<boolean>}
 */
const claim = key => new Promise(resolve => {
  navigator.locks.request(`${RECORD} ${key}`, {ifAvailable: true}, lock => {
    resolve(Boolean(lock));
    return lock && new Promise(() => {});
  });
});

/** Show what is due. Pages take turns, and each reads what the others have shown. @param {SignedInUser} me */
async function tick(me) {
  if (!isReminded(me)) return;
  await navigator.locks.request(RECORD, async () => {
    const now = Date.now();
    const kept = recorded(me.account);
    await refresh(kept, now);
    kept.shown = stillShown(kept.shown, now);
    for (const each of dueReminders(kept.entries, kept.shown, document.hidden ? now - UNSEEN_MS : now)) {
      if (await claim(each.key)) show(each, now);
      kept.shown[each.key] = now;
    }
    localStorage.setItem(RECORD, JSON.stringify(kept));
  });
}

let started = false;

/** Remind a user while this page is open; browsers without locks, and providers, are not reminded. @param {SignedInUser} me */
export function startReminders(me) {
  if (started || !navigator.locks || me.roles.includes('provider')) return;
  started = true;
  setTimeout(() => tick(me), FIRST_MS);
  setInterval(() => tick(me), TICK_MS);
}
