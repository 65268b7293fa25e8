/** Shoal at work in one page: its resources and their contents, kept in step with tracker, peers and store. */

import { Certificate, toCertificate, withLayer } from "./certificate";
import { Content, Reading, createContent } from "./content";
import { parseJWS } from "./jws";
import { Head } from "./messages";
import { watchDevice } from "./policy";
import { parseRange } from "./range";
import { Settings } from "./settings";
import { openStore } from "./store";
import { createSwarm } from "./swarm";
import { Found, connectTracker } from "./tracker";
import { createTrust } from "./trust";
import { ResourceStats, Stats } from "../shoal";

/** Peers wanted for a content. */
const PEERS_WANTED = 8;
/** URLs of one page that Shoal looks after; the origin serves more of them. */
const MOST_RESOURCES = 4_096;
/** Between two looks at the clock while something is awaited. Milliseconds, like all here. */
const TICK = 250;
/** A URL that was refused, or got a bad certificate, is left to the origin for so long (Certificates.md §6). */
const REFUSAL_LIFETIME = 60_000;
/** A transfer that no peer is left for looks for new ones so often. */
const SEARCH_INTERVAL = 10_000;
/** A pending URL is asked for again so many times. */
const MOST_ADOPTIONS = 5;

interface Resource extends ResourceStats {
    certificate?: Certificate;
    /** The tracker is not asked before this time. */
    retryAt: number;
    /** The tracker is being asked. */
    asking?: Promise<Certificate | undefined>;
    adoptions: number;
}

export interface Answer {
    head: Head;
    /** Absent when there is no body. */
    reading?: Reading;
}

export interface Session {
    /** How a request is answered; nothing when the origin shall, untouched. */
    answer(url: string, range: string | null): Promise<Answer | undefined>;
    stats(): Omit<Stats, "state" | "totals"> & { isConnected: boolean };
    /** Leaves the tracker and the peers; what is being read goes on from the origin. */
    close(): void;
}

/**
 * @param warn tells the site's developer why Shoal is of no use here
 * @param notify is called after each change of the statistics
 */
export function startSession(settings: Settings, warn: (reason: string) => void, notify: () => void): Session {
    const { patience, quota } = settings;
    /** By URL. */
    const resources = new Map<string, Resource>();
    /** By content ID. */
    const contents = new Map<string, Content>();
    let self: string | undefined;
    let isClosed = false;
    let isQueued = false;
    let timer: number | undefined;

    const store = openStore(quota);
    const policy = watchDevice(policyChanged);
    const mayUpload = () => !policy.silence();
    let couldUpload = mayUpload();
    const keysetAddress = new URL("/v1/keyset", settings.tracker.href.replace(/^ws/, "http"));
    const trust = createTrust(settings.root, keysetAddress, patience, (reason) => warn("keyset: " + reason));
    const swarm = createSwarm({
        signal: (to, description) => tracker.signal(to, description),
        piece: async (content, piece) => contents.get(content)?.piece(piece),
        mayUpload,
        changed,
    });
    const tracker = connectTracker(settings.tracker, patience, {
        welcome(peer, ice) {
            self = peer;
            swarm.welcome(peer, ice);
            trust.refresh();
            loaded.then(publishAll);
            changed();
        },
        signal: swarm.receive,
        gone: swarm.gone,
        down(wasWelcome) {
            self = undefined;
            if (!wasWelcome) warn("the tracker cannot be reached");
            changed();
        },
    });
    const loaded = load();

    /** Once for all changes of one turn. */
    function changed() {
        if (isQueued) return;
        isQueued = true;
        queueMicrotask(() => {
            isQueued = false;
            clearTimeout(timer);
            for (const content of contents.values()) content.schedule();
            if ([...contents.values()].some((content) => content.isActive())) timer = setTimeout(changed, TICK);
            notify();
        });
    }

    function policyChanged() {
        const could = couldUpload;
        couldUpload = mayUpload();
        if (could && !couldUpload) tracker.leave();
        if (!could && couldUpload) publishAll();
        changed();
    }

    function resourceOf(url: string): Resource | undefined {
        if (!resources.has(url) && resources.size < MOST_RESOURCES) {
            const counts = { fromPeers: 0, fromOrigin: 0, fromCache: 0, verified: 0, rejected: 0 };
            resources.set(url, { url, state: "asking", ...counts, retryAt: 0, adoptions: 0 });
        }
        return resources.get(url);
    }

    /** The content of a certificate; nothing when it would not fit into the cache. */
    function contentOf(resource: Resource, certificate: Certificate, kept?: () => Promise<Blob>): Content | undefined {
        const id = certificate.content;
        const known = contents.get(id);
        if (known || certificate.length > quota) return known;
        let searched = performance.now();
        const content = createContent(
            certificate,
            resource,
            {
                patience,
                mayUpload,
                peer: swarm.peer,
                needsPeers() {
                    if (performance.now() - searched < SEARCH_INTERVAL) return;
                    searched = performance.now();
                    ask(resource, PEERS_WANTED);
                },
                completed: (blob) => keep(resource, certificate, blob),
                lost() {
                    forget(resource, id);
                    leaveToOrigin(resource);
                },
                changed,
            },
            kept,
        );
        contents.set(id, content);
        return content;
    }

    const validOf = ({ certificate }: Resource) => (certificate && trust.isValid(certificate) ? certificate : undefined);

    function leaveToOrigin(resource: Resource) {
        resource.certificate = undefined;
        resource.state = "origin";
        resource.retryAt = Date.now() + REFUSAL_LIFETIME;
    }

    /** A valid certificate of a resource, if there is or comes one, and connections to peers that have the content. */
    async function certify(resource: Resource): Promise<Certificate | undefined> {
        const held = validOf(resource);
        const content = held && contents.get(held.content);
        if (content?.isComplete() || content?.isActive() || Date.now() < resource.retryAt) return held;
        return ask(resource, PEERS_WANTED);
    }

    const ask = (resource: Resource, peers: number) =>
        (resource.asking ??= find(resource, peers).finally(() => (resource.asking = undefined)));

    async function find(resource: Resource, peers: number): Promise<Certificate | undefined> {
        const held = validOf(resource);
        let found: Found;
        try {
            found = await tracker.find(held ? { certificate: held.jws } : { url: resource.url }, peers);
        } catch {
            return held;
        }
        if (found.retry) resource.retryAt = Date.now() + found.retry * 1000;
        if (found.code) return void leaveToOrigin(resource);
        if (found.status === "pending") {
            resource.state = "pending";
            return void adoptLater(resource, found.retry!);
        }
        if (found.certificate) {
            try {
                const certificate = await trust.judge(found.certificate, resource.url);
                await certified(resource, await withLayer(certificate, found.layer));
            } catch (error) {
                warn("certificate of " + resource.url + ": " + (error as Error).message);
                return void leaveToOrigin(resource);
            }
        }
        const { certificate } = resource;
        if (certificate && found.peers?.length) {
            for (const peer of found.peers) swarm.connect(peer);
            contentOf(resource, certificate)?.addSources(found.peers);
        }
        return certificate;
    }

    /** Takes a new certificate. What the URL had before is of no use if it is other content. */
    async function certified(resource: Resource, certificate: Certificate) {
        const before = resource.content;
        if (before && before !== certificate.content) await forget(resource, before);
        resource.certificate = certificate;
        resource.content = certificate.content;
        resource.length = certificate.length;
        resource.state = contents.get(certificate.content)?.isComplete() ? "complete" : "loading";
    }

    async function forget(resource: Resource, content: string) {
        contents.delete(content);
        tracker.leave([content]);
        await store.remove(resource.url);
    }

    /** Fetches what the origin served while it was not certified yet, so that this browser can give it to others. */
    function adoptLater(resource: Resource, seconds: number) {
        if (resource.adoptions++ >= MOST_ADOPTIONS) return;
        setTimeout(async () => {
            if (isClosed || !mayUpload()) return;
            const certificate = await certify(resource);
            if (certificate) contentOf(resource, certificate)?.adopt();
        }, seconds * 1000);
    }

    async function keep(resource: Resource, { jws, content, url }: Certificate, blob: Blob) {
        resource.state = "complete";
        publish(resource);
        try {
            for (const evicted of await store.put(url, jws, blob)) {
                const other = resources.get(evicted);
                if (other?.content && other.content !== content) {
                    contents.delete(other.content);
                    tracker.leave([other.content]);
                    resources.delete(evicted);
                }
            }
        } catch {
            // The browser gives no room: it stays in memory as long as the page does.
        }
        changed();
    }

    /** What earlier pages kept. */
    async function load() {
        try {
            for (const [url, jws] of await store.entries()) {
                const resource = resourceOf(url);
                if (!resource) return;
                const claimed = toCertificate(jws, parseJWS(jws, Infinity).payload);
                contentOf(resource, claimed, () => store.blob(url));
                await certified(resource, claimed);
                resource.certificate = await trust.judge(jws, url).catch(() => undefined);
            }
        } catch {
            // No cache, or one that is broken: then nothing was kept.
        }
    }

    function publishAll() {
        for (const resource of resources.values()) publish(resource);
    }

    /** Announces complete content, with a certificate that is valid now. */
    async function publish(resource: Resource) {
        if (resource.state !== "complete" || !mayUpload()) return;
        const certificate = validOf(resource) ?? (await ask(resource, 0));
        if (certificate && contents.get(certificate.content)?.isComplete()) tracker.announce(certificate.jws);
    }

    async function answer(url: string, range: string | null): Promise<Answer | undefined> {
        const since = performance.now();
        await loaded;
        const resource = resourceOf(url);
        const certificate = resource && (await certify(resource));
        const span = certificate && parseRange(range, certificate.length);
        const content = span && contentOf(resource, certificate);
        if (!content) return;
        const { length, type } = certificate;
        const headers: Record<string, string> = { "accept-ranges": "bytes", "content-type": type };
        const head = { status: span.status, headers, length: span.end - span.start };
        headers["content-length"] = String(head.length);
        if (span.status !== 200) {
            headers["content-range"] = `bytes ${head.length ? `${span.start}-${span.end - 1}` : "*"}/${length}`;
        }
        if (!head.length) return { head };
        store.touch(url);
        const reading = content.open(span.start, span.end, since);
        try {
            await reading.ready();
            return { head, reading };
        } catch {
            reading.close();
        }
    }

    return {
        answer,
        stats: () => ({
            isConnected: !!self,
            peer: self,
            silent: policy.silence(),
            uploaded: swarm.uploaded(),
            resources: [...resources.values()].map(
                ({ certificate, retryAt, asking, adoptions, ...statistics }) => statistics,
            ),
            peers: swarm.peers().map(({ id, open, received, sent }) => ({ peer: id, open, received, sent })),
        }),
        close() {
            isClosed = true;
            tracker.close();
            swarm.close();
        },
    };
}
