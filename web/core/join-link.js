// The address by which one joins a session, and its QR code (ISO/IEC 18004) as modules. Pure, for the invitation.

import {digitsOf} from '../meeting/client/meeting-state.js';
import {encodeQR} from '../vendor/qr.js';

const QUIET = 4; // modules of white around the code, which readers need

/** Return the address that opens the first page with a code filled in. @param {string} code @param {string} page the address of any page */
export const joinUrl = (code, page) => new URL(`./?code=${digitsOf(code)}`, page).href;

/**
 * Return the path of the dark modules, in a square of `size` modules with the white around it.
 * @param {string} text
 * @returns {{size: number, path: string}}
 */
export function modules(text) {
  const rows = encodeQR(text, 'raw', {ecc: 'medium', border: QUIET});
  const squares = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')));
  return {size: rows.length, path: squares.join('')};
}
