// One toast at a time. It goes after a while, but not from under a pointer or a focus.
const STAYS_MS = 8000;
const place = document.getElementById("toast");
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
