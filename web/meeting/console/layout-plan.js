// SVG drawings of layouts, for layout-picker.js and layout-editor.js.

import {svg} from '../../vendor/lit.js';
import {paneRectangles} from '../client/layouts.js';

/** Draw a layout as a pictogram, from the panes that the server composes. @param {LayoutPlan | undefined} plan */
export const pictogram = plan => svg`<svg class="plan" viewBox="0 0 160 90" aria-hidden="true">
  ${plan ? paneRectangles(plan).map(({x, y, width, height, role}) => svg`<rect class=${role} x=${x} y=${y} width=${width} height=${height} rx="2"></rect>`) : ''}
</svg>`;

/**
 * Draw a layout as a picture whose panes can be tapped.
 * @param {LayoutPlan} plan
 * @param {(pane: number) => string} says what stands in a pane
 * @param {number} chosen
 * @param {(pane: number) => void} tap
 */
export const paneMap = (plan, says, chosen, tap) => svg`<svg class="plan map" viewBox="0 0 160 90" role="group">
  ${paneRectangles(plan).map(({x, y, width, height, role}, pane) => svg`
    <g role="button" tabindex="0" data-testid="pane-${pane}" aria-pressed=${String(pane === chosen)} aria-label="${pane + 1}: ${says(pane)}"
      @click=${() => tap(pane)} @keydown=${(/** @type {KeyboardEvent} */ event) => (event.key === 'Enter' || event.key === ' ') && (event.preventDefault(), tap(pane))}>
      <rect class=${role} x=${x} y=${y} width=${width} height=${height} rx="1"></rect>
      <svg x=${x} y=${y} width=${width} height=${height}>
        <text x="50%" y="50%" class=${size(height)}>${clipped(says(pane), width / letter(height))}</text>
      </svg>
    </g>`)}
</svg>`;

/** @param {number} height */
const size = height => (height > 40 ? 'large' : height > 20 ? 'middle' : 'small');

/** Return the average width of a letter in a pane. @param {number} height */
const letter = height => ({large: 3.4, middle: 2.4, small: 1.7})[size(height)];

/** @param {string} text @param {number} most letters */
const clipped = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, Math.floor(most) - 1))}…` : text);
