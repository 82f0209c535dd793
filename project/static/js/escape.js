// The one place that knows what Escape closes: what was opened last, one level at a time.
const layers = [];

export function opened(element, close) {
  closed(element);
  layers.push({ element, close });
}

export function closed(element) {
  const at = layers.findIndex((layer) => layer.element === element);
  if (at >= 0) layers.splice(at, 1);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (document.querySelector("dialog[open], :popover-open")) return; // the browser closes these itself
  let layer = layers.pop();
  while (layer && !layer.element.isConnected) layer = layers.pop(); // a swap took it away
  layer?.close(layer.element);
});
