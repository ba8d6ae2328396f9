// The address by which one joins a session. Pure, for the invitation and the console.

import {digitsOf} from './meeting-code.js';

/** Return the address that opens the first page with a code filled in. @param {string} code @param {string} page the address of any page */
export const joinUrl = (code, page) => new URL(`./?code=${digitsOf(code)}`, page).href;
