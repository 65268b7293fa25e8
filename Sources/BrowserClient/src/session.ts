/** Shoal at work in one page: its resources and their contents, kept in step with tracker, peers and store. */

import { Certificate, Claims, pieceHashes } from "./certificate";
import { now } from "./clock";
import { Content, Reading, createContent } from "./content";
import { parseJWS } from "./jws";
import {
    BATCH_DELAY,
    LONGEST_URL,
    MOST_ADOPTIONS,
    MOST_ENTRIES,
    MOST_RESOURCES,
    PEERS_WANTED,
    REFUSAL_LIFETIME,
    SEARCH_INTERVAL,
    TICK,
} from "./limits";
import { Head, Wanted, Word } from "./messages";
import { uploaded } from "./peer";
import { watchDevice } from "./policy";
import { parseRange } from "./range";
import { Settings } from "./settings";
import { discard, keep, kept, readBlob, touch } from "./store";
import { createSwarm } from "./swarm";
import { Result, connectTracker } from "./tracker";
import { createTrust, isValid } from "./trust";
import { ResourceStats, Stats } from "../shoal";

interface Resource {
    url: string;
    stats: ResourceStats;
    /** The newest; perhaps expired. */
    certificate?: Certificate;
    /** There is one as long as there is a certificate. */
    content?: Content;
    /** The tracker is not asked before this time. */
    retryAt: number;
    /** The tracker is being asked. */
    answered?: Promise<void>;
    settle?(found?: Result): void;
    adoptions: number;
}

export interface Session {
    /** Answers a request of the service worker on its port: see messages.ts. */
    answer(wanted: Wanted, port: MessagePort): Promise<void>;
    /** Whether a body is on its way to the worker. */
    isBusy(): boolean;
    stats(): Omit<Stats, "totals">;
    /** Leaves the tracker and the peers; what is being read goes on from the origin. */
    close(): void;
}

/** Hands over, as one list, what is given to it within `BATCH_DELAY`. */
function batched<T>(handle: (items: T[]) => void): (item: T) => void {
    let items: T[] = [];
    return (item) => {
        if (!items.length) {
            setTimeout(() => {
                while (items.length) handle(items.splice(0, MOST_ENTRIES));
            }, BATCH_DELAY);
        }
        items.push(item);
    };
}

/**
 * @param warn tells the site's developer why Shoal is of no use here
 * @param notify is called after each change of the statistics
 */
export function startSession(settings: Settings, warn: (reason: string) => void, notify: () => void): Session {
    const { patience, quota, tracker: address } = settings;
    /** By URL. */
    const resources = new Map<string, Resource>();
    /** On their way to the worker. */
    const bodies = new Set<Reading>();
    let self: string | undefined;
    let isClosed = false;
    let isQueued = false;
    let timer: number;

    const silence = watchDevice(policyChanged);
    const mayUpload = () => !isClosed && !silence();
    let couldUpload = mayUpload();
    const keyset = new URL("/v1/keyset", address.href.replace(/^ws/, "http"));
    const trust = createTrust(settings.root, keyset, patience);
    const swarm = createSwarm({ mayUpload, changed, piece }, (to, description) => tracker.signal(to, description));
    const tracker = connectTracker(address, keyset, patience, (message) => {
        switch (message?.action) {
            case "welcome":
                self = message.peer;
                swarm.introduce(self, message.ice);
                trust.renew().catch((error) => warn("Keyset: " + error.message));
                resources.forEach(publish);
                break;
            case "signal":
                swarm.receive(message.from, message.data);
                break;
            case "gone":
                swarm.gone(message.peer);
                break;
            case undefined:
                // A connection that ends is opened again, and that is nobody's business unless it fails.
                if (!self) warn("The tracker cannot be reached.");
                self = undefined;
        }
        changed();
    });

    const announce = batched<string>((certificates) => tracker.ask({ action: "announce", certificates }));

    /** Once for all changes of one turn. */
    function changed() {
        if (isQueued) return;
        isQueued = true;
        queueMicrotask(() => {
            isQueued = false;
            clearTimeout(timer);
            const active = [...resources.values()].filter(({ content }) => content?.schedule());
            if (active.length) timer = setTimeout(changed, TICK);
            notify();
        });
    }

    function policyChanged() {
        if (couldUpload === mayUpload()) return;
        couldUpload = !couldUpload;
        couldUpload ? resources.forEach(publish) : tracker.ask({ action: "leave" });
        changed();
    }

    /** What another peer asks for. */
    async function piece(cid: string, piece: number): Promise<ArrayBuffer | undefined> {
        for (const { certificate, content } of resources.values()) {
            if (certificate?.cid === cid && content?.isComplete()) return content.pieceFor(piece).catch(() => undefined);
        }
    }

    function resourceOf(url: string): Resource {
        const counts = { fromPeers: 0, fromOrigin: 0, fromCache: 0, verified: 0, rejected: 0 };
        const resource = { url, stats: { url, state: "asking" as const, ...counts }, retryAt: 0, adoptions: 0 };
        if (!resources.has(url)) resources.set(url, resource);
        return resources.get(url)!;
    }

    /** Takes a certificate. What the URL had before is of no use if it is other content. `blob`: as it was kept. */
    function certified(resource: Resource, certificate: Certificate, blob?: () => Promise<Blob>) {
        const { stats } = resource;
        const { cid, len } = certificate;
        if (resource.certificate?.cid !== cid) {
            forget(resource);
            const host = {
                patience,
                peers: swarm.peers,
                mayUpload,
                changed,
                completed: (blob: Blob) => complete(resource, blob),
                lost() {
                    forget(resource);
                    leaveToOrigin(resource);
                },
            };
            resource.content = createContent(certificate, stats, host, blob);
        }
        resource.certificate = certificate;
        stats.state = resource.content!.isComplete() ? "complete" : "loading";
        stats.content = cid;
        stats.length = len;
    }

    /** What the resource had is gone, or not its content any more. */
    function forget(resource: Resource) {
        const { certificate, content, url } = resource;
        if (!certificate) return;
        resource.certificate = resource.content = undefined;
        content!.abandon();
        tracker.ask({ action: "leave", contents: [certificate.cid] });
        discard(url).catch(() => {});
    }

    function leaveToOrigin(resource: Resource) {
        resource.stats.state = "origin";
        resource.retryAt = Date.now() + REFUSAL_LIFETIME;
    }

    const validOf = ({ certificate }: Resource) => (certificate && isValid(certificate) ? certificate : undefined);

    const ask = (resource: Resource) =>
        (resource.answered ??= new Promise<Result | undefined>((resolve) => {
            resource.settle = resolve;
            find(resource);
        })
            .then((found) => learn(resource, found))
            .catch((error) => {
                warn(resource.url + ": " + error.message);
                leaveToOrigin(resource);
            })
            .finally(() => (resource.answered = undefined)));

    /** Asks by certificate where there is a valid one: then the signing authority may be out of reach (§3.2). */
    const find = batched<Resource>(async (batch) => {
        const known = batch.filter(validOf);
        const unknown = batch.filter((resource) => !validOf(resource));
        const results = await tracker.ask({
            action: "find",
            urls: unknown.map(({ url }) => url),
            certificates: known.map(({ certificate }) => certificate!.jws),
            peers: batch.every(({ content }) => content?.isComplete()) ? 0 : PEERS_WANTED,
        });
        [...unknown, ...known].forEach(({ settle }, index) => settle!(results?.[index]));
    });

    /** Takes in what the tracker says of a resource. Rejects when that is a bad certificate. */
    async function learn(resource: Resource, found: Result = {}) {
        const { certificate: jws, layer, code, status, retry, peers = [] } = found;
        resource.retryAt = Date.now() + (retry ? retry * 1000 : SEARCH_INTERVAL);
        if (code) {
            forget(resource);
            leaveToOrigin(resource);
        }
        if (status === "pending") {
            resource.stats.state = status;
            adoptLater(resource, retry!);
        }
        if (jws) {
            const claims = await trust.judge(jws, resource.url);
            if (claims.len > quota) return leaveToOrigin(resource);
            certified(resource, { ...claims, jws, layer: await pieceHashes(claims, layer) });
        }
        peers.forEach(swarm.connect);
        resource.content?.addSources(peers);
    }

    /** Fetches what the origin served while it was not certified yet, so that this browser can give it to others. */
    function adoptLater(resource: Resource, seconds: number) {
        if (resource.adoptions++ >= MOST_ADOPTIONS) return;
        setTimeout(async () => {
            if (!mayUpload()) return;
            await ask(resource);
            resource.content?.adopt();
        }, seconds * 1000);
    }

    async function complete(resource: Resource, blob: Blob) {
        resource.stats.state = "complete";
        publish(resource);
        try {
            for (const url of await keep(resource.certificate!, blob, quota)) {
                const evicted = resources.get(url);
                if (evicted) forget(evicted);
                resources.delete(url);
            }
        } catch {
            // The browser gives no room: it stays in memory as long as the page does.
        }
    }

    /** Announces complete content, with a certificate that is valid now. */
    async function publish(resource: Resource) {
        if (!resource.content?.isComplete() || !mayUpload()) return;
        if (!validOf(resource)) await ask(resource);
        const certificate = validOf(resource);
        if (certificate && resource.content?.isComplete()) announce(certificate.jws);
    }

    async function answer({ url, range }: Wanted, port: MessagePort) {
        const since = now();
        let cancelled: Word | undefined;
        port.onmessage = ({ data }) => (cancelled = data);
        port.postMessage(Word.held);
        try {
            if (resources.size >= MOST_RESOURCES || url.length > LONGEST_URL) return port.postMessage(null);
            const resource = resourceOf(url);
            if (Date.now() >= resource.retryAt && !(validOf(resource) && resource.content!.isComplete())) {
                await ask(resource);
            }
            const { len, typ } = validOf(resource)!;
            const { status, start, end } = parseRange(range, len)!;
            let left = end - start;
            const headers: Head["headers"] = {
                "accept-ranges": "bytes",
                "content-length": String(left),
                "content-type": typ,
            };
            if (status > 200) headers["content-range"] = `bytes ${left ? start + "-" + (end - 1) : "*"}/${len}`;
            const reading = left ? await resource.content!.open(start, end, since) : undefined;
            port.postMessage({ status, headers, length: left });
            if (!reading) return;

            touch(url);
            bodies.add(reading);
            const close = (word?: Word) => {
                bodies.delete(reading);
                port.onmessage = null;
                reading.close();
                // The worker did not wait, so the origin serves it, as if it were not certified yet.
                if (word === Word.late) adoptLater(resource, 1);
            };
            port.onmessage = async ({ data }) => {
                if (data >= Word.cancel) return close(data);
                const chunk = await reading.read().catch(() => null);
                port.postMessage(chunk, chunk ? [chunk.buffer] : []);
                left -= chunk?.length ?? left;
                if (!left) close();
            };
            if (cancelled) close(cancelled);
        } catch {
            // No certificate, a Range that is not ours to answer, or no source. Nothing was released yet.
            port.postMessage(null);
        }
    }

    // What earlier pages kept. It is served once its certificate has been judged again: the keyset may have changed.
    for (const [url, { jws }] of Object.entries(kept())) {
        const resource = resourceOf(url);
        const claims = parseJWS(jws, Infinity).payload as unknown as Claims;
        certified(resource, { ...claims, jws, layer: [], exp: 0 }, () => readBlob(url));
        resource.answered = trust
            .judge(jws, url)
            .then(
                ({ exp }) => void (resource.certificate!.exp = exp),
                () => {},
            )
            .finally(() => (resource.answered = undefined));
    }

    return {
        answer,
        isBusy: () => bodies.size > 0,
        stats: () => ({
            state: self ? "on" : "connecting",
            peer: self,
            silent: silence(),
            uploaded,
            resources: [...resources.values()].map(({ stats }) => ({ ...stats })),
            peers: [...swarm.peers.values()].map(({ id, open, received, sent }) => ({ peer: id, open, received, sent })),
        }),
        close() {
            isClosed = true;
            tracker.close();
            for (const peer of [...swarm.peers.values()]) peer.end();
        },
    };
}
