"""Looks at a page as assistive technology does: the rules of axe-core, and names in the accessibility tree."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.e2e.browsers import imported, wait_until

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
_RUN = """async () => {
  const {violations} = await axe.run(document, {resultTypes: ['violations'], preload: false});
  return violations.flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) =>
    `${id}: ${target.join(' ')}: ${failureSummary.split('\\n').slice(1).join(' ').trim()}`));
}"""
NAMED_ROLES = frozenset({"button", "link", "tab", "menuitem", "checkbox", "radio", "switch", "option"})
_SMALL = """(area, least) => [...area.querySelectorAll('button, select, a')].filter(each => each.checkVisibility())
  .map(each => [each, (each.closest('label') ?? each).getBoundingClientRect().height]).filter(([, px]) => px < least)
  .map(([each, px]) => `${each.dataset.testid ?? each.textContent.trim()}: ${px}`)"""
_CLOSE = """(area, least) => {
  const boxes = [...area.querySelectorAll('button, select, a')].filter(each => each.checkVisibility())
    .map(each => [each.dataset.testid ?? each.innerText, (each.closest('label') ?? each).getBoundingClientRect()]);
  const apart = (a, b) => Math.max(b.left - a.right, a.left - b.right, b.top - a.bottom, a.top - b.bottom);
  return boxes.flatMap(([name, box], at) => boxes.slice(at + 1).filter(([, other]) => apart(box, other) < least - 0.1)
    .map(([other, far]) => `${name}, ${other}: ${apart(box, far)}`));
}"""
_NOTE_WORDS = """note => {
  const roots = [document];
  while (roots.length) for (const each of roots.pop().querySelectorAll('*')) {
    if (each.shadowRoot) roots.push(each.shadowRoot);
    if (!note) delete each.dataset.words;
    else if (each.matches('button, a, input, option, [role]')) each.dataset.words = each.innerText ?? '';
  }
}"""
"""Note at each element that may be a control which words are seen in it, or forget that."""
_SEEN = "function () { return this.innerText ?? ''; }"


_IN_USE = """on => {
  clearInterval(window.inUse);
  const move = () => document.dispatchEvent(new Event('pointermove'));
  if (on) move(), window.inUse = setInterval(move, 500);
}"""
"""Move the pointer on and on, or no longer: the room's bar disappears from a page that nobody touches for 5 s."""
_CHANGES = "() => document.getAnimations().some(each => each instanceof CSSTransition && each.playState === 'running')"


def findings(page: Page) -> list[str]:
    """Return what axe finds wrong on a page in use, of any level: rule, element and reason. No colour is changing."""
    page.evaluate(_IN_USE, True)
    wait_until(page, lambda: not page.evaluate(_CHANGES), "colours at rest")
    page.evaluate(AXE)
    found: list[str] = page.evaluate(_RUN)
    page.evaluate(_IN_USE, False)
    return found


def misnamed(page: Page) -> list[str]:
    """Return controls whose accessible name does not begin with the words seen (WCAG 2.2, 2.5.3), or that have none.

    Chromium's accessibility tree has the names that screen readers read; in Firefox nothing is looked at.
    """
    if page.context.browser is None or page.context.browser.browser_type.name != "chromium":
        return []
    session = page.context.new_cdp_session(page)
    try:
        said = _words(page, session)
        nodes = [node for node in session.send("Accessibility.getFullAXTree")["nodes"] if _is_control(node)]
        odd = [node for node in nodes if not _is_called(node, said.get(node["backendDOMNodeId"]))]
        return [words for node in odd if (words := _misnamed(session, node))]
    finally:
        session.detach()


def _words(page: Page, session: CDPSession) -> dict[int, str]:
    """Return the words seen in what may be a control, by its number in the browser; a call for each would be slow."""
    page.evaluate(_NOTE_WORDS, True)
    try:
        found: dict[int, str] = {}
        left = [session.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"]]
        while left:
            node = left.pop()
            left += [*node.get("children", ()), *node.get("shadowRoots", ())]
            attributes = node.get("attributes", ())
            pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
            if "data-words" in pairs:
                found[node["backendNodeId"]] = " ".join(pairs["data-words"].split())
        return found
    finally:
        page.evaluate(_NOTE_WORDS, False)


def _is_control(node: dict[str, Any]) -> bool:
    role = node.get("role", {}).get("value")
    return not node.get("ignored") and role in NAMED_ROLES and "backendDOMNodeId" in node


def _misnamed(session: CDPSession, node: dict[str, Any]) -> str:
    """Return role, words and name of a control that is not called by its words, else ''.

    Its words may have changed since the whole tree was read.
    """
    resolved = session.send("DOM.resolveNode", {"backendNodeId": node["backendDOMNodeId"]})
    called = session.send(
        "Runtime.callFunctionOn", {"objectId": resolved["object"]["objectId"], "functionDeclaration": _SEEN}
    )
    seen = " ".join(called["result"]["value"].split())
    about = {"backendNodeId": node["backendDOMNodeId"], "fetchRelatives": False}
    (present,) = session.send("Accessibility.getPartialAXTree", about)["nodes"]
    if present.get("ignored") or _is_called(present, seen):  # or it has just gone
        return ""
    return f"{node['role']['value']} “{seen}” is called “{present['name']['value']}”"


def _is_called(node: dict[str, Any], seen: str | None) -> bool:
    """Return whether a node has a name, and that begins with the words seen, which are known."""
    name = " ".join(node["name"]["value"].split())
    return seen is not None and bool(name) and name.startswith(seen)


def small_targets(page: Page, area: str, least: float) -> list[str]:
    """Return the controls of an area that are less than `least` pixels high."""
    found: list[str] = page.locator(area).first.evaluate(_SMALL, least)
    return found


def close_targets(page: Page, area: str, least: float) -> list[str]:
    """Return the pairs of controls of an area with less than `least` pixels between them."""
    found: list[str] = page.locator(area).first.evaluate(_CLOSE, least)
    return found


def tabbed(page: Page, presses: int) -> list[str]:
    """Return what has the focus after each of so many presses of the tab key, by its `data-testid`."""
    page.evaluate("() => document.activeElement.blur()")
    names = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        names.append(page.evaluate("() => document.activeElement.dataset.testid ?? ''"))
    return names


def use_language(page: Page, language: str) -> None:
    """Draw a page of a meeting in another language, as its settings do."""
    page.evaluate(f"async language => ({imported('core/i18n.js')}).useLanguage(language)", language)


_HAS_FOCUS = """([name, point]) => {
  const found = document.activeElement.closest('[data-testid]');
  return document.hasFocus() && found?.dataset.testid === name && (!point || found.dataset.point === point);
}"""
_WAY = """([name, point]) => {
  const here = document.activeElement, all = [...document.querySelectorAll(`[data-testid="${name}"]`)];
  const wanted = all.filter(each => each.checkVisibility() && (!point || each.dataset.point === point));
  const others = wanted.filter(each => !each.contains(here));
  if (wanted.length && !others.length) return '';
  const follows = each => here.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
  return !wanted.length || others.some(follows) ? 'Tab' : 'Shift+Tab';
}"""
"""The key that leads to the next of what is named; none where the focus is in the only one."""


def tab_to(page: Page, name: str, presses: int = 400, *, point: str = "") -> None:
    """Press the tab key until the focus is in what has this `data-testid`, once it is there, and is of a point if that
    is named; fail after so many presses.

    In Firefox it goes back by Shift where nothing of that name follows: Tab leaves the page at its end for the
    browser's own controls, and keys of WebDriver BiDi, which go to the page, do not lead back. They still move
    `document.activeElement`, but in a window without the focus no key presses a button.
    """
    page.get_by_test_id(name).first.wait_for(state="attached")
    browser = page.context.browser
    goes_round = browser is not None and browser.browser_type.name == "chromium"
    key = "Tab" if goes_round else page.evaluate(_WAY, [name, point])
    if not key:
        return
    for _ in range(presses):
        page.keyboard.press(key)
        if page.evaluate(_HAS_FOCUS, [name, point]):
            return
    raise AssertionError(f"{name} is not reached by the tab key")


def press(page: Page, name: str, key: str = "Enter", *, point: str = "") -> None:
    """Reach a control by the tab key alone, and press it."""
    tab_to(page, name, point=point)
    page.keyboard.press(key)


def write(page: Page, name: str, text: str) -> None:
    """Reach a field by the tab key alone, and type over what it holds."""
    tab_to(page, name)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def choose(page: Page, name: str, label: str, options: int = 400) -> None:
    """Reach a list by the tab key alone, once it is there, and choose by arrow keys; fail after so many options."""
    page.get_by_test_id(name).first.wait_for(state="attached")
    tab_to(page, name)
    page.keyboard.press("Home")
    for _ in range(options):
        if page.evaluate("() => document.activeElement.selectedOptions[0].label") == label:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name} has no {label}")
