// Draws a plan map from data. Nothing that Python sends is run or read as markup:
// geometry goes to Leaflet as coordinates, words go to the page through textContent.
const STEP_M = 100; // arrow key; with Shift a tenth of it
const METRES_PER_DEGREE = 111320;
const ACK_PATIENCE_MS = 1500; // an answer this late no longer holds back the next live report
const RESEND_MS = 300; // a report unanswered for so long is sent again, then after twice as long, and so on
const NUDGE_SETTLE_MS = 350;
const CLEAR = { paddingTopLeft: [6, 6], paddingBottomRight: [6, 24] }; // room for the notes at the foot

const LINKED = new Set();

// ---- the map -------------------------------------------------------------------------
class PlanMap {
  constructor(root) {
    this.root = root;
    this.layers = new Map();
    this.sites = new Map();
    this.seq = 0;
    this.ack = 0;
    this.updates = 0; // answers to a move that were painted
    this.focusSeq = null;
    this.frame = element("div", "planmap-frame");
    this.tip = element("div", "planmap-tip");
    this.name = element("div", "planmap-title");
    this.root.append(this.frame, this.tip, this.name);
    this.panel = new Panel(root.parentElement.querySelector(".planmap-cards"));
  }

  update({ data }) {
    if (this.height !== data.height) this.root.parentElement.style.height = `${(this.height = data.height)}px`;
    if (this.baseId !== data.base_id) this.build(GROUNDS.get(data.base_id));
    this.ack = Math.max(this.ack, data.ack);
    for (const [name, paint] of Object.entries(data.paint)) this.paint(this.layers.get(name), paint);
    this.switches.update(data);
    this.name.textContent = data.title;
    this.link(data.linked);
    this.drawSketch(data.sketch);
    this.placeSites(data.sites, data.ack);
    this.select(data.selected);
    this.look(data.focus);
    this.panel.update(data.cards, (name, value) => this.talk.setTriggerValue("chosen", { name, value }));
    this.measure(data.ack);
  }

  // Linked maps show the same part of the county; the one that is moved leads.
  link(linked) {
    if (linked === LINKED.has(this)) return;
    if (!linked) {
      LINKED.delete(this);
      return;
    }
    const leader = [...LINKED].find((other) => other.map && other.fitted && other.root.isConnected);
    LINKED.add(this);
    if (leader) this.take(leader);
  }

  lead() {
    if (this.taking || !LINKED.has(this)) return;
    for (const other of LINKED) {
      if (!other.root.isConnected) LINKED.delete(other);
      else if (other !== this && other.map && other.fitted) other.take(this);
    }
  }

  take(leader) {
    this.taking = true;
    this.map.setView(leader.map.getCenter(), leader.map.getZoom(), { animate: false });
    this.fitted = true;
    this.taking = false;
  }

  measure(ack) {
    this.root.dataset.ack = ack;
    if (!this.asked || ack < this.asked.seq) return;
    const asked = this.asked;
    this.asked = null;
    requestAnimationFrame(() =>
      setTimeout(() => {
        this.root.dataset.lagMs = Math.round(performance.now() - asked.at);
        this.root.dataset.painted = ack;
        this.root.dataset.updates = ++this.updates;
      }),
    );
  }

  build(base) {
    const view = this.map && this.fitted ? { center: this.map.getCenter(), zoom: this.map.getZoom() } : null;
    if (this.map) this.map.remove();
    this.layers.clear();
    this.sites.clear();
    this.sketch = this.ring = this.sketchRenderer = null;
    this.baseId = base.id;
    this.bounds = L.latLngBounds(base.bounds);
    this.map = L.map(this.frame, {
      preferCanvas: true, zoomSnap: 0.1, zoomDelta: 0.5, wheelPxPerZoomLevel: 110,
      zoomControl: false, attributionControl: false, minZoom: 6, maxZoom: 18, tapHold: true,
    });
    this.furnish(base);
    base.layers.forEach((layer, at) => this.addLayer(layer, 310 + at * 10));
    if (base.relief?.url.startsWith("data:image/png;base64,")) this.shade(base.relief);
    this.switches = new Layers(this, base.switches);
    this.listen();
    if (view) {
      this.map.setView(view.center, view.zoom, { animate: false });
      this.fitted = true;
    } else {
      this.fitted = false;
      this.fit();
    }
  }

  // Over the ground, under lines and symbols.
  shade({ url, bounds }) {
    const pane = this.map.createPane("plan-relief");
    pane.style.zIndex = 325;
    pane.style.pointerEvents = "none";
    L.imageOverlay(url, bounds, { pane: "plan-relief", interactive: false }).addTo(this.map);
  }

  furnish(base) {
    const { words, notes } = base;
    this.frame.setAttribute("role", "region");
    this.frame.setAttribute("aria-label", words.map ?? "");
    L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(this.map);
    const home = element("button", "planmap-home", "⤢");
    home.type = "button";
    home.title = words.whole_county;
    home.setAttribute("aria-label", words.whole_county);
    home.addEventListener("click", () => this.map.fitBounds(this.bounds, CLEAR));
    L.DomEvent.disableClickPropagation(home);
    control("topleft", home).addTo(this.map);
    control("topright", northArrow(words.north)).addTo(this.map);
    const foot = element("div", "planmap-notes");
    notes.forEach((note) => foot.append(element("span", "", note)));
    control("bottomright", foot).addTo(this.map);
    L.control.scale({ imperial: false, maxWidth: 120 }).addTo(this.map);
  }

  // The frame may still have no size when the first data arrive.
  fit() {
    if (this.fitted || !this.frame.clientWidth || !this.frame.clientHeight) return;
    this.map.invalidateSize({ animate: false });
    this.map.fitBounds(this.bounds, { ...CLEAR, animate: false });
    this.fitted = true;
    this.root.dataset.ready = this.baseId;
  }

  resized() {
    if (!this.map) return;
    if (this.fitted) this.map.invalidateSize({ animate: false });
    else this.fit();
  }

  addLayer(spec, zIndex) {
    const pane = this.map.createPane(`plan-${spec.name}`);
    pane.style.zIndex = zIndex;
    pane.style.pointerEvents = "none"; // the map itself looks up what was hit
    pane.style.opacity = spec.opacity;
    const renderer = spec.kind === "label" ? null : L.canvas({ pane: `plan-${spec.name}`, padding: 0.3 });
    const layer = { ...spec, items: [], byId: new Map(), looks: spec.palette, cls: [], size: [], lines: [], groups: [] };
    this.layers.set(spec.name, layer);
    spec.features.forEach((feature, at) => {
      const { id, name = "", geometry, shape, style } = feature;
      const item = { at, id, name, geometry, shape, group: style?.group };
      item.path = this.drawn(layer, item, { renderer, pane: `plan-${spec.name}`, interactive: false, ...feature.style });
      if (spec.kind === "polygon" && spec.interactive) {
        item.polygons = polygonsOf(feature.geometry);
        item.box = boxOf(item.polygons);
      }
      layer.items.push(item);
      layer.byId.set(item.id, item);
      item.path.addTo(this.map);
    });
  }

  drawn(layer, item, options) {
    const { type, coordinates } = item.geometry;
    const style = { ...layer.palette[0], ...options };
    if (layer.kind === "polygon") {
      return L.polygon(L.GeoJSON.coordsToLatLngs(coordinates, type === "Polygon" ? 1 : 2), { smoothFactor: 0.6, ...style });
    }
    if (layer.kind === "line") {
      return L.polyline(L.GeoJSON.coordsToLatLngs(coordinates, type === "LineString" ? 0 : 1), { smoothFactor: 1.2, ...style, fill: false });
    }
    const at = [coordinates[1], coordinates[0]];
    if (layer.kind === "point") return new Mark(at, { shape: item.shape, radius: 4, ...style });
    const icon = L.divIcon({ className: "planmap-label", html: element("span", "", item.name), iconSize: null });
    return L.marker(at, { icon, pane: options.pane, interactive: false, keyboard: false });
  }

  // `changes` are [class, [index, ...]] on top of the paint at rest.
  paint(layer, paint) {
    const rest = PAINTS.get(paint.id);
    const cls = rest.cls.slice();
    for (const [value, indices] of paint.changes) for (const at of indices) cls[at] = value;
    const looks = rest.palette ?? layer.palette;
    for (const { at, path } of layer.items) {
      if (layer.cls[at] !== cls[at] || looks !== layer.looks) path.setStyle(looks[cls[at]]);
      if (rest.size && layer.size[at] !== rest.size[at]) path.setRadius(rest.size[at]);
    }
    layer.looks = looks;
    layer.lines = rest.lines ?? [];
    layer.groups = rest.groups ?? [];
    layer.cls = cls;
    layer.size = rest.size ?? [];
  }

  hide(name, hidden) {
    const pane = this.map.getPane(`plan-${name}`);
    if (pane) pane.style.display = hidden ? "none" : "";
    if (this.layers.has(name)) this.layers.get(name).hidden = hidden;
  }

  // Takes the features of a group from the map, whatever their looks are.
  mute(layer, group, muted) {
    layer.muted ??= new Set();
    if (layer.muted.has(group) === muted) return;
    layer.muted[muted ? "add" : "delete"](group);
    for (const item of layer.items) if (item.group === group) item.path.setStyle({ muted });
  }

  // The outline of what the planner holds in hand, above everything but the symbols' words.
  drawSketch(sketch) {
    if (sketch?.id === this.sketch?.id) return;
    this.sketch?.path.remove();
    this.sketch = null;
    if (!sketch) return;
    if (!this.sketchRenderer) {
      const pane = this.map.createPane("plan-sketch");
      pane.style.zIndex = 370;
      pane.style.pointerEvents = "none";
      this.sketchRenderer = L.canvas({ pane: "plan-sketch", padding: 0.3 });
    }
    const looks = { renderer: this.sketchRenderer, pane: "plan-sketch", interactive: false, ...sketch.style };
    const path = L.layerGroup([L.polygon(L.GeoJSON.coordsToLatLngs(sketch.polygons, 2), looks)]);
    for (const { points, weight } of sketch.lines ?? []) path.addLayer(L.polyline(points, { ...looks, weight, opacity: 0.75 }));
    for (const { at, text } of sketch.words ?? []) {
      const icon = L.divIcon({ className: "planmap-said", html: element("span", "", text), iconSize: null });
      path.addLayer(L.marker(at, { icon, interactive: false, keyboard: false }));
    }
    this.sketch = { id: sketch.id, path: path.addTo(this.map) };
  }

  select(selected) {
    const item = selected && this.layers.get(selected.layer)?.byId.get(selected.id);
    if (item === this.ringItem && this.ring) return;
    this.ring?.remove();
    this.ring = null;
    this.ringItem = item;
    if (!item || !item.path.getLatLng) return;
    const icon = L.divIcon({ className: "planmap-ring", html: element("i"), iconSize: [44, 44] });
    this.ring = L.marker(item.path.getLatLng(), { icon, interactive: false, keyboard: false, zIndexOffset: -500 });
    this.ring.addTo(this.map);
  }

  // A request to look somewhere counts once; the view never follows data otherwise.
  look(focus) {
    const asked = focus?.seq ?? null;
    if (asked === this.focusSeq) return;
    this.focusSeq = asked;
    if (!focus) return;
    if (focus.bounds) this.map.fitBounds(focus.bounds, { padding: [30, 30], maxZoom: 15 });
    else this.map.setView(focus.point, Math.max(this.map.getZoom(), focus.zoom));
  }

  // ---- sites: markers the planner moves ----------------------------------------------
  placeSites(sites, ack) {
    const wanted = new Set(sites.map((site) => site.id));
    for (const [id, held] of this.sites) {
      if (wanted.has(id)) continue;
      held.marker.remove();
      this.sites.delete(id);
    }
    for (const site of sites) {
      const known = this.sites.get(site.id) ?? this.addSite(site);
      known.site = site;
      // A position Python worked out before it heard of the newest move is out of date.
      if (!known.held && ack >= this.seq) known.marker.setLatLng([site.lat, site.lng]);
      this.dress(known, site);
    }
  }

  dress(known, site) {
    const text = JSON.stringify([site.name, site.reason, site.active]);
    if (known.dressed === text) return;
    known.dressed = text;
    known.label.textContent = site.name;
    known.reason.textContent = site.reason;
    const node = known.marker.getElement();
    node.classList.toggle("is-invalid", Boolean(site.reason));
    node.classList.toggle("is-aside", !site.active);
    node.setAttribute("aria-label", site.reason ? `${site.name}: ${site.reason}` : site.name);
  }

  addSite(site) {
    const box = element("div", "planmap-pin");
    const label = element("span", "planmap-pin-name");
    const reason = element("span", "planmap-pin-reason");
    const words = element("div", "planmap-pin-words");
    words.append(label, reason);
    box.append(pin(), words);
    const marker = L.marker([site.lat, site.lng], {
      icon: L.divIcon({ className: "planmap-site", html: box, iconSize: [30, 40], iconAnchor: [15, 38] }),
      draggable: site.draggable, autoPan: site.draggable, keyboard: true, zIndexOffset: 1000,
    });
    marker.addTo(this.map);
    marker.getElement().dataset.site = site.id;
    const known = { marker, label, reason, site, held: false };
    this.sites.set(site.id, known);
    marker.on("click", () => this.talk.setTriggerValue("chosen", { name: "site", value: site.id }));
    if (site.draggable) this.makeMovable(known);
    return known;
  }

  makeMovable(known) {
    const { marker } = known;
    marker.on("dragstart", () => {
      takeUp(this, known);
      this.hideTip();
    });
    marker.on("drag", () => this.reportLive(known));
    marker.on("dragend", () => putDown(this, known));
    L.DomEvent.on(marker.getElement(), "keydown", (event) => {
      const way = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
      if (!way) return;
      L.DomEvent.stop(event); // else the map pans as well
      const metres = event.shiftKey ? STEP_M / 10 : STEP_M;
      const { lat, lng } = marker.getLatLng();
      const perLng = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
      takeUp(this, known); // until the keys rest, as a hand on the mouse would
      marker.setLatLng([lat + (way[0] * metres) / METRES_PER_DEGREE, lng + (way[1] * metres) / perLng]);
      this.reportLive(known);
      clearTimeout(known.rest);
      known.rest = setTimeout(() => putDown(this, known), NUDGE_SETTLE_MS);
    });
  }

  // Latest wins: one report on its way at a time, and only the newest place waits behind it.
  reportLive(known) {
    const pause = this.talk.data.live_ms;
    if (!pause) return;
    clearTimeout(this.liveTimer);
    const now = performance.now();
    const since = now - (this.sentAt ?? -Infinity);
    const busy = this.ack < this.seq && since < ACK_PATIENCE_MS;
    if (!busy && since >= pause) this.report(known, true);
    else this.liveTimer = setTimeout(() => known.held && this.reportLive(known), busy ? 15 : pause - since);
  }

  // The whole picture goes every time, so an event that is overtaken loses nothing.
  report(known, live, again = 0) {
    clearTimeout(this.liveTimer);
    this.seq = Math.max(this.seq, this.ack) + 1;
    this.sentAt = performance.now();
    this.asked = { seq: this.seq, at: (again && this.asked?.at) || this.sentAt };
    const places = {};
    for (const [id, { marker }] of this.sites) {
      const { lat, lng } = marker.getLatLng();
      places[id] = [lat, lng];
    }
    this.talk.setStateValue("moved", { seq: this.seq, id: known.site.id, places, live });
    this.insist(known, live, again ? 2 * again : RESEND_MS);
  }

  // Streamlit may drop a state that is set while a run ends; a hand that rests would send no other.
  insist(known, live, wait) {
    clearTimeout(this.resend);
    const { seq } = this;
    this.resend = setTimeout(() => {
      const gone = this.sites.get(known.site.id) !== known || !this.root.isConnected;
      if (this.seq === seq && this.ack < seq && Boolean(known.held) === live && !gone) this.report(known, live, wait);
    }, wait);
  }

  // ---- pointer -----------------------------------------------------------------------
  listen() {
    const { map } = this;
    map.on("move", () => this.lead());
    map.on("mousemove", (event) => {
      if (this.hoverDue) return;
      this.hoverDue = requestAnimationFrame(() => {
        this.hoverDue = 0;
        this.hover(event);
      });
    });
    map.on("mouseout movestart zoomstart", () => this.hideTip());
    map.on("click", (event) => {
      const hit = this.hit(event);
      if (hit) this.talk.setTriggerValue("clicked", { layer: hit.layer.name, id: hit.item.id });
    });
    map.on("contextmenu", (event) => {
      this.hideTip();
      if (!this.talk.data.can_add || !asksForSite(this, event)) return;
      const { lat, lng } = event.latlng;
      this.talk.setTriggerValue("added", { lat, lng });
    });
  }

  hit({ latlng, containerPoint }) {
    const says = (layer) => layer.kind === "point" || layer.groups.length || layer.lines.length;
    const layers = [...this.layers.values()].filter((layer) => layer.interactive && !layer.hidden && says(layer)).reverse();
    for (const layer of layers) {
      const item = layer.kind === "point" ? this.nearest(layer, containerPoint) : this.around(layer, latlng);
      if (item) return { layer, item };
    }
    return null;
  }

  nearest(layer, spot) {
    let best = null;
    let least = Infinity;
    for (const item of layer.items) {
      if (layer.looks[layer.cls[item.at]]?.hidden || item.path.options.muted) continue;
      const apart = this.map.latLngToContainerPoint(item.path.getLatLng()).distanceTo(spot) - item.path.getRadius();
      if (apart <= 4 && apart < least) [best, least] = [item, apart];
    }
    return best;
  }

  around(layer, { lat, lng }) {
    return layer.items.find(
      ({ box, polygons }) =>
        lng >= box[0] && lat >= box[1] && lng <= box[2] && lat <= box[3] &&
        polygons.some((rings) => rings.reduce((odd, ring) => odd !== insideRing(lng, lat, ring), false)),
    );
  }

  hover(event) {
    const held = [...this.sites.values()].some((known) => known.held);
    const onSite = event.originalEvent.target.closest?.(".planmap-site, .leaflet-control");
    const hit = held || onSite ? null : this.hit(event);
    this.frame.style.cursor = hit ? "pointer" : "";
    if (!hit) {
      this.hideTip();
      return;
    }
    const { layer, item } = hit;
    const lines = [item.name, ...(layer.groups[layer.cls[item.at]] ?? []), ...(layer.lines[item.at] ?? [])];
    this.tip.replaceChildren(...lines.filter(Boolean).map((line, at) => element(at ? "span" : "b", "", line)));
    this.tip.style.display = "flex";
    const { x, y } = event.containerPoint;
    const { clientWidth, clientHeight } = this.frame;
    const left = x + 16 + this.tip.offsetWidth > clientWidth ? x - 12 - this.tip.offsetWidth : x + 16;
    const top = Math.min(y + 14, clientHeight - this.tip.offsetHeight - 6);
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  }

  hideTip() {
    this.tip.style.display = "none";
  }
}

globalThis.layoutplanMap = (talk) => {
  const root = talk.parentElement.querySelector(".planmap");
  if (!root.planmap) {
    root.planmap = new PlanMap(root);
    new ResizeObserver(() => root.planmap.resized()).observe(root);
  }
  root.planmap.talk = talk;
  const failed = (fault) => {
    root.dataset.error = String(fault);
    throw fault;
  };
  // What comes while something is unpacked takes its place; nothing is drawn out of turn.
  const draw = () => {
    if (root.planmap.talk !== talk) return;
    root.planmap.update(talk);
    delete root.dataset.error;
  };
  try {
    const wait = takeIn(talk);
    if (wait) wait.then(draw).catch(failed);
    else draw();
  } catch (fault) {
    failed(fault);
  }
};
document.dispatchEvent(new Event("layoutplan-map"));
