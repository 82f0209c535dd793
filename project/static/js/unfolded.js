// What a person has unfolded stays so over a swap that somebody else's change, or a clock, brought about.
import { closed, opened } from "./escape.js";

let open = [];

document.addEventListener("htmx:before:swap", ({ detail }) => {
  const found = [...document.querySelectorAll("#attachment-list details[id][open]")];
  open = found
    .filter((details) => !details.contains(detail.ctx?.sourceElement ?? null))
    .map((details) => ({ id: details.id, typed: details.querySelector("[name=caption]")?.value }));
});

document.addEventListener("htmx:after:swap", () => {
  for (const { id, typed } of open) {
    const details = document.getElementById(id);
    if (!details) continue;
    details.dataset.kept = "";
    details.open = true;
    if (typed !== undefined) details.querySelector("[name=caption]").value = typed;
  }
});

// A field that unfolds has the focus; Esc folds it again.
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.caption")) return;
  if (!target.open) return closed(target);
  opened(target, fold);
  if ("kept" in target.dataset) delete target.dataset.kept;
  else target.querySelector("[name=caption]").select();
}, true);

function fold(details) {
  details.open = false;
  details.querySelector("form").reset();
  details.querySelector("summary").focus();
}
