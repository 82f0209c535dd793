// Dragging a row by its grip. The page shows the new order at once; the server's answer decides.
import { closed, opened } from "./escape.js";

let drag = null;

function rowAt(y) {
  return [...document.querySelectorAll("#todo-rows > .row")].find((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return y >= top && y < bottom;
  });
}

function mark(row, side) {
  for (const marked of document.querySelectorAll(".drop-above, .drop-below")) marked.classList.remove("drop-above", "drop-below");
  if (row) row.classList.add(`drop-${side}`);
}

function end() {
  mark(null);
  drag?.row.classList.remove("dragged");
  if (drag) closed(drag.row);
  drag = null;
}

function drop() {
  const { row, over, side } = drag;
  end();
  if (!over || over === row) return;
  const before = side === "above" ? over.previousElementSibling : over;
  if (before === row) return;
  // What stands before the first row of a later page is not known here.
  if (!before && document.getElementById("rows").dataset.reorder !== "1") return;
  const values = Object.fromEntries(new FormData(document.getElementById("verbs")));
  values.after = before?.dataset.todo ?? "";
  const home = row.nextElementSibling;
  if (before) before.after(row);
  else row.parentElement.prepend(row);
  const takeBack = ({ detail }) => {
    if (detail.ctx?.sourceElement !== row) return;
    if (home) home.before(row);
    else row.parentElement.append(row);
  };
  for (const failure of ["htmx:response:error", "htmx:error"]) row.addEventListener(failure, takeBack, { once: true });
  window.htmx.ajax("POST", row.dataset.move, { source: row, target: "#rows", swap: "outerMorph", values, headers: { "HX-Target": "section#rows" } });
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  drag = { row: grip.closest(".row") };
  drag.row.classList.add("dragged");
  opened(drag.row, end);
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const over = rowAt(event.clientY);
  if (!over) return;
  const { top, height } = over.getBoundingClientRect();
  drag.over = over;
  drag.side = event.clientY < top + height / 2 ? "above" : "below";
  mark(over === drag.row ? null : over, drag.side);
});

document.addEventListener("pointerup", () => drag && drop());
document.addEventListener("pointercancel", end);
