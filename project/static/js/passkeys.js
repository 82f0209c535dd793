// A form with data-passkey asks the browser to make a passkey, or to sign with one, and is sent with the answer.
// It is hidden until here: without scripts, or in a browser without passkeys, there is nothing to click.
const able = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

for (const element of document.querySelectorAll("[data-passkey], [data-no-passkey]")) {
  element.hidden = element.matches("[data-passkey]") !== able;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-passkey]")) return;
  event.preventDefault();
  const failure = form.querySelector("[role=alert]");
  failure.hidden = true;
  try {
    form.elements.credential.value = JSON.stringify(await answer(form));
    const box = document.getElementById("id_remember");
    if (form.elements.remember) form.elements.remember.value = box?.checked ? "on" : "";
    form.submit();
  } catch {
    failure.hidden = false; // given up, too late, or no such passkey: browsers do not tell which
  }
});

async function answer(form) {
  const { publicKey } = await options(form);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  return credential.toJSON();
}

async function options(form) {
  const inPage = form.querySelector("script[type='application/json']");
  if (inPage) return Object.values(JSON.parse(inPage.textContent))[0];
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  return (await response.json()).request_options;
}
