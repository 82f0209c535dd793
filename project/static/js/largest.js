// A file that is too large is refused where it is chosen, before it is sent.
document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=file][data-largest]")) return;
  const tooLarge = [...target.files].some((file) => file.size > Number(target.dataset.largest));
  target.setCustomValidity(tooLarge ? target.dataset.tooLarge : "");
  if (tooLarge) target.reportValidity();
});
