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
  // An invalid form comes back with its errors in it.
  if (status !== 422) show(text(headers.get("X-Failure")) ?? sentence(status, headers.get("Retry-After")));
});

document.addEventListener("htmx:error", ({ detail }) => {
  if (!detail.ctx?.response) show(text("offline"));
});
