"""Finds faults of a page's layout by the boxes of what is drawn: too wide, cut, too small, on each other."""

from playwright.sync_api import Page

from tests.e2e.browsers import wait_until

_FAULTS = """() => {
  const root = document.documentElement;
  const once = run => {
    const known = new Map();
    return element => {
      if (!known.has(element)) known.set(element, run(element));
      return known.get(element);
    };
  };
  const style = once(element => getComputedStyle(element));
  const shows = once(element => {
    if (!element) return true;
    const {opacity, clipPath} = style(element);
    return opacity !== '0' && clipPath === 'none' && shows(element.parentElement);
  });
  const visible = {contentVisibilityAuto: true, visibilityProperty: true};
  const seen = element => shows(element) && element.checkVisibility(visible);
  const layer = once(element => {
    if (!element) return root;
    return ['fixed', 'sticky'].includes(style(element).position) ? element : layer(element.parentElement);
  });
  const named = ({localName, dataset}) => `${localName}[${dataset.testid ?? ''}]`;
  const common = (one, other) => ({
    x: Math.max(one.x, other.x), y: Math.max(one.y, other.y),
    right: Math.min(one.right, other.right), bottom: Math.min(one.bottom, other.bottom),
  });
  /** The part of the page in which an element, and those around it, let their contents be seen. */
  const port = once(element => {
    if (!element) return {x: -Infinity, y: -Infinity, right: Infinity, bottom: Infinity};
    const {overflowX, overflowY} = style(element), around = port(element.parentElement);
    const clips = overflowX !== 'visible' || overflowY !== 'visible';
    return clips ? common(around, element.getBoundingClientRect()) : around;
  });

  const [boxes, faults] = [[], []];
  const add = (element, rect, what, around) => {
    const box = common(rect, port(around));
    if (box.right - box.x <= 3 || box.bottom - box.y <= 3) return;
    boxes.push({...box, element, what, layer: layer(element), place: boxes.length});
  };

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const [element, said] = [text.parentElement, text.textContent.trim().slice(0, 24)];
    if (!said || element.closest('svg, script, noscript, option') || !seen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const rect of range.getClientRects()) add(element, rect, `“${said}”`, element);
    const more = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    const {overflowX, textOverflow} = style(element);
    if (more && ['hidden', 'clip'].includes(overflowX) && textOverflow !== 'ellipsis') faults.push(`“${said}” is cut`);
  }
  for (const element of document.querySelectorAll('svg text')) {
    if (!seen(element)) continue;
    const [said, px] = [element.textContent.trim(), parseFloat(style(element).fontSize) * element.getScreenCTM().a];
    if (px < 10.9) faults.push(`“${said}” is in letters of ${px.toFixed(1)} pixels`);
    add(element, element.getBoundingClientRect(), `“${said}”`, element);
  }
  for (const element of document.querySelectorAll('button, a.button, input, select, textarea, img')) {
    if (element.closest('.date, .enlarge, .reduce') || !seen(element)) continue; // they lie in a field, over a tile
    add(element, element.getBoundingClientRect(), named(element), element.parentElement);
  }

  const covers = (one, other) => {
    const width = Math.min(one.right, other.right) - Math.max(one.x, other.x);
    const height = Math.min(one.bottom, other.bottom) - Math.max(one.y, other.y);
    return width > 3 && height > 0.4 * Math.min(one.bottom - one.y, other.bottom - other.y);
  };
  boxes.sort((one, other) => one.y - other.y);
  const pairs = [];
  for (const [at, one] of boxes.entries())
    for (let next = at + 1; next < boxes.length && boxes[next].y < one.bottom; next++) {
      const other = boxes[next];
      const nested = () => one.element.contains(other.element) || other.element.contains(one.element);
      if (one.layer !== other.layer || !covers(one, other) || nested()) continue;
      pairs.push(one.place < other.place ? [one, other] : [other, one]);
    }
  pairs.sort(([a, b], [c, d]) => a.place - c.place || b.place - d.place);
  faults.push(...pairs.map(([one, other]) => `${one.what} is on ${other.what}`));
  const beside = root.scrollWidth - root.clientWidth;
  return [...new Set(beside > 0 ? [`${beside} pixels are beside the screen`, ...faults] : faults)];
}"""


_CHARTS_FIT = """() => [...document.querySelectorAll('.chart svg')]
  .every(each => !each.checkVisibility() || each.viewBox.baseVal.width === each.clientWidth)"""


def layout_faults(page: Page) -> list[str]:
    """Return what is wrong with the layout of a page in its present size, each fault once.

    No faults are: what lies in another thing, text that ends in an ellipsis, and what floats above the page. Charts are
    looked at once they are drawn to the width that they have.
    """
    wait_until(page, lambda: bool(page.evaluate(_CHARTS_FIT)), "charts of the width they have")
    found: list[str] = page.evaluate(_FAULTS)
    return found


def clear_at_all_sizes(page: Page) -> None:
    """Wait until the layout has no fault: on a laptop, a telephone and the narrowest of these."""
    for width, height in ((1280, 800), (390, 844), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        wait_until(page, lambda: layout_faults(page) == [], f"no fault at {width}x{height}")
    page.set_viewport_size({"width": 1280, "height": 800})
