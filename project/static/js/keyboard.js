// Single keys, never while typing and never with Ctrl, Alt or Meta. The row that has the focus is the selected one.
import { openDialog } from "./menus.js";

const links = () => [...document.querySelectorAll("#main [data-row-link]")];
const selectedRow = () => document.activeElement?.closest("#main .row");

function typing(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

function select(step) {
  const all = links();
  const at = all.findIndex((link) => link.closest(".row") === selectedRow());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus();
  next?.closest(".row").scrollIntoView({ block: "nearest" });
}

function press(selector) {
  const found = selectedRow()?.querySelector(selector);
  found?.click();
  return Boolean(found);
}

function focus(key) {
  const field = document.querySelector(`input[data-key~="${key}"]`);
  field?.focus();
  field?.select();
  return Boolean(field);
}

const keys = {
  n: () => focus("n"),
  q: () => focus("q"),
  "/": () => focus("/"),
  j: () => select(1),
  k: () => select(-1),
  J: () => press("[data-down]"),
  K: () => press("[data-up]"),
  x: () => press("[data-toggle]") || document.querySelector("button[data-key=x]")?.click(),
  e: () => press("[data-edit]"),
  z: () => document.querySelector("#toast [data-undo]")?.requestSubmit(),
  "?": () => openDialog("help"),
};

const arrows = { ArrowUp: keys.K, ArrowDown: keys.J };

document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
  if (typing(target) || document.querySelector("dialog[open]")) return;
  const act = event.altKey ? arrows[event.key] : keys[event.key];
  if (!act || (event.altKey && !selectedRow())) return;
  // Holding a key down walks the rows, but does nothing twice.
  if (event.repeat && !["j", "k"].includes(event.key)) return;
  event.preventDefault();
  act();
});
