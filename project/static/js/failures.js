// A request that failed changes nothing on the page and says so; the sentences come translated with the page.
import { show } from "./toast.js";

const texts = document.body.dataset;

export function sentence(status) {
  if (!status) return texts.failedOffline;
  return texts[`failed${status}`] ?? texts[`failed${Math.floor(status / 100)}xx`];
}

document.addEventListener("htmx:response:error", ({ detail }) => {
  const status = detail.ctx.response.status;
  // An invalid form comes back with its errors in it.
  if (status !== 422) show(sentence(status));
});

document.addEventListener("htmx:error", ({ detail }) => {
  if (!detail.ctx?.response) show(sentence(0));
});
