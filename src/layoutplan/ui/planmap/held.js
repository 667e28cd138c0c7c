// What the page holds of what Python sent, for all its maps. Read before planmap.js, in one module with it.
const MOST_GROUNDS = 4;
const MOST_PAINTS = 64;
const ARRIVAL_MS = 50; // what another map of the page brings arrives with the same run
const MOST_ASKED = 5; // times one thing is asked for

// By the id Python gives them; a ground is a promise while it is unpacked.
const GROUNDS = new Map();
const PAINTS = new Map(); // of layers, and pictures over the ground
const asked = new Map();

const keep = (shelf, most, id, value) => {
  shelf.delete(id); // what is used again counts as new
  shelf.set(id, value);
  if (shelf.size > most) shelf.delete(shelf.keys().next().value);
};

const unpack = async (packed) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(opened).json();
};

const painted = ({ paint, picture }) => [...Object.values(paint), ...(picture ? [picture] : [])];
const missing = (data) => [
  ...(GROUNDS.has(data.base_id) ? [] : [data.base_id]),
  ...painted(data).map(({ id }) => id).filter((id) => !PAINTS.has(id)),
];

// Takes in what came. Returns null if all is there to draw, else a promise: of what is being
// unpacked, of what another map may bring, or one never kept, as Python is asked to send it again.
const takeIn = (talk) => {
  const { data } = talk;
  if (data.base && !GROUNDS.has(data.base_id)) keep(GROUNDS, MOST_GROUNDS, data.base_id, unpack(data.base));
  for (const { id, full } of painted(data)) {
    const held = full ?? PAINTS.get(id);
    if (held) keep(PAINTS, MOST_PAINTS, id, held);
  }
  if (missing(data).length) return new Promise((found) => setTimeout(() => found(look(talk)), ARRIVAL_MS));
  return opened(data.base_id);
};

const look = (talk) => {
  const ids = missing(talk.data);
  if (!ids.length) return opened(talk.data.base_id);
  for (const id of ids) asked.set(id, (asked.get(id) ?? 0) + 1);
  if (ids.every((id) => asked.get(id) <= MOST_ASKED)) talk.setStateValue("lacks", { at: Date.now(), ids });
  return new Promise(() => {}); // the answer is drawn when it comes
};

const opened = (id) => {
  const held = GROUNDS.get(id);
  keep(GROUNDS, MOST_GROUNDS, id, held);
  if (!(held instanceof Promise)) return null;
  return held.then((ground) => {
    if (GROUNDS.get(id) === held) GROUNDS.set(id, ground);
  });
};
