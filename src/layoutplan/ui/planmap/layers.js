// The layers of the map: what is shown, the panel to choose it in, and the keys of what is shown.
// Read before planmap.js, in one module with it. `shown` is {theme, over: {id: on}, ground}.

const keySign = ({ colour, form }) => {
  const sign = element("i", `planmap-sign is-${form}`);
  sign.style.setProperty("--sign", colour);
  return sign;
};

const keyList = (keys) => {
  const list = element("ul", "planmap-keys");
  for (const key of keys) {
    const line = element("li");
    line.append(keySign(key), element("span", "", key.words));
    list.append(line);
  }
  return list;
};

const sameShown = (one, other) =>
  ["theme", "ground"].every((part) => one[part] === (other?.[part] ?? "")) &&
  JSON.stringify(Object.entries(one.over).sort()) === JSON.stringify(Object.entries(other?.over ?? {}).sort());

class Layers {
  constructor(plan, spec) {
    this.plan = plan;
    this.spec = spec;
    this.shown = { theme: "", over: {}, ground: "" };
    this.pictures = new Map(); // by theme: an overlay that Python sends once it is asked for
    if (!spec) return;
    const pane = plan.map.createPane("plan-picture");
    pane.style.zIndex = 322; // over the ground, under the relief
    pane.style.pointerEvents = "none";
    this.box = element("div", "planmap-layers");
    this.opener = element("button", "planmap-opener", spec.words.open);
    this.opener.type = "button";
    this.opener.setAttribute("aria-expanded", "false");
    this.list = element("div", "planmap-list");
    this.list.hidden = true;
    this.opener.addEventListener("click", () => this.open(this.list.hidden));
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.list.hidden) return;
      event.stopPropagation();
      this.open(false);
      this.opener.focus();
    });
    this.box.append(this.opener, this.list);
    L.DomEvent.disableClickPropagation(this.box);
    L.DomEvent.disableScrollPropagation(this.box);
    control("topright", this.box).addTo(plan.map);
    this.grounds = new Grounds(plan);
    this.credit = element("span", "planmap-credit");
    plan.root.querySelector(".planmap-notes")?.append(this.credit);
    this.key = element("div", "planmap-key");
    this.key.hidden = true;
    control("bottomleft", this.key).addTo(plan.map);
  }

  open(wanted) {
    const room = this.plan.frame.clientHeight - this.list.parentElement.offsetTop - 90;
    this.list.style.setProperty("--planmap-room", `${Math.max(140, room)}px`);
    this.list.hidden = !wanted;
    this.opener.setAttribute("aria-expanded", String(wanted));
  }

  // The planner chooses here and Python hears of it; a page left at once may leave it unheard, so it is said again.
  update({ shown, picture, paint, tiles }) {
    if (!this.spec) return;
    if (!this.begun) {
      this.begun = true;
      this.painted = "cells" in paint;
      this.shown = globalThis.layoutplanShown ?? { theme: "", ground: "", ...shown, over: { ...shown?.over } };
      if (!sameShown(this.shown, shown)) this.plan.talk.setStateValue("shown", this.shown);
      this.draw();
    }
    // Linked maps follow once Python has answered: of two states at once it hears only one.
    if (this.leads && sameShown(this.shown, shown)) {
      this.leads = false;
      for (const other of LINKED) if (other !== this.plan && other.root.isConnected) other.switches.take(this.shown);
    }
    if (picture) this.addPicture(picture.theme, PAINTS.get(picture.id));
    this.apply();
    this.grounds.take(tiles);
  }

  addPicture(name, { url, bounds }) {
    if (this.pictures.has(name) || !url.startsWith("data:image/png;base64,")) return;
    const overlay = L.imageOverlay(url, bounds, { pane: "plan-picture", interactive: false, className: "planmap-picture" });
    this.pictures.set(name, overlay);
  }

  choose(change) {
    this.shown = globalThis.layoutplanShown = { ...this.shown, ...change };
    this.apply();
    this.plan.talk.setStateValue("shown", this.shown);
    this.leads = LINKED.size > 1;
  }

  take(shown) {
    this.shown = shown;
    this.draw();
    this.apply();
    this.plan.talk.setStateValue("shown", shown);
  }

  isOn({ id, on }) {
    return this.shown.over[id] ?? on;
  }

  themes() {
    return this.spec.themes.filter(({ page }) => page === "any" || page === (this.painted ? "ways" : "other"));
  }

  theme() {
    const themes = this.themes();
    return themes.find(({ id }) => id === this.shown.theme) ?? themes[0];
  }

  ground() {
    return this.spec.grounds.find(({ id, usable }) => usable && id === this.shown.ground);
  }

  lay(spec) {
    const { words } = this.spec;
    this.grounds.show(spec, () => (this.credit.textContent = words.silent));
    if (spec?.id === this.laid) return;
    this.laid = spec?.id;
    this.credit.textContent = spec ? words.credit.replace("{name}", spec.words) : "";
    this.plan.root.dataset.ground = spec?.id ?? "";
  }

  // Hides and shows what is already there; colours by theme come from Python.
  apply() {
    const { plan, spec } = this;
    const theme = this.theme();
    const hidden = new Set(theme.hides);
    const ground = this.ground();
    this.lay(ground);
    if (ground && this.painted) hidden.add("ground");
    for (const entry of spec.overlays.flatMap(({ entries }) => entries)) {
      const on = this.isOn(entry);
      for (const name of entry.layers) {
        if (entry.group) plan.mute(plan.layers.get(name), entry.group, !on);
        else if (!on) hidden.add(name);
      }
    }
    for (const name of [...plan.layers.keys(), "relief"]) plan.hide(name, hidden.has(name));
    for (const [name, overlay] of this.pictures) {
      if (name === theme.id) overlay.addTo(plan.map);
      else overlay.remove();
    }
    plan.root.dataset.theme = theme.id;
    this.explain(theme);
  }

  explain(theme) {
    // What is there from the start has its sign beside its switch.
    const over = this.spec.overlays.flatMap(({ entries }) => entries).filter((entry) => !entry.on && this.isOn(entry));
    const drawn = [theme, ...over].filter((entry) => entry.keys.length);
    const said = JSON.stringify(drawn.map(({ id }) => id));
    if (said === this.explained) return;
    this.explained = said;
    this.key.replaceChildren();
    for (const { words, keys, note } of drawn) {
      this.key.append(element("b", "", words), keyList(keys));
      if (note) this.key.append(element("p", "", note));
    }
    this.key.hidden = !drawn.length;
  }

  draw() {
    const { words, overlays } = this.spec;
    const held = this.list.contains(document.activeElement) ? document.activeElement.dataset.switch : "";
    this.list.replaceChildren(
      ...this.groundChoice(),
      this.group(words.themes, this.themes(), "radio", "theme", ({ id }) => id === this.theme().id),
      ...overlays.map(({ words, entries }) => this.group(words, entries, "checkbox", "over", (entry) => this.isOn(entry))),
    );
    if (held) this.list.querySelector(`[data-switch="${CSS.escape(held)}"]`)?.focus();
  }

  // Without any base map there is no choice to offer.
  groundChoice() {
    const { words, grounds } = this.spec;
    if (!grounds.length) return [];
    const none = { id: "", words: words.no_ground, usable: true, note: "" };
    return [this.group(words.grounds, [none, ...grounds], "radio", "ground", ({ id }) => id === (this.ground()?.id ?? ""))];
  }

  group(title, entries, type, part, isOn) {
    const box = element("fieldset");
    box.append(element("legend", "", title));
    for (const entry of entries) {
      const line = element("label");
      const input = element("input");
      Object.assign(input, { type, name: `planmap-${part}-${L.Util.stamp(this)}`, checked: isOn(entry) });
      input.dataset.switch = `${part}:${entry.id}`;
      input.addEventListener("change", () => {
        const over = { ...this.shown.over, [entry.id]: input.checked };
        this.choose(part === "over" ? { over } : { [part]: entry.id });
      });
      line.append(input, element("span", "", entry.words));
      if (type === "checkbox") line.append(...entry.keys.map(keySign));
      box.append(line);
      if (part !== "ground") continue;
      input.disabled = !entry.usable;
      // Grounds of one kind share their note: it stands once, under the last of them.
      if (entry.note && entry.note !== entries[entries.indexOf(entry) + 1]?.note) box.append(element("p", "", entry.note));
    }
    return box;
  }
}
