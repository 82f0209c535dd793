// One toast at a time. It goes after a while, but not from under a pointer or a focus.
// A request that failed changes nothing on the page and says so; the sentences come translated with the page.
const STAYS_MS = 8000;
const place = document.getElementById("toast");
const words = JSON.parse(document.getElementById("failure-words").textContent);
let timer;

export function show(text, { level = "error" } = {}) {
  const toast = document.createElement("div");
  toast.className = `toast ${level}`;
  const words = document.createElement("span");
  words.className = "toast-text";
  words.textContent = text;
  toast.append(words);
  place.replaceChildren(toast);
}

export function clear() {
  place.replaceChildren();
}

function wait() {
  clearTimeout(timer);
  if (!place.querySelector(".toast") || place.matches(":hover, :focus-within")) return;
  timer = setTimeout(clear, STAYS_MS);
}

if (place) {
  new MutationObserver(wait).observe(place, { childList: true });
  for (const change of ["pointerenter", "pointerleave", "focusin", "focusout"]) {
    // The new state of :hover and :focus-within is known only after the event.
    place.addEventListener(change, () => setTimeout(wait));
  }
  wait();
}

function sentence(status, wait) {
  if (wait && words[`${status}-until`]) return words[`${status}-until`].replace("{seconds}", wait);
  return words[status] ?? words[`${Math.floor(status / 100)}xx`];
}

document.addEventListener("htmx:response:error", ({ detail }) => {
  const { status, headers } = detail.ctx.response;
  if (status === 422) return; // an invalid form comes back with its errors in it
  // htmx would still take parts of it, such as an empty toast.
  Object.assign(detail.ctx, { swap: "none", text: "" });
  show(words[headers.get("X-Failure")] ?? sentence(status, headers.get("Retry-After")));
});

document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.ctx?.text === undefined) show(words.offline); // no answer, or not all of one
});
