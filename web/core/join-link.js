// The QR code (ISO/IEC 18004) of the address by which one joins a session, as modules. Pure, for the invitation.

import {encodeQR} from '../vendor/qr.js';

const QUIET = 4; // modules of white around the code, which readers need

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
