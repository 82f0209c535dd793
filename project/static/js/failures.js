// A request that failed changes nothing on the page and says so; the sentences come translated with the page.
import { show } from "./toast.js";

function text(key) {
  return document.body.getAttribute(`data-failed-${key}`);
}

function sentence(status) {
  return text(status) ?? text(`${Math.floor(status / 100)}xx`);
}

document.addEventListener("htmx:response:error", ({ detail }) => {
  const status = detail.ctx.response.status;
  // An invalid form comes back with its errors in it.
  if (status !== 422) show(sentence(status));
});

document.addEventListener("htmx:error", ({ detail }) => {
  if (!detail.ctx?.response) show(text("offline"));
});
