// Where a popover opens: below what opens it, or above where there is no room. For date-field.js and action-menu.js.

const GAP_PX = 4;
const EDGE_PX = 8;

/**
 * Return the place of a panel, in pixels of the window: under its anchor and aligned to one of its sides.
 * @param {{left: number, right: number, top: number, bottom: number}} anchor
 * @param {{width: number, height: number}} panel
 * @param {{width: number, height: number}} view the window
 * @param {'start' | 'end'} side
 */
export function placeOf(anchor, panel, view, side) {
  const wanted = side === 'start' ? anchor.left : anchor.right - panel.width;
  const below = anchor.bottom + GAP_PX;
  const above = anchor.top - GAP_PX - panel.height;
  return {
    left: Math.max(EDGE_PX, Math.min(wanted, view.width - panel.width - EDGE_PX)),
    top: below + panel.height > view.height ? Math.max(EDGE_PX, above) : below,
  };
}

/**
 * Open a popover at its anchor.
 * @param {HTMLElement} panel
 * @param {HTMLElement} anchor
 * @param {'start' | 'end'} [side]
 */
export function openAt(panel, anchor, side = 'start') {
  panel.showPopover();
  const {left, top} = placeOf(anchor.getBoundingClientRect(), {width: panel.offsetWidth, height: panel.offsetHeight}, {width: innerWidth, height: innerHeight}, side);
  panel.style.left = `${left}px`;
  panel.style.top = `${top}px`;
}
