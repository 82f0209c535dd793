// What every page needs is imported here; the rest is loaded where a page has something for it to do.
import "./focus.js";
import "./forms.js";
import "./keyboard.js";
import "./menus.js";
import "./optimistic.js";
import "./toast.js";

const byPresence = [
  ["#attach-form", () => import("./uploads.js")],
  ["#attachment-list", () => import("./unfolded.js")],
  ["[data-preview]", () => import("./preview.js")],
  [".grip", () => import("./reorder.js")],
  ["[data-passkey], [data-no-passkey]", () => import("./passkeys.js")],
  ["input[type=file][data-largest]", () => import("./largest.js")],
];

function load() {
  for (const [selector, module] of byPresence) if (document.querySelector(selector)) module();
}

document.addEventListener("htmx:after:swap", load);
load();
