// Completing and reopening show at once and are taken back when the server says otherwise.
const waiting = new WeakMap();

function paint(button, completed) {
  button.setAttribute("aria-pressed", String(completed));
  button.closest(".row").classList.toggle("done", completed);
}

function toggled(event) {
  return event.detail.ctx?.sourceElement?.closest?.("[data-toggle]");
}

function takeBack(event) {
  const button = toggled(event);
  if (!button || !waiting.has(button)) return;
  paint(button, waiting.get(button));
  waiting.delete(button);
}

document.addEventListener("htmx:before:request", (event) => {
  const button = toggled(event);
  if (!button) return;
  const completed = button.getAttribute("aria-pressed") === "true";
  waiting.set(button, completed);
  paint(button, !completed);
});

document.addEventListener("htmx:response:error", takeBack);
document.addEventListener("htmx:error", takeBack);
document.addEventListener("htmx:after:swap", (event) => {
  const button = toggled(event);
  if (button) waiting.delete(button);
});
