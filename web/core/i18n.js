// The whole of translation: one JSON per language, {0} placeholders, Vietnamese by default.
// A value may be {"one": …, "other": …}: the first argument then picks the form.

export const LANGUAGES = ['vi', 'en'];

const stored = localStorage.getItem('language') ?? '';
export const language = LANGUAGES.includes(stored) ? stored : 'vi';

/** @type {Record<string, string | Record<string, string>>} */
const words = await (await fetch(new URL(`../i18n/${language}.json`, import.meta.url))).json();
const plural = new Intl.PluralRules(language);

/** Orders names the way their readers do. */
export const collator = new Intl.Collator(language);

/** @param {string} key */
export const known = key => key in words;

/** The words behind a key; an unknown key shows itself as ⟦key⟧. @param {string} key @param {...any} args @returns {string} */
export function t(key, ...args) {
  const entry = words[key] ?? `⟦${key}⟧`;
  const text = typeof entry === 'string' ? entry : (entry[plural.select(Number(args[0]))] ?? entry.other);
  return text.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)] ?? ''));
}

/** Numbers as the language writes them. @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options) => new Intl.NumberFormat(language, options).format(value);

const [KILOBYTE, MEGABYTE] = [1000, 1_000_000];

/** How big a file is. @param {number} bytes */
export const size = bytes => (bytes < MEGABYTE / 10 ? `${number(Math.ceil(bytes / KILOBYTE))} kB` : `${number(bytes / MEGABYTE, {maximumFractionDigits: 1})} MB`);

/** Show every page in another language from now on. @param {string} chosen */
export function speak(chosen) {
  localStorage.setItem('language', chosen);
  location.reload();
}

document.documentElement.lang = language;
