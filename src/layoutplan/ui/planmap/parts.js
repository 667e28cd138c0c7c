// Symbols, controls and hit tests of the plan map. Read before planmap.js, in one module with it.
const L = globalThis.L;

// ---- symbols -------------------------------------------------------------------------
// Corner lists on a unit circle's area, so that area, not width, stands for the number.
const corners = (n, turn, reach) =>
  Array.from({ length: n }, (_, i) => {
    const angle = turn + (i * 2 * Math.PI) / n;
    return [reach * Math.cos(angle), reach * Math.sin(angle)];
  });
const SHAPES = {
  square: corners(4, Math.PI / 4, Math.sqrt(Math.PI / 2)),
  diamond: corners(4, 0, Math.sqrt(Math.PI / 2)),
  hexagon: corners(6, 0, Math.sqrt(Math.PI / (1.5 * Math.sqrt(3)))),
  pentagon: corners(5, -Math.PI / 2, Math.sqrt(Math.PI / (2.5 * Math.sin((2 * Math.PI) / 5)))),
};

const trace = (ctx, shape, p, r) => {
  ctx.beginPath();
  const list = SHAPES[shape];
  if (!list) ctx.arc(p.x, p.y, r, 0, 2 * Math.PI);
  else list.forEach(([dx, dy], i) => ctx[i ? "lineTo" : "moveTo"](p.x + r * dx, p.y + r * dy));
  ctx.closePath();
};

const stroke = (ctx, color, width) => {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.stroke();
};

const drawSymbol = (ctx, p, r, o) => {
  if (o.hidden || o.muted) return;
  ctx.save();
  ctx.lineJoin = "round";
  if (o.halo) {
    trace(ctx, o.shape, p, r + o.weight / 2 + 3);
    stroke(ctx, o.halo, 2.5);
  }
  trace(ctx, o.shape, p, r + o.weight / 2 + 0.8);
  stroke(ctx, "rgba(255,255,255,.9)", 1.6); // keeps symbols apart where they crowd
  trace(ctx, o.shape, p, r);
  ctx.globalAlpha = o.fillOpacity;
  ctx.fillStyle = o.fillColor;
  ctx.fill();
  ctx.globalAlpha = 1;
  if (o.weight > 0) stroke(ctx, o.color, o.weight);
  if (o.cross) {
    const d = r * 0.6;
    ctx.beginPath();
    ctx.moveTo(p.x - d, p.y - d);
    ctx.lineTo(p.x + d, p.y + d);
    ctx.moveTo(p.x + d, p.y - d);
    ctx.lineTo(p.x - d, p.y + d);
    stroke(ctx, o.color, 1.2);
  }
  if (o.roof) {
    const top = p.y - r * 1.05;
    ctx.beginPath();
    ctx.moveTo(p.x - r * 0.85, top - 1);
    ctx.lineTo(p.x, top - r * 0.6 - 2);
    ctx.lineTo(p.x + r * 0.85, top - 1);
    stroke(ctx, "#3d3a34", 1.6);
  }
  ctx.restore();
};

const Mark = L.CircleMarker.extend({
  _updatePath() {
    if (this._renderer._drawing && !this._empty()) {
      drawSymbol(this._renderer._ctx, this._point, this._radius, this.options);
    }
  },
  _updateBounds() {
    const reach = this._radius * 1.8 + this.options.weight + 6;
    this._pxBounds = new L.Bounds(this._point.subtract([reach, reach]), this._point.add([reach, reach]));
  },
});

// ---- small parts of the page ---------------------------------------------------------
const element = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};

const drawing = (size, parts) => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  svg.setAttribute("width", size[0]);
  svg.setAttribute("height", size[1]);
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, traits] of parts) {
    const part = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(traits)) part.setAttribute(name, value);
    svg.append(part);
  }
  return svg;
};

const control = (position, node) => {
  const one = L.control({ position });
  one.onAdd = () => node;
  return one;
};

const pin = () =>
  drawing([30, 40], [
    ["ellipse", { cx: 15, cy: 38, rx: 6, ry: 2, class: "pin-shadow" }],
    ["path", { d: "M15 38C13 30 3 24 3 14a12 12 0 0 1 24 0c0 10-10 16-12 24z", class: "pin-body" }],
    ["path", { d: "M9.5 14.5 15 10l5.5 4.5v5h-11z", class: "pin-mark" }],
  ]);

const northArrow = (letter) => {
  const box = element("div", "planmap-north");
  box.append(
    element("span", "", letter),
    drawing([16, 22], [
      ["path", { d: "M8 0 15 21 8 16z", fill: "#3d3a34" }],
      ["path", { d: "M8 0 1 21 8 16z", fill: "#fff", stroke: "#3d3a34", "stroke-width": 0.8 }],
    ]),
  );
  return box;
};

// ---- what lies under the pointer -----------------------------------------------------
const insideRing = (lng, lat, ring) => {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > lat !== yj > lat && lng < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
};
const polygonsOf = (geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);
const boxOf = (polygons) => {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [outer] of polygons) {
    for (const [lng, lat] of outer) {
      box[0] = Math.min(box[0], lng);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lng);
      box[3] = Math.max(box[3], lat);
    }
  }
  return box;
};
