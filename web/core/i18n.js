// Translation: JSON files of each language, {0} placeholders, Vietnamese by default. All pages use it; those of a meeting
// (`data-words="meeting"`) do without the texts of the office, which are a fourth of all.
// A value may be {"one": …, "other": …}: the first argument then picks the form.

export const LANGUAGES = ['vi', 'en'];

const stored = localStorage.getItem('language') ?? '';
export let language = LANGUAGES.includes(stored) ? stored : 'vi';

const FOLDERS = document.documentElement.dataset?.words === 'meeting' ? [''] : ['', 'office/'];

/** Fetch a file beside this one. @param {string} path @returns {Promise<Record<string, string | Record<string, string>>>} */
const fetchJson = async path => (await fetch(new URL(path, import.meta.url))).json();

/** Fetch the texts of a language. @param {string} chosen @returns {Promise<Record<string, string | Record<string, string>>>} */
const fetchWords = async chosen => Object.assign({}, ...(await Promise.all(FOLDERS.map(folder => fetchJson(`../i18n/${folder}${chosen}.json`)))));

let words = await fetchWords(language);
let plural = new Intl.PluralRules(language);

/** Compares names in the order of the user's language. */
export let collator = new Intl.Collator(language);

/** Return whether a key has a text. @param {string} key */
export const hasText = key => key in words;

/** Return the text of a key; an unknown key as ⟦key⟧. @param {string} key @param {...any} args @returns {string} */
export function t(key, ...args) {
  const entry = words[key] ?? `⟦${key}⟧`;
  const text = typeof entry === 'string' ? entry : (entry[plural.select(Number(args[0]))] ?? entry.other);
  return text.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)] ?? ''));
}

/** Format a number as the language writes it. @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options) => new Intl.NumberFormat(language, options).format(value);

const [KILOBYTE, MEGABYTE] = [1000, 1_000_000];

/** Format a file size. @param {number} bytes */
export const fileSize = bytes => (bytes < MEGABYTE / 10 ? `${number(Math.ceil(bytes / KILOBYTE))} kB` : `${number(bytes / MEGABYTE, {maximumFractionDigits: 1})} MB`);

/** Return the name of a language, in that language. @param {string} each */
export function languageName(each) {
  const name = new Intl.DisplayNames(each, {type: 'language'}).of(each) ?? each;
  return name[0].toUpperCase() + name.slice(1);
}

/** Remember another language and take its texts; who draws is told by `language` of the document. @param {string} chosen */
export async function useLanguage(chosen) {
  words = await fetchWords(chosen);
  language = chosen;
  plural = new Intl.PluralRules(chosen);
  collator = new Intl.Collator(chosen);
  localStorage.setItem('language', chosen);
  document.documentElement.lang = chosen;
  document.dispatchEvent(new Event('language'));
}

/** Remember another language and reload the page in it. @param {string} chosen */
export function switchLanguage(chosen) {
  localStorage.setItem('language', chosen);
  location.reload();
}

document.documentElement.lang = language;
