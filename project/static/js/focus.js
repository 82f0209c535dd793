// Whoever works by keyboard stays where they were: after every swap the focus is on the same element,
// or on the one that took its place.
let before = null;

const rows = () => [...document.querySelectorAll("#main .row")];

function remember() {
  const active = document.activeElement;
  if (!active || active === document.body) return;
  const row = active.closest(".row");
  before = { id: active.id, row: row?.id, index: row ? rows().indexOf(row) : -1, inToast: Boolean(active.closest("#toast")) };
}

function inRow(row) {
  return row?.querySelector("[data-row-link]") ?? row?.querySelector("a, button, input");
}

function visible(element) {
  return element && element.checkVisibility() ? element : null;
}

function restore() {
  if (!before || (document.activeElement && document.activeElement !== document.body)) return;
  const neighbours = rows();
  const found =
    visible(before.id && document.getElementById(before.id)) ??
    visible(before.row && inRow(document.getElementById(before.row))) ??
    visible(before.index >= 0 && neighbours.length ? inRow(neighbours[Math.min(before.index, neighbours.length - 1)]) : null) ??
    visible(before.index >= 0 ? document.getElementById("id_text") : null) ??
    document.getElementById("main");
  found?.focus({ preventScroll: !before.row });
}

document.addEventListener("htmx:before:request", remember);
document.addEventListener("htmx:before:swap", remember);
// The morph may move or rebuild what had the focus; autofocus in the new content wins.
document.addEventListener("htmx:finally:request", () => requestAnimationFrame(restore));
