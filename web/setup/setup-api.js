// The calls of the page `setup.html`, which `diemcau setup --web` serves alone; each throws a ProblemError as those of
// core/api.js do.

import {ProblemError} from '../core/api.js';
import {language} from '../core/i18n.js';

const BASE = new URL('api/v1/setup', location.href);

/** @param {string} path @param {object | File} [body] a POST has one @returns {Promise<any>} */
async function call(path, body) {
  const file = body instanceof File;
  const response = await fetch(BASE + path, {
    method: body ? 'POST' : 'GET',
    headers: {'Accept-Language': language, ...(body && {'Content-Type': file ? 'application/octet-stream' : 'application/json'})},
    body: file ? body : body && JSON.stringify(body),
  });
  const json = response.headers.get('Content-Type')?.includes('json') ? await response.json() : null;
  if (!response.ok) throw new ProblemError({type: 'urn:diemcau:server', title: '', detail: '', ...json, status: response.status});
  return json;
}

/** Give the token of the link, once. @param {string} token @returns {Promise<null>} */
export const open = token => call('/open', {token});
/** Return what is there. @type {() => Promise<SetupState>} */
export const there = () => call('');
/** Send a file that the answers name. @param {string} name @param {File} file @returns {Promise<null>} */
export const sendFile = (name, file) => call(`/files/${name}`, file);
/** Judge answers, and return what they will do. @param {object} answers @returns {Promise<{lines: string[]}>} */
export const check = answers => call('/check', answers);
/** Carry answers out. @param {object} answers @returns {Promise<SetupResult>} */
export const apply = answers => call('/apply', answers);
/** Say that the result is shown: the page's server ends. @returns {Promise<null>} */
export const end = () => call('/end', {});
