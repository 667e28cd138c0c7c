// The cards beside the map. Read after parts.js, in one module with it. Words go in as text only.
const toned = (tone, text) => element("i", tone ? `lp-${tone}` : "", text);

const figuresBlock = ({ items }) => {
  const box = element("div", "lp-figures");
  for (const { name, value, unit, words } of items) {
    const one = element("div", "lp-figure");
    const number = element("b", "", value);
    number.dataset.figure = name;
    one.append(number, element("span", "", unit), element("em", "lp-dim", words));
    box.append(one);
  }
  return box;
};

const columnsBlock = ({ items }) => {
  const box = element("div", "lp-years");
  for (const { words, share, colour, chosen, hint } of items) {
    const one = element("div", chosen ? "is-chosen" : "");
    one.title = hint;
    const bar = element("i");
    bar.style.height = `${Math.max(1, Math.round(34 * share))}px`;
    bar.style.background = colour;
    one.append(bar, element("span", "", words));
    box.append(one);
  }
  return box;
};

const rowsBlock = ({ items }) => {
  const box = element("div", "lp-list");
  for (const { name, text, change, share, hint } of items) {
    const one = element("div", share < 0 ? "lp-line" : "lp-line lp-barred");
    one.title = hint;
    one.append(element("span", "", name));
    if (share >= 0) {
      const track = element("i", "lp-track");
      const bar = element("u");
      bar.style.width = `${Math.max(1, Math.round(100 * share))}%`;
      track.append(bar);
      one.append(track);
    }
    one.append(element("em", "", text), toned(change.tone, change.text));
    box.append(one);
  }
  return box;
};

const choiceBlock = ({ name, words, items }, choose) => {
  const box = element("div", "lp-choice");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", words);
  if (words) box.append(element("span", "lp-dim", words));
  for (const { value, text, pressed, disabled, hint } of items) {
    const one = element("button", "", text);
    one.type = "button";
    one.dataset.choice = `${name}=${value}`;
    one.setAttribute("aria-pressed", pressed);
    one.disabled = disabled;
    if (hint) {
      one.title = hint;
      one.setAttribute("aria-label", hint);
    }
    one.addEventListener("click", () => choose(name, value));
    box.append(one);
  }
  return box;
};

const wordsBlock = ({ text, dim }) => element("p", dim ? "lp-dim" : "", text);

const BLOCKS = { figures: figuresBlock, columns: columnsBlock, rows: rowsBlock, choice: choiceBlock, words: wordsBlock };

// Draws the cards that differ from what stands there, so that a button keeps the focus.
class Panel {
  constructor(root) {
    this.root = root;
    this.drawn = [];
  }

  update(cards, choose) {
    this.root.hidden = !cards;
    const wanted = (cards ?? []).map((card) => JSON.stringify(card));
    wanted.forEach((text, at) => {
      if (this.drawn[at] === text) return;
      const card = this.card(cards[at], choose);
      const old = this.root.children[at];
      const focus = old?.contains(document.activeElement) ? document.activeElement.dataset.choice : "";
      if (old) old.replaceWith(card);
      else this.root.append(card);
      if (focus) card.querySelector(`[data-choice="${CSS.escape(focus)}"]`)?.focus();
    });
    while (this.root.children.length > wanted.length) this.root.lastChild.remove();
    this.drawn = wanted;
  }

  card({ title, tone, blocks }, choose) {
    const box = element("section", `lp-card${tone ? ` lp-${tone}` : ""}`);
    if (title) box.append(element("h4", "", title));
    for (const block of blocks) box.append(BLOCKS[block.kind](block, choose));
    return box;
  }
}
