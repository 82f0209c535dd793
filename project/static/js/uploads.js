// Files that are chosen, dropped or pasted go straight to the store, three at a time. A row shows each until it has
// arrived; from there on the server's list has it.
import { countPixels } from "./pixels.js";
import { Refused, Sending } from "./sending.js";
import { shrink } from "./shrinking.js";
import { written } from "./sizes.js";

const AT_ONCE = 3;
const MOST_LINES = 50;
const items = [];

const element = (id) => document.getElementById(id);
const form = () => element("attach-form");
const words = () => JSON.parse(element("sending-words").textContent);

// What is known before a byte is sent

function isPicture(file) {
  return (file.type.startsWith("image/") && file.type !== "image/svg+xml") || /\.hei[cf]$/i.test(file.name);
}

function canBeDrawn(file) {
  return isPicture(file) && file.type !== "image/gif"; // whose animation would be lost
}

function judge(file, { types, largest, room, shrinks }) {
  const taken = types.includes(file.type);
  const drawn = canBeDrawn(file);
  if (room < 1) return { refused: "room" };
  if (!file.size) return { refused: "empty" };
  if (!taken && !drawn) return { refused: "type" };
  if (taken && file.size <= largest) return {};
  if (!drawn) return { refused: "large" };
  if (shrinks) return { shrinks: true };
  return { refused: taken ? "shrinkable" : "convertible" };
}

function add(files) {
  const { types, largest } = form().dataset;
  for (const file of files) {
    const room = Number(element("attachment-list").dataset.room) - items.filter((item) => item.state !== "refused").length;
    const verdict = judge(file, { types: types.split(","), largest: Number(largest), room, shrinks: element("attach-shrink").checked });
    const item = { file, name: file.name, shrinks: verdict.shrinks, state: "waiting", row: makeRow(file) };
    items.push(item);
    if (verdict.refused) fail(item, new Refused(verdict.refused), { final: true });
    else say(item, "waiting");
    wire(item);
  }
  place();
  pump();
}

// The rows

function makeRow(file) {
  const row = element("sending-row").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-name]").textContent = file.name;
  row.querySelector("progress").setAttribute("aria-label", file.name);
  row.querySelector(`.thumb > [data-kind="${file.type === "application/pdf" ? "image" : "pdf"}"]`).remove();
  for (const button of row.querySelectorAll("[data-label]")) label(button, button.dataset.label, file.name);
  return row;
}

function label(button, text, name) {
  button.setAttribute("aria-label", text.replace("{name}", () => name));
}

function wire(item) {
  item.row.querySelector("[data-drop]").addEventListener("click", () => drop(item));
  item.row.querySelector("[data-retry]").addEventListener("click", () => {
    item.state = "waiting";
    item.row.querySelector("[data-drop]").focus();
    item.row.querySelector("progress").value = 0; // all of it is sent again
    show(item, { failed: false });
    say(item, "waiting");
    pump();
  });
}

function sentence(key, values = {}) {
  const text = words()[key] ?? key;
  return Object.entries(values).reduce((all, [name, value]) => all.replace(`{${name}}`, () => value), text);
}

function say(item, key, values) {
  item.row.querySelector("[data-said]").textContent = sentence(key, values);
}

/** A line for each: of several at once, none takes the place of another before it is read out. */
function announce(key, { name }, reason = "") {
  const log = element("sending-log");
  if (!log) return;
  const line = document.createElement("p");
  line.textContent = sentence(key, { name, reason });
  log.append(line);
  if (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
}

function show(item, { failed, final = false }) {
  const { row } = item;
  row.querySelector("progress").hidden = failed;
  row.querySelector("[data-said]").classList.toggle("bad", failed);
  row.querySelector(".thumb").classList.toggle("bad", failed);
  row.querySelector("[data-retry]").hidden = !failed || final;
  row.querySelector("[data-full]").hidden = true;
  const button = row.querySelector("[data-drop]");
  label(button, final ? button.dataset.labelFinal : button.dataset.label, item.name);
}

function fail(item, error, { final = false } = {}) {
  item.state = final ? "refused" : "failed";
  show(item, { failed: true, final });
  const text = error instanceof Refused && error.text;
  const reason = text || sentence(error.key ?? "refused");
  item.row.querySelector("[data-said]").textContent = reason;
  item.row.querySelector("[data-full]").hidden = error.code !== "quota";
  announce("not-sent", item, reason);
}

/** A swap may have emptied the list, and the server's list may show what is shown here. */
function place() {
  const list = element("sending");
  if (!list) return;
  for (const row of document.querySelectorAll("#file-rows [data-upload]")) row.hidden = false;
  for (const item of items) {
    if (item.row.parentElement !== list) list.append(item.row);
    const theirs = item.sending?.upload && element(`upload-${item.sending.upload.id}`);
    if (theirs) theirs.hidden = true;
  }
}

function forget(item) {
  const at = items.indexOf(item);
  if (at < 0) return; // it arrived while somebody cancelled it
  const hadFocus = item.row.contains(document.activeElement);
  items.splice(at, 1);
  item.row.remove();
  place();
  if (hadFocus) element("attach")?.focus();
}

const bytes = (count) => written(count, words().sizes);

// The work

function pump() {
  const free = AT_ONCE - items.filter((item) => item.state === "running").length;
  for (const item of items.filter(({ state }) => state === "waiting").slice(0, Math.max(free, 0))) start(item);
}

async function start(item) {
  item.state = "running";
  try {
    if (await isTooLarge(item)) await makeSmaller(item);
    if (item.state !== "running") return; // it was cancelled meanwhile
    await send(item);
    announce("arrived", item);
    await refresh();
    forget(item);
  } catch (error) {
    if (item.state === "running") fail(item, error, { final: error.final });
  }
  pump();
}

async function isTooLarge({ file, shrinks }) {
  if (shrinks) return true;
  const pixels = await countPixels(file);
  const most = JSON.parse(form().dataset.pixels)[file.type];
  if (!(pixels > most)) return false;
  if (canBeDrawn(file) && element("attach-shrink").checked) return true;
  throw Object.assign(new Refused(canBeDrawn(file) ? "pixels-shrinkable" : "pixels"), { final: true });
}

async function makeSmaller(item) {
  say(item, "shrinking");
  try {
    item.file = await shrink(item.file, Number(form().dataset.largest));
  } catch {
    throw Object.assign(new Refused("undecodable"), { final: true });
  }
  item.shrinks = false;
}

async function send(item) {
  const { create, todo } = form().dataset;
  item.sending ??= new Sending(item.file, { create, target: { kind: "todo", id: todo } });
  const bar = item.row.querySelector("progress");
  const size = bytes(item.file.size);
  const progress = (loaded) => {
    const done = Math.min(loaded, item.file.size); // some browsers count more than the file
    bar.value = (done / item.file.size) * 100;
    say(item, "sending", { done: bytes(done), size });
  };
  progress(0);
  const wait = (seconds) => {
    bar.value = 0;
    say(item, "again", { seconds });
  };
  await item.sending.run({ progress, wait });
  bar.value = 100;
  say(item, "completing");
}

async function drop(item) {
  const running = ["running", "waiting"].includes(item.state);
  item.state = "dropped";
  if (running) announce("cancelled", item);
  const { sending } = item;
  forget(item);
  pump();
  if (!sending) return;
  await sending.cancel();
  await refresh();
}

async function refresh() {
  const list = element("attachment-list");
  if (!list) return;
  const headers = { "HX-Target": "div#attachment-list" };
  await window.htmx.ajax("GET", list.dataset.url, { source: list, target: "#attachment-list", swap: "outerMorph", headers });
}

// Where files come from

document.addEventListener("change", ({ target }) => {
  if (!target.matches("#attach, #attach-photo")) return;
  add([...target.files]);
  target.value = "";
});

document.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData;
  if (!form() || !files.length) return;
  // What is copied from a text program has a picture of itself beside the text.
  if (event.target.matches("input, textarea") && types.includes("text/plain")) return;
  event.preventDefault();
  add([...files]);
});

const holdsFiles = (event) => form() && event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  form().classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form()?.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  form().classList.remove("dropping");
  add([...event.dataTransfer.files]);
});

document.addEventListener("htmx:after:swap", place);

// What was chosen while this was on its way.
for (const id of ["attach", "attach-photo"]) {
  const input = element(id);
  if (input?.files.length) {
    add([...input.files]);
    input.value = "";
  }
}

window.addEventListener("beforeunload", (event) => {
  if (items.some(({ state }) => state === "running" || state === "waiting")) event.preventDefault();
});
