"""Whether every word can be read and every control reached: contrast by WCAG in both themes, Tab, names, focus."""

from pathlib import Path

import pytest

from layoutplan.labels import label

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "gis"
FIRST_START_MS = 300_000
PAGES = ("overview", "demand", "findings", "site", "closures", "ledger")

# Every text of our own that is seen, with its contrast to what lies under it; half-clear colours are laid over each
# other. What Streamlit draws it draws in the colours of the theme.
CONTRASTS = """() => {
  const parse = (text) => {
    const parts = text.match(/[\\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return [...parts.slice(0, 3), parts[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3]));
  const bright = (rgb) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const texts = document.createTreeWalker(document.querySelector('.stApp'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const node = texts.currentNode.parentElement;
    const box = node.getBoundingClientRect();
    const seenAtAll = node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!text || !box.width || !box.height || !seenAtAll) continue;
    if (!node.closest('[class*="lp-"], .planmap-desk, [data-testid="stCaptionContainer"]')) continue;
    if (node.closest('[disabled], [aria-disabled="true"], script, style, svg, canvas')) continue;
    const style = getComputedStyle(node);
    if (parseFloat(style.fontSize) < 1) continue;
    const line = [];
    let seen = 1;
    for (let at = node; at; at = at.parentElement) line.push(at);
    for (const at of line) seen *= parseFloat(getComputedStyle(at).opacity);
    let ground = [255, 255, 255];
    for (const at of line.reverse()) ground = over(parse(getComputedStyle(at).backgroundColor), ground);
    const ink = parse(style.color);
    const pair = [bright(over([...ink.slice(0, 3), ink[3] * seen], ground)), bright(ground)];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const css = node.className || node.parentElement.className;
    found.push({ text: text.slice(0, 40), css, ratio, need: large ? 3 : 4.5 });
  }
  return found;
}"""

# What the keyboard is at: a name, whether it is ours, and whether its focus can be seen.
AT = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const said = node.getAttribute('aria-label') || node.labels?.[0]?.innerText || node.innerText || node.title ||
    document.getElementById(node.getAttribute('aria-labelledby'))?.innerText || '';
  const style = getComputedStyle(node);
  const pin = node.querySelector('.pin-body');
  const stroke = pin && parseFloat(getComputedStyle(pin).strokeWidth) > 2;
  return { tag: node.tagName, said: said.trim(), ours: Boolean(node.closest('.planmap-desk')),
           id: node.dataset.switch ?? node.dataset.choice ?? node.dataset.site ?? node.className,
           shown: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || Boolean(stroke) };
}"""
OURS = """() => [...document.querySelectorAll('.planmap-desk :is(button, a[href], input, [tabindex="0"])')]
  .filter((node) => node.checkVisibility() && !node.disabled && !(node.type === 'radio' && !node.checked))
  .map((node) => node.dataset.switch ?? node.dataset.choice ?? node.dataset.site ?? node.className)"""


@pytest.fixture(scope="module")
def address(app_on):
    with app_on(SAMPLE) as at:
        yield at


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(browser, watching, address, theme):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme=theme)
    watch = watching(context.new_page())
    watch.open(address, FIRST_START_MS)
    page = watch.page
    page.wait_for_function(
        "theme => getComputedStyle(document.querySelector('.stApp')).colorScheme === theme &&"
        " getComputedStyle(document.documentElement).getPropertyValue('--lp-card').includes('fffdf8') ==="
        " (theme === 'light')",
        arg=theme,
    )
    poor, least, count = {}, {}, 0
    for name in PAGES:
        if name != "overview":
            page.get_by_role("link", name=label(f"ui.page.{name}", "zh"), exact=True).click()
            page.locator(f'a[href$="/{name}"][aria-current]').or_(page.locator(".lp-brand")).first.wait_for()
            page.wait_for_timeout(800)
            watch.settle()
        if page.locator(".planmap-opener").count():
            page.locator(".planmap-opener").first.click()
            page.locator('[data-switch="theme:slope"]').first.check()
            watch.settle()
        seen = page.evaluate(CONTRASTS)
        count += len(seen)
        least[name] = round(min(one["ratio"] for one in seen), 2)
        poor[name] = {
            (one["text"], one["css"], round(one["ratio"], 2)) for one in seen if one["ratio"] < one["need"] - 0.005
        }
    print(f"contrast, {theme}: {count} texts, least by page {least}")
    print("too faint:", {name: sorted(found) for name, found in poor.items() if found})
    assert not any(poor.values())
    assert watch.strangers == []
    context.close()


def test_the_keyboard_reaches_every_control_with_a_name_and_a_mark(watch, address):
    watch.open(address, FIRST_START_MS)
    page = watch.page
    page.get_by_role("link", name=label("ui.page.site", "zh"), exact=True).click()
    page.locator('[data-site="site-1"]').wait_for(timeout=60_000)
    watch.settle()
    page.locator(".planmap-opener").click()
    wanted = set(page.evaluate(OURS))
    page.evaluate("() => document.activeElement.blur()")
    reached, stops = set(), 0
    for _ in range(150):
        page.keyboard.press("Tab")
        at = page.evaluate(AT)
        if at is None:
            continue
        stops += 1
        assert at["said"], at
        if at["ours"]:
            assert at["shown"], at
            reached.add(at["id"])
        if wanted <= reached:
            break
    print(f"keyboard: {len(reached)} controls of the map and its cards in {stops} stops")
    assert wanted <= reached, wanted - reached
