// Base maps under everything. Squares of files come from Python over the page's own connection; only Tianditu,
// chosen by the planner and with the planner's key, is fetched from its server. Read before planmap.js.
const TILE_DATA = /^data:image\/(png|jpeg|webp);base64,/;
const PATIENCE_MS = 4000;
const ASK_AT_ONCE = 12; // squares under way at a time, so that a drag's answer waits behind few
const TIANDITU_NAMES = { vec: "cva", img: "cia", ter: "cta" };

// Squares that Python is asked for by name; the answer is a picture as data, or empty.
const FileTiles = L.GridLayer.extend({
  createTile({ z, x, y }, done) {
    const picture = document.createElement("img");
    picture.alt = "";
    this.options.ask(`${this.options.ground}/${z}/${x}/${y}`, (url) => {
      if (!url || !TILE_DATA.test(url)) {
        done(null, picture);
        return;
      }
      picture.onload = () => done(null, picture);
      picture.onerror = () => done(null, picture);
      picture.src = url;
    });
    return picture;
  },
});

class Grounds {
  constructor(plan) {
    this.plan = plan;
    this.waiting = new Map(); // square to what is done with it
    this.known = new Map(); // squares that came, the newest last
    this.asked = [];
    this.seq = 0;
  }

  show(spec, failed) {
    if (spec?.id === this.shown) return;
    this.shown = spec?.id;
    this.layer?.remove();
    this.waiting.clear();
    this.layer = spec ? this.make(spec, failed).addTo(this.plan.map) : null;
  }

  make({ id, online, bounds, zooms }, failed) {
    const { map } = this.plan;
    const options = { minZoom: map.getMinZoom(), maxZoom: map.getMaxZoom(), minNativeZoom: zooms[0], maxNativeZoom: zooms[1] };
    if (!online) {
      const box = bounds && [[bounds[1], bounds[0]], [bounds[3], bounds[2]]];
      const layer = new FileTiles({ ...options, bounds: box, ground: id, ask: (name, use) => this.ask(name, use) });
      return layer.on("tileunload", ({ coords: { z, x, y } }) => this.waiting.delete(`${id}/${z}/${x}/${y}`));
    }
    const sheet = (name) => {
      const layer = L.tileLayer(
        `https://t{s}.tianditu.gov.cn/${name}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=${name}` +
          `&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILECOL={x}&TILEROW={y}&tk=${encodeURIComponent(online.key)}`,
        { ...options, subdomains: "01234567" },
      );
      return layer.on("tileerror", failed);
    };
    return L.layerGroup([sheet(online.kind), sheet(TIANDITU_NAMES[online.kind])]);
  }

  ask(name, use) {
    if (this.known.has(name)) {
      use(this.known.get(name));
      return;
    }
    this.waiting.set(name, use);
    this.due ??= setTimeout(() => this.send(), 30); // a moved view asks for many squares at once
  }

  // The newest squares first: those of a view the planner has left may wait. State, so none is lost on the way.
  send() {
    this.due = null;
    if (this.asked.length) return;
    const names = [...this.waiting.keys()].slice(-ASK_AT_ONCE);
    if (!names.length) return;
    this.asked = names;
    this.say();
  }

  // Of two maps that ask at once only one may be heard: who gets no answer asks again.
  say() {
    clearTimeout(this.again);
    this.plan.talk.setStateValue("wanted", { seq: ++this.seq, squares: this.asked });
    if (this.asked.length) this.again = setTimeout(() => this.plan.root.isConnected && this.say(), PATIENCE_MS);
  }

  // An answer holds every square asked for; then the next are due.
  take(tiles) {
    // Left from before this map was drawn: no longer asked for, so it shall not ride along with every answer.
    if (!this.asked.length && Object.keys(tiles).length) this.say();
    if (!this.asked.length || !this.asked.every((name) => name in tiles)) return;
    for (const name of this.asked) {
      this.known.set(name, tiles[name]);
      this.waiting.get(name)?.(tiles[name]);
      this.waiting.delete(name);
    }
    while (this.known.size > 400) this.known.delete(this.known.keys().next().value);
    this.asked = [];
    if (this.waiting.size) this.send();
    else this.say();
  }
}
