// The live panel and the badges. Everything that they show is public: `shoal.stats()`, the event `change`, and the browser's own resource
// timings for what the origin served without Shoal.

import { Swarm } from "/swarm.js";

const shoal = window.shoal;
const byID = (id) => document.getElementById(id);
const set = (id, text) => { byID(id).textContent = text; };
const figures = new Map();

/**
 * Waits until Shoal's service worker is in control, or for this many milliseconds.
 *
 * On a first visit it takes over some 0.1 s (Chromium) to 1 s (Firefox) after the page has loaded, and whatever was asked for before has
 * passed by it, and comes from the origin.
 */
async function workerInControl(patience = 2000) {
  const workers = navigator.serviceWorker;
  if (!shoal || !workers || workers.controller || shoal.stats().state.startsWith("off")) return;
  await new Promise((resolve) => {
    workers.addEventListener("controllerchange", resolve, { once: true });
    setTimeout(resolve, patience);
  });
}

/** Puts the film and the pictures in their places. */
function showHeldContent() {
  for (const held of document.querySelectorAll("noscript.held")) held.outerHTML = held.textContent;
  for (const figure of document.querySelectorAll("figure[data-path]")) figures.set(figure.dataset.path, figure);
}

const UNITS = ["B", "kB", "MB", "GB"];

/** 1,234,567 becomes "1.23 MB": three digits are enough to compare. */
function size(bytes) {
  let unit = 0;
  while (bytes >= 999.5 && unit < UNITS.length - 1) { bytes /= 1000; unit += 1; }
  return `${unit === 0 ? bytes : bytes >= 99.95 ? bytes.toFixed(0) : bytes.toPrecision(bytes >= 9.995 ? 3 : 2)} ${UNITS[unit]}`;
}

/** What the browser itself fetched for a URL: bytes from the network, and bytes from its HTTP cache. */
function direct(url) {
  const sums = { origin: 0, cache: 0 };
  for (const entry of performance.getEntriesByName(url, "resource")) {
    if (entry.workerStart > 0) continue;
    sums[entry.transferSize > 0 ? "origin" : "cache"] += entry.encodedBodySize;
  }
  return sums;
}

/** One row of the panel: a resource as Shoal counts it, with what passed by Shoal. */
function account(resource) {
  const bypass = direct(resource.url);
  return {
    path: new URL(resource.url).pathname, state: resource.state, length: resource.length ?? bypass.origin + bypass.cache,
    peers: resource.fromPeers, origin: resource.fromOrigin + bypass.origin, cache: resource.fromCache + bypass.cache,
    verified: resource.verified, rejected: resource.rejected,
  };
}

/** What a figure's badge says: where most of its bytes came from. */
function badge(row) {
  const all = row.peers + row.origin + row.cache;
  const busy = row.state === "loading" || row.state === "asking";
  if (all === 0) return busy ? { kind: "", busy, text: "…" } : null;
  const kind = ["peers", "origin", "cache"].reduce((best, one) => (row[one] > row[best] ? one : best));
  const share = Math.floor((100 * row[kind]) / all);
  return { kind, busy, text: share >= 100 ? kind : `${kind} ${share} %` };
}

function showBadge(row) {
  const figure = figures.get(row.path);
  const said = figure && badge(row);
  if (!said) return;
  let holder = figure.querySelector(".badge");
  if (!holder) {
    holder = document.createElement("span");
    figure.append(holder);
  }
  holder.className = `badge ${said.kind}${said.busy ? " busy" : ""}`;
  holder.textContent = said.text;
}

/** Bytes a second of a growing sum, over the last two seconds. */
class Rate {
  #samples = [];

  update(sum, now) {
    this.#samples.push({ sum, now });
    while (this.#samples.length > 2 && now - this.#samples[0].now > 2000) this.#samples.shift();
    const first = this.#samples[0];
    return now - first.now < 200 ? 0 : (Math.max(sum - first.sum, 0) * 1000) / (now - first.now);
  }
}

const rates = new Map();

function rate(name, sum, now) {
  if (!rates.has(name)) rates.set(name, new Rate());
  return rates.get(name).update(sum, now);
}

/** What a person calls a file: the picture's title, or its name. */
function title(path) {
  const figure = figures.get(path);
  if (figure?.querySelector("video")) return "The film";
  if (document.querySelector("video")?.poster.endsWith(path)) return "The film's still";
  return figure?.querySelector("figcaption")?.textContent ?? path.split("/").pop();
}

function showTable(rows) {
  const body = byID("files");
  while (body.rows.length < rows.length) for (let row = body.insertRow(), cell = 0; cell < 5; cell += 1) row.insertCell();
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, index) => {
    const some = (bytes) => (bytes ? size(bytes) : "–");
    const blocks = `${row.verified || (row.rejected ? 0 : "–")}${row.rejected ? ` / ${row.rejected} ✕` : ""}`;
    const texts = [title(row.path), size(row.length), some(row.peers), some(row.origin), blocks];
    const kinds = ["", "", row.peers ? "peers" : "none", row.origin ? "origin" : "none", row.verified ? "" : "none"];
    texts.forEach((text, cell) => {
      const shown = body.rows[index].cells[cell];
      if (shown.textContent !== text) shown.textContent = text;
      shown.className = kinds[cell];
    });
    body.rows[index].cells[0].title = `${row.path}: ${row.state}${row.cache ? `, ${size(row.cache)} kept from before` : ""}`;
  });
}

function stateText(stats) {
  if (stats.state !== "on") return stats.state;
  return stats.silent ? `on, gives nothing: ${stats.silent}` : stats.peer ? `on, peer ${stats.peer.slice(0, 4)}` : "on";
}

function show(swarm) {
  const stats = shoal.stats();
  const rows = stats.resources.map(account);
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const [peers, origin, cache] = [sum("peers"), sum("origin"), sum("cache")];
  const all = Math.max(peers + origin + cache, 1);
  const now = performance.now();
  const [peersRate, originRate] = [rate("peers", peers, now), rate("origin", origin, now)];
  const open = stats.peers.filter((one) => one.open).length;

  const state = byID("state");
  if (state.textContent !== stateText(stats)) state.textContent = stateText(stats);
  state.className = `state ${stats.state.split(":")[0]}`;
  set("from-peers", size(peers));
  set("from-origin", size(origin));
  set("from-cache", size(cache));
  set("peers-rate", peersRate > 1000 ? `${size(peersRate)}/s` : peers ? `${Math.floor((100 * peers) / all)} % of all` : "");
  set("origin-rate", originRate > 1000 ? `${size(originRate)}/s` : "");
  set("peers-open", open);
  set("uploaded", size(stats.uploaded));
  set("verified", stats.totals.verified.toLocaleString("en"));
  set("rejected", stats.totals.rejected.toLocaleString("en"));
  byID("rejected").className = stats.totals.rejected ? "bad" : "";
  for (const [kind, bytes] of [["peers", peers], ["origin", origin], ["cache", cache]]) {
    byID("share").querySelector(`.${kind}`).style.width = `${(100 * bytes) / all}%`;
  }
  const words = `${size(peers)} from peers, ${size(origin)} from the origin, ${size(cache)} kept from before`;
  byID("share").setAttribute("aria-label", words);
  set("ribbon", `${size(peers)} from ${open} ${open === 1 ? "peer" : "peers"} · ${size(origin)} from the origin`);

  const flows = stats.peers.map((one) => ({
    peer: one.peer, open: one.open, down: rate(`down ${one.peer}`, one.received, now), up: rate(`up ${one.peer}`, one.sent, now),
  }));
  swarm.draw(flows, originRate, { peers: peers / all, origin: origin / all, cache: cache / all }, `You and ${open} peers: ${words}`);
  showTable(rows);
  rows.forEach(showBadge);
}

function askConsent() {
  const banner = byID("consent");
  if (!banner) return;
  const update = () => { banner.hidden = shoal.stats().state !== "off: no consent"; };
  byID("agree").addEventListener("click", () => { shoal.consent(true); banner.hidden = true; });
  byID("decline").addEventListener("click", () => { shoal.consent(false); banner.hidden = true; });
  update();
}

/** At most one redraw in a frame, whatever happens in it. */
function whenever(redraw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; redraw(); });
  };
}

function startPanel() {
  const swarm = new Swarm(byID("swarm"));
  const redraw = whenever(() => show(swarm));
  shoal.addEventListener("change", redraw);
  new PerformanceObserver(redraw).observe({ type: "resource", buffered: true });
  // Rates fall while nothing happens, and nothing says so.
  setInterval(redraw, 1000);
  askConsent();
  redraw();
}

function startPlain() {
  const redraw = whenever(() => {
    const sums = [...figures.keys()].map((path) => {
      const bytes = direct(new URL(path, location.href).href);
      showBadge({ path, state: "origin", peers: 0, ...bytes });
      return bytes.origin;
    });
    set("plain-origin", size(sums.reduce((a, b) => a + b, 0)));
    set("plain-files", sums.filter((bytes) => bytes > 0).length);
  });
  new PerformanceObserver(redraw).observe({ type: "resource", buffered: true });
  redraw();
}

function playFilm() {
  const film = document.querySelector("video");
  if (!film || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  // Browsers may refuse to play before the visitor has touched the page; then the visitor starts it.
  film.play().catch(() => {});
}

performance.setResourceTimingBufferSize(1000);
if (byID("plain-origin")) startPlain();
else if (shoal) startPanel();
else set("state", "off: the Shoal script did not load");
await workerInControl();
showHeldContent();
playFilm();
