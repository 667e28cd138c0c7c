"""What the browser's tab does for every page: it keeps the key of the draft, and sees a way to another page through.

A box that is open when somebody clicks on another page closes a moment later, and its closing asks for the page that
is being left: Streamlit takes the later of both, and the click is lost. So the click is made once more where the page
asked for has not come, unless something else was pressed in the meantime.
"""

from __future__ import annotations

from streamlit.components import v2

_SCRIPT = """
const LINK = '[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"]';
const PATIENCE_MS = 700;

// Once a tab: the listeners outlive every page.
const seeThrough = () => {
  if (globalThis.layoutplanWays) return;
  let due = null;
  globalThis.layoutplanWays = { again: 0 };
  const wait = (href) => {
    due = setTimeout(() => {
      const resting = document.querySelector('.stApp')?.dataset.testScriptState === "notRunning";
      if (!resting) return wait(href);
      const link = [...document.querySelectorAll(LINK)].find((one) => one.href === href);
      if (!link || new URL(href).pathname === location.pathname) return;
      globalThis.layoutplanWays.again += 1;
      link.click();
      clearTimeout(due); // it is made once more, not for ever
    }, PATIENCE_MS);
  };
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => clearTimeout(due), true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(LINK);
    clearTimeout(due);
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey || event.button)) wait(link.href);
  }, true);
};

export default ({ data, setStateValue }) => {
  seeThrough();
  const name = "layoutplan-draft";
  let held = null;
  try {
    held = sessionStorage.getItem(name);
    if (!held) sessionStorage.setItem(name, data.key);
  } catch {
    return; // storage is shut: a reload begins anew
  }
  if (held && held !== data.key) setStateValue("key", held);
};
"""

tab = v2.component("layoutplan.tab", js=_SCRIPT, isolate_styles=False)
"""The component: ``data={"key": ...}`` is the key of this session's draft, its state ``key`` the one that was found."""
