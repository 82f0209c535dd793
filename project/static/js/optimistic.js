// What shows at once and is taken back when the server says otherwise: completing, reopening, the theme.
const waiting = new WeakMap();
const root = document.documentElement;
let former;

function toggled(event) {
  return event.detail.ctx?.sourceElement?.closest?.("[data-toggle]");
}

function paintRow(button, completed) {
  button.setAttribute("aria-pressed", String(completed));
  button.closest(".row").classList.toggle("done", completed);
}

function isTheme(event) {
  return event.detail.ctx?.sourceElement?.matches?.("[data-theme-form]");
}

function paintTheme(theme) {
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  document.querySelector('meta[name="color-scheme"]').content = root.dataset.theme ?? "light dark";
}

document.addEventListener("htmx:before:request", (event) => {
  const button = toggled(event);
  if (button) {
    const completed = button.getAttribute("aria-pressed") === "true";
    waiting.set(button, completed);
    paintRow(button, !completed);
  }
  if (isTheme(event)) {
    former = root.dataset.theme;
    paintTheme(event.detail.ctx.request.submitter?.value);
  }
});

function takeBack(event) {
  const button = toggled(event);
  if (button && waiting.has(button)) {
    paintRow(button, waiting.get(button));
    waiting.delete(button);
  }
  if (isTheme(event)) paintTheme(former);
}

document.addEventListener("htmx:response:error", takeBack);
document.addEventListener("htmx:error", takeBack);
document.addEventListener("htmx:after:swap", (event) => {
  const button = toggled(event);
  if (button) waiting.delete(button);
});
