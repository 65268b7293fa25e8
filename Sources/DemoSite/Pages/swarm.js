// The picture of the swarm: this browser in the middle, the origin above it, the peers around. What flows, moves along the edges.

const SVG = "http://www.w3.org/2000/svg";
const SIZE = { width: 400, height: 258 };
const ME = { x: 200, y: 132, ring: 27 };
const ORIGIN = { x: 200, y: 26 };

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

/** An arc from one point to another that leaves the straight line by `bend`. */
function arc(from, to, bend) {
  const middle = { x: (from.x + to.x) / 2 + (to.y - from.y) * bend, y: (from.y + to.y) / 2 - (to.x - from.x) * bend };
  return `M${from.x.toFixed(1)} ${from.y.toFixed(1)}Q${middle.x.toFixed(1)} ${middle.y.toFixed(1)} ${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
}

/** Where the peer with this number swims: on an open ring that leaves the way to the origin free. */
function place(index, count) {
  const rings = count > 10 ? 2 : 1;
  const ring = index % rings;
  const seats = Math.ceil((count - ring) / rings);
  const seat = (index - ring) / rings;
  const angle = Math.PI * (-0.16 + 1.32 * ((seat + 0.5) / seats));
  const reach = rings === 1 ? 1 : ring ? 0.7 : 1.12;
  return { x: ME.x + Math.cos(angle) * 150 * reach, y: ME.y + Math.sin(angle) * 92 * reach };
}

export class Swarm {
  #svg;
  #edges;
  #nodes;
  #ring;
  #harbour;
  #peers = new Map();

  constructor(holder) {
    this.#svg = element("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img" }, null);
    this.#edges = element("g", {}, this.#svg);
    this.#nodes = element("g", {}, this.#svg);
    this.#harbour = this.#edge(ORIGIN, ["origin"]);
    const harbour = element("g", { class: "harbour" }, this.#nodes);
    element("rect", { class: "body", x: ORIGIN.x - 14, y: ORIGIN.y - 14, width: 28, height: 28, rx: 7 }, harbour);
    element("text", { x: ORIGIN.x + 44, y: ORIGIN.y + 4 }, harbour).textContent = "origin";
    const me = element("g", { class: "me" }, this.#nodes);
    element("circle", { cx: ME.x, cy: ME.y, r: ME.ring, fill: "#0b2737" }, me);
    element("circle", { class: "ring rest", cx: ME.x, cy: ME.y, r: ME.ring }, me);
    this.#ring = element("g", {}, me);
    element("text", { x: ME.x, y: ME.y + 4 }, me).textContent = "you";
    holder.replaceChildren(this.#svg);
  }

  /**
   * @param {{peer: string, open: boolean, down: number, up: number}[]} peers rates in bytes a second
   * @param {number} originRate bytes a second
   * @param {{peers: number, origin: number, cache: number}} shares parts of all bytes so far, 0 to 1
   * @param {string} summary the picture in words
   */
  draw(peers, originRate, shares, summary) {
    this.#svg.setAttribute("aria-label", summary);
    this.#flow(this.#harbour.flows[0], originRate);
    this.#drawRing(shares);
    for (const [id, shown] of this.#peers) {
      if (peers.some((one) => one.peer === id)) continue;
      shown.edge.group.remove();
      shown.node.remove();
      this.#peers.delete(id);
    }
    peers.forEach((peer, index) => {
      const at = place(index, peers.length);
      const shown = this.#peers.get(peer.peer) ?? this.#addPeer(peer.peer);
      for (const group of [shown.edge.group, shown.node]) group.classList.toggle("opening", !peer.open);
      const scale = peers.length > 10 ? 0.78 : 1;
      shown.node.setAttribute("transform", `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)}) scale(${scale})`);
      // Fish look towards the middle.
      shown.node.firstChild.setAttribute("transform", at.x < ME.x ? "scale(-1 1)" : "");
      this.#lay(shown.edge, at);
      this.#flow(shown.edge.flows[0], peer.down);
      this.#flow(shown.edge.flows[1], peer.up);
    });
  }

  #addPeer(id) {
    const node = element("g", {}, this.#nodes);
    element("path", { class: "body", d: "M-17 0C-9 -12 5 -12 12 0L20 -7V7L12 0C5 12 -9 12 -17 0Z" }, node);
    element("text", { y: 25 }, node).textContent = id.slice(0, 4);
    const shown = { node, edge: this.#edge(ORIGIN, ["down", "up"]) };
    this.#peers.set(id, shown);
    return shown;
  }

  #edge(from, kinds) {
    const group = element("g", {}, this.#edges);
    const edge = { group, link: element("path", { class: "link" }, group), flows: [] };
    for (const kind of kinds) edge.flows.push(element("path", { class: `flow ${kind}` }, group));
    this.#lay(edge, from);
    return edge;
  }

  #lay(edge, from) {
    edge.link.setAttribute("d", arc(from, ME, 0));
    edge.flows[0].setAttribute("d", arc(from, ME, edge.flows.length > 1 ? 0.09 : 0));
    edge.flows[1]?.setAttribute("d", arc(ME, from, 0.09));
  }

  /** Width and pace grow with the logarithm of the rate: 10 kB/s is a trickle, 10 MB/s a torrent. */
  #flow(path, rate) {
    const strength = Math.min(Math.max(Math.log10(rate / 3000) / 3.5, 0), 1);
    path.classList.toggle("on", rate > 3000);
    path.style.strokeWidth = (2 + 5 * strength).toFixed(1);
    path.style.animationDuration = `${(1.3 - strength).toFixed(1)}s`;
  }

  #drawRing(shares) {
    const length = 2 * Math.PI * ME.ring;
    let start = 0;
    this.#ring.replaceChildren();
    for (const kind of ["peers", "origin", "cache"]) {
      const part = shares[kind] * length;
      if (part < 0.5) continue;
      element(
        "circle",
        {
          class: "ring", cx: ME.x, cy: ME.y, r: ME.ring, stroke: `var(--${kind})`, "stroke-dasharray": `${part.toFixed(1)} ${length.toFixed(1)}`,
          transform: `rotate(${(-90 + (360 * start) / length).toFixed(1)} ${ME.x} ${ME.y})`,
        },
        this.#ring,
      );
      start += part;
    }
  }
}
