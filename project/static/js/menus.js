// Menus are <details>, dialogs <dialog>, the drawer a popover: this adds closing them from outside and by Esc.
import { closed, opened } from "./escape.js";

const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", ({ target }) => {
  for (const menu of open()) if (!menu.contains(target) || target.closest(".menu-panel")) menu.open = false;
  const opener = target.closest("[data-opens]");
  if (opener) openDialog(opener.dataset.opens);
  if (target.matches("dialog")) target.close();
});

function fold(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}

for (const menu of open()) opened(menu, fold); // they were opened before this was loaded

// Upwards where there is no room below.
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.menu")) return;
  if (!target.open) return closed(target);
  opened(target, fold);
  target.classList.remove("up");
  const panel = target.querySelector(".menu-panel").getBoundingClientRect();
  target.classList.toggle("up", panel.bottom > window.innerHeight && panel.height < panel.top);
}, true);

export function openDialog(id) {
  document.getElementById("side")?.hidePopover?.();
  document.getElementById(id)?.showModal();
}

for (const opener of document.querySelectorAll("[data-opens]")) opener.hidden = false;

// A drawer left open would float above the page once the window is wide.
window.matchMedia("(min-width: 46.001rem)").addEventListener("change", () => document.getElementById("side")?.hidePopover?.());
