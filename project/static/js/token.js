// The token by which the server knows its own pages; signing in, in another window perhaps, makes another one of it.
const fields = () => [...document.querySelectorAll("[name=csrfmiddlewaretoken]")];
const form = (page) => page.getElementById("attach-form");

export const token = () => fields()[0].value;

/** Take over the token of this page as it would be loaded now; false where another person, or nobody, is signed in. */
export async function freshToken() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(20_000) });
  const theirs = form(new DOMParser().parseFromString(await response.text(), "text/html"));
  if (!theirs || theirs.dataset.person !== form(document)?.dataset.person) return false;
  for (const field of fields()) field.value = theirs.elements.csrfmiddlewaretoken.value;
  return true;
}
