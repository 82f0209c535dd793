// Pictures of the page in a dialog, one after the other; without scripts their links open the files.
const links = () => [...document.querySelectorAll("[data-preview]")];
let shown = null;

function show(link) {
  const dialog = document.getElementById("preview");
  const all = links();
  const place = all.indexOf(link);
  const { preview, caption } = link.dataset;
  const [image, text] = [dialog.querySelector("img"), dialog.querySelector("figcaption")];
  shown = link.id;
  image.src = preview;
  image.alt = caption || link.textContent;
  image.hidden = false;
  text.textContent = caption;
  text.hidden = !caption;
  const name = dialog.querySelector("h2");
  name.textContent = name.title = link.textContent; // two lines of it are shown
  dialog.querySelector("[data-preview-file]").href = link.href;
  const status = dialog.querySelector("[data-place]");
  status.textContent = status.dataset.place.replace("{number}", place + 1).replace("{total}", all.length);
  dialog.querySelector(".preview-steps").hidden = all.length < 2;
  if (!dialog.open) dialog.showModal();
}

function step(by) {
  const all = links();
  const place = all.findIndex((link) => link.id === shown);
  if (all.length) show(all[(place + by + all.length) % all.length]);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-preview]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    show(link);
  }
  const button = event.target.closest("#preview [data-step]");
  if (button) step(Number(button.dataset.step));
});

document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && document.getElementById("preview")?.open) step(by);
});

// To the picture that was seen last, not to the one that was opened first.
document.addEventListener("close", ({ target }) => {
  if (target.id !== "preview") return;
  target.querySelector("img").removeAttribute("src");
  document.getElementById(shown)?.focus();
}, true);
