// A request that failed changes nothing on the page and says so; the sentences come translated with the page.
import { show } from "./toast.js";

function text(key) {
  return document.body.getAttribute(`data-failed-${key}`);
}

function sentence(status, wait) {
  if (wait && text(`${status}-until`)) return text(`${status}-until`).replace("{seconds}", wait);
  return text(status) ?? text(`${Math.floor(status / 100)}xx`);
}

document.addEventListener("htmx:response:error", ({ detail }) => {
  const { status, headers } = detail.ctx.response;
  if (status === 422) return; // an invalid form comes back with its errors in it
  // htmx would still take parts of it, such as an empty toast.
  Object.assign(detail.ctx, { swap: "none", text: "" });
  show(text(headers.get("X-Failure")) ?? sentence(status, headers.get("Retry-After")));
});

document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.ctx?.text === undefined) show(text("offline")); // no answer, or not all of one
});
