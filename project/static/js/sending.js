// One file on its way to the store: declared, sent with progress, tried again while the line is bad, completed.
import { freshToken, token } from "./token.js";

const WAITS_S = [1, 2, 4, 8, 8];
const STALLED_MS = 30_000;
let declared = Promise.resolve();

/** It will not get better by trying again; `key` names a sentence of the page, `text` is the server's own. */
export class Refused extends Error {
  constructor(key, text = "") {
    super(text || key);
    Object.assign(this, { key, text });
  }
}

class Broken extends Refused {}

export class Sending {
  constructor(file, { create, target }) {
    Object.assign(this, { file, create, target, upload: null, controller: new AbortController() });
  }

  /** Resolves once the bytes have arrived and are being checked; called again, it goes on with the same upload. */
  async run({ progress, wait }) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.attempt(progress);
      } catch (error) {
        this.controller.signal.throwIfAborted();
        if (!(error instanceof Broken) || tries === WAITS_S.length) throw error;
        wait(WAITS_S[tries]);
        await pause(WAITS_S[tries] * 1000, this.controller.signal);
      }
    }
  }

  async cancel() {
    this.controller.abort();
    if (this.upload) await post(this.upload.cancel).catch(() => null);
  }

  async attempt(progress) {
    // Signed just in time: the right to send lasts two minutes.
    const asked = this.upload ? await this.ask(this.upload.renew) : await this.declare();
    if (asked.put) await this.put(asked.put, progress);
    const { state, message } = await this.ask(this.upload.complete);
    if (state === "deleted") throw new Refused("refused", message);
  }

  /** One after the other: files stand in the order in which they were declared. */
  async declare() {
    const { name, size, type } = this.file;
    const asked = declared.then(() => this.ask(this.create, { name, size, type, target: this.target }));
    declared = asked.catch(() => null);
    this.upload = await asked;
    return this.upload;
  }

  async ask(url, body) {
    const response = await post(url, { body, signal: this.controller.signal }).catch(() => {
      throw new Broken("offline");
    });
    if (isOutdated(response)) throw new Refused("outdated");
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    const again = response.status >= 500 || answer?.error?.code === "not_uploaded";
    const error = new (again ? Broken : Refused)(response.status >= 500 ? "store" : "refused", answer?.error?.message);
    throw Object.assign(error, { code: answer?.error?.code });
  }

  put({ url, headers }, progress) {
    const { signal } = this.controller;
    const request = new XMLHttpRequest(); // fetch tells nothing of what has been sent
    let stalled;
    const stop = () => request.abort();
    const alive = () => {
      clearTimeout(stalled);
      stalled = setTimeout(stop, STALLED_MS);
    };
    return new Promise((resolve, reject) => {
      request.upload.addEventListener("progress", ({ loaded }) => {
        alive();
        progress(loaded);
      });
      request.addEventListener("loadend", () => {
        clearTimeout(stalled);
        signal.removeEventListener("abort", stop);
        const { status } = request;
        // 412: the bytes had arrived, only the answer was lost.
        if ((status >= 200 && status < 300) || status === 412) resolve();
        else reject(new Broken(status ? "store" : "offline")); // 403, too: what was signed may be too old
      });
      signal.addEventListener("abort", stop);
      request.open("PUT", url);
      for (const [name, value] of Object.entries(headers)) {
        if (!["content-length", "host"].includes(name.toLowerCase())) request.setRequestHeader(name, value);
      }
      alive();
      request.send(this.file);
    });
  }
}

/** Once more with a fresh token where the page's is not taken any more. */
async function post(url, { body, signal = null } = {}) {
  const send = () => {
    const late = AbortSignal.timeout(STALLED_MS);
    return fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
      body: JSON.stringify(body ?? {}),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  };
  const response = await send();
  return isOutdated(response) && (await freshToken()) ? send() : response;
}

function isOutdated(response) {
  return response.headers.get("X-Failure") === "outdated";
}

/** Wait, but not longer than until the device is online again. */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearTimeout(timer);
      window.removeEventListener("online", online);
      settle(value);
    };
    const online = () => end(resolve);
    const timer = setTimeout(online, milliseconds);
    window.addEventListener("online", online);
    signal.addEventListener("abort", () => end(reject, signal.reason), { once: true });
  });
}
