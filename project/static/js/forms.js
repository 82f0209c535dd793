// What plain forms cannot do: empty the field after adding, leave empty parameters out of addresses,
// save a choice as it is made, and cancel an edit with Esc.
import { closed, opened } from "./escape.js";
import { clear } from "./toast.js";

document.addEventListener("htmx:config:request", ({ detail }) => {
  const { sourceElement, request } = detail.ctx;
  if (!sourceElement.matches("[data-tidy]")) return;
  for (const [name, value] of [...request.body]) if (!value) request.body.delete(name);
});

document.addEventListener("htmx:after:request", ({ detail }) => {
  const { sourceElement, response } = detail.ctx;
  if (response.status >= 400) return;
  if (sourceElement.matches("[data-reset]")) empty(sourceElement);
  if (sourceElement.matches("[data-undo]")) clear();
});

function empty(form) {
  // Not reset(): a form that came back with errors has the refused text as its default.
  for (const field of form.querySelectorAll("input:not([type=hidden])")) {
    field.value = field.defaultValue = "";
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  form.parentElement.querySelector(".add-error")?.remove();
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]")) target.form.requestSubmit();
});

function leaveSearch(field) {
  // Not merely blurred: after the swap the focus would be given back to where it was last.
  document.getElementById("main").focus({ preventScroll: true });
  if (!field.value) return;
  // Chromium would empty it too, but tells nobody once the focus is gone; other browsers would not.
  field.value = "";
  field.form.requestSubmit();
}

function leave(field) {
  const cancel = field.closest(".editing")?.querySelector("[data-cancel]");
  if (cancel) {
    opened(field, leave); // until the server has answered, and still if it does not
    cancel.click();
  } else if (field.matches("#search")) leaveSearch(field);
  else field.blur();
}

function enter(field) {
  if (field.closest(".editing") || field.matches("#search, #id_text, #id_name")) opened(field, leave);
}

if (document.activeElement) enter(document.activeElement); // it had the focus before this was loaded

document.addEventListener("focusin", ({ target }) => {
  enter(target);
  if (target.matches("[data-selects]")) target.select();
  // An edit begins at the end of the text, not before it.
  if (target.matches(".editing input[name=text]")) target.setSelectionRange(target.value.length, target.value.length);
});

document.addEventListener("focusout", ({ target }) => closed(target));
