"""Questions to a browser about the layout of the console, as JavaScript."""

SIZES = ((1280, 800), (1440, 900), (1920, 1080), (820, 1180), (390, 844), (360, 740))
"""Windows in which the console is looked at: width and height, pixels."""

FAULTS = """() => {
  const box = element => element.getBoundingClientRect(), faults = [];
  const [width, height, wide] = [innerWidth + 1, innerHeight + 1, document.documentElement.scrollWidth];
  const name = element => element.dataset.testid ?? `${element.tagName} ${element.textContent.trim()}`;
  if (wide > width) faults.push(`page: ${wide} wide`);
  for (const element of document.querySelectorAll('.console :is(button, select, h1, h2, time)')) {
    if (!element.checkVisibility() || element.closest('.rows, .tiles, [popover]')) continue;
    if (width < 642 && element.closest('.layouts, .direct')) continue; // they scroll on a telephone
    const {left, right, top, bottom} = box(element);
    if (left < -1 || right > width || top < -1 || bottom > height) faults.push(`outside: ${name(element)}`);
    if (!element.matches('.thumbnail') && bottom - top > 48) faults.push(`wraps: ${name(element)}`);
  }
  const chips = [...document.querySelectorAll('.chip')].filter(each => each.checkVisibility());
  if (new Set(chips.map(each => Math.round(box(each).top))).size > 1) faults.push('the filters wrap');
  const rows = new Set([...document.querySelectorAll('[data-testid=seat]')].map(each => Math.round(box(each).height)));
  if ([...rows].join() !== '44') faults.push(`rows: ${[...rows]}`);
  if (Math.round(box(document.querySelector('.console > header')).height) !== 48) faults.push('bar');
  return faults;
}"""
"""What is wrong with the console at this size: what is outside the window, wraps, or has another height."""

VISIBLE_ROWS = """() => {
  const list = document.querySelector('.tab-panel .rows'), {top, bottom} = list.getBoundingClientRect();
  const boxes = [...list.children].map(row => row.getBoundingClientRect());
  return boxes.filter(box => box.top >= top - 1 && box.bottom <= Math.min(bottom, innerHeight) + 1).length;
}"""
"""How many rows of the list are seen whole."""
