// What a hand does to a pin beside dragging it: Escape puts it back, a second finger lets go of it.
// Read before planmap.js, in one module with it.

// From here on the pin is the planner's; `from` is where it goes back to.
const takeUp = (plan, known) => {
  if (known.held) return;
  known.held = true;
  known.from = known.marker.getLatLng();
  known.ends = new AbortController();
  const { signal } = known.ends;
  const escaped = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // else it closes what is open on the page as well
    drop(plan, known, known.from);
  };
  const pinched = (event) => event.touches.length > 1 && drop(plan, known);
  document.addEventListener("keydown", escaped, { signal, capture: true });
  plan.frame.addEventListener("touchstart", pinched, { signal, capture: true });
};

const putDown = (plan, known) => {
  known.held = false;
  known.ends.abort();
  plan.report(known, false);
};

// Ends a drag before the hand does, at `spot` or where the pin is.
const drop = (plan, known, spot) => {
  clearTimeout(known.rest);
  const { dragging } = known.marker;
  L.Util.cancelAnimFrame(dragging._panRequest); // else a pin at the edge goes on moving the map
  dragging.disable(); // Leaflet knows no other way to end a drag that has begun
  dragging.enable();
  if (spot) known.marker.setLatLng(spot);
  putDown(plan, known);
};

// A right-click or a long press asks for a site. Some browsers report a long press on their own and
// so once more than Leaflet does; on a pin it asks for nothing.
const ASK_AGAIN_MS = 1000;
const asksForSite = (plan, { originalEvent }) => {
  const since = performance.now() - (plan.askedAt ?? -Infinity);
  if (originalEvent.target.closest?.(".planmap-site") || since < ASK_AGAIN_MS) return false;
  plan.askedAt = performance.now();
  return true;
};
