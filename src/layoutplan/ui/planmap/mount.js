// Hands each update to the drawing code, which the loader brings to the page once.
export default (talk) => {
  const draw = () => globalThis.layoutplanMap(talk);
  if (globalThis.layoutplanMap) draw();
  else document.addEventListener("layoutplan-map", draw, { once: true });
};
