// Draws a QR code, as pages show and print it.

import {svg} from '../vendor/lit.js';
import {modules} from './join-link.js';

/** Draw a text as a QR code. @param {string} text @param {string} label what a screen reader says */
export function qrCode(text, label) {
  const {size, path} = modules(text);
  return svg`<svg class="qr" role="img" aria-label=${label} viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><rect width=${size} height=${size} fill="#fff"></rect><path d=${path} fill="#000"></path></svg>`;
}
