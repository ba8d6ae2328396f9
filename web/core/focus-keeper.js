// Where the focus goes when what had it is taken out of the page, as a form that was sent, or is disabled while a request
// goes. Else assistive technology would begin at the top of the page again. For base.js.

/** The element that had the focus last, and those around it, from the inside. @type {HTMLElement[]} */
let path = [];
/** Whether it had the focus until it was disabled. */
let waits = false;
let keeping = false;

/** Keep the focus where it was, or at the nearest element that is still there, from now on. */
export function keepFocus() {
  if (keeping) return;
  keeping = true;
  document.addEventListener('focusin', ({target}) => {
    [path, waits] = [[], false];
    for (let each = /** @type {HTMLElement | null} */ (target); each && each !== document.body; each = each.parentElement) path.push(each);
  });
  document.addEventListener('pointerdown', ({target}) => { // who presses somewhere else has left it
    if (!path[0]?.contains(/** @type {Node} */ (target))) path = [];
  });
  new MutationObserver(restore).observe(document.body, {childList: true, subtree: true, attributeFilter: ['disabled']});
}

/** Give the focus back, or on, if it was lost with its element. */
function restore() {
  const [was] = path;
  if (!was) return;
  const active = document.activeElement;
  const lost = active === document.body;
  if (was.isConnected && was.matches(':disabled')) waits ||= lost || active === was;
  else if (lost && was.isConnected && waits) was.focus({preventScroll: true});
  else if (lost && !was.isConnected) path.some(each => each.isConnected && focusOn(each));
}

/** Focus an element that is no stop of the tab key; return whether it takes that. @param {HTMLElement} element */
function focusOn(element) {
  const added = !element.hasAttribute('tabindex');
  if (added) element.setAttribute('tabindex', '-1');
  element.focus({preventScroll: true});
  const taken = document.activeElement === element;
  if (added && taken) element.addEventListener('blur', () => element.removeAttribute('tabindex'), {once: true});
  else if (added) element.removeAttribute('tabindex');
  return taken;
}
