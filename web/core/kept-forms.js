// What was typed into forms and not sent yet, kept in the tab: neither a reload nor a lost session loses it. For
// kept-form.js and for elements whose input is no plain form.

const STORED = 'kept-forms';
const MAX_FORMS = 30;
/** Characters of all kept forms together; the oldest make room. */
const MAX_CHARS = 500_000;
/** Fields that hold a secret, by their names. */
const SECRETS = ['password', 'fresh', 'again', 'pin', 'code'];

/** @typedef {{account: string, fields: Record<string, any>}} Kept */

/** Return under which name a field is kept; '' for one that never is: without a name, with a file or a secret. */
export function keptName(/** @type {{name: string, type: string, value: string}} */ {name, type, value}) {
  if (!name || ['password', 'file', 'submit', 'button'].includes(type) || SECRETS.includes(name)) return '';
  return type === 'checkbox' ? `${name}=${value}` : name;
}

/** Return by what the forms of an address are kept apart from others: its page and, in a meeting, the code. @param {{pathname: string, search: string}} address */
export function keptPage({pathname, search}) {
  const code = new URLSearchParams(search).get('code')?.replace(/\D/g, '');
  return [pathname.split('/').pop() ?? '', ...(code ? [code] : [])].join(':');
}

/** Keeps the unsent content of the forms of one page and account in a storage of the tab. */
export class KeptForms {
  /** @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} storage @param {string} account @param {string} page */
  constructor(storage, account, page) {
    this.storage = storage;
    this.account = account;
    this.page = page;
  }

  /** The kept forms of the account, oldest first; what another account typed is dropped. @returns {[string, Kept][]} */
  get entries() {
    const found = Object.entries(/** @type {Record<string, Kept>} */ (JSON.parse(this.storage.getItem(STORED) ?? '{}')));
    return found.filter(([, {account}]) => account === this.account);
  }

  /** @param {[string, Kept][]} entries */
  store(entries) {
    const most = entries.slice(-MAX_FORMS);
    let text = JSON.stringify(Object.fromEntries(most));
    while (text.length > MAX_CHARS) {
      most.shift();
      text = JSON.stringify(Object.fromEntries(most));
    }
    this.storage.setItem(STORED, text);
  }

  /** @param {string} form */
  key(form) {
    return `${this.page}#${form}`;
  }

  /** Return what is kept of a form, or null. @param {string} form @returns {Record<string, any> | null} */
  kept(form) {
    return this.account ? (this.entries.find(([key]) => key === this.key(form))?.[1].fields ?? null) : null;
  }

  /** Keep what a form holds. @param {string} form @param {Record<string, any>} fields */
  keep(form, fields) {
    if (!this.account) return;
    this.store([...this.others(form), [this.key(form), {account: this.account, fields}]]);
  }

  /** Drop what is kept of a form: it was sent, or is not wanted. @param {string} form */
  drop(form) {
    if (this.account) this.store(this.others(form));
  }

  /** @param {string} form */
  others(form) {
    return this.entries.filter(([key]) => key !== this.key(form));
  }
}

/** Drop everything: the account signs out. @param {Pick<Storage, 'removeItem'>} storage */
export const dropAll = storage => storage.removeItem(STORED);
