// The server renders the theme into every page; a change shows without waiting for the next one.
const root = document.documentElement;
let former;

function paint(theme) {
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  document.querySelector('meta[name="color-scheme"]').content = root.dataset.theme ?? "light dark";
}

function isTheme(event) {
  return event.detail.ctx?.sourceElement?.matches?.("[data-theme-form]");
}

document.addEventListener("htmx:before:request", (event) => {
  if (!isTheme(event)) return;
  former = root.dataset.theme;
  paint(event.detail.ctx.request.submitter?.value);
});

for (const failure of ["htmx:response:error", "htmx:error"]) {
  document.addEventListener(failure, (event) => {
    if (isTheme(event)) paint(former);
  });
}
