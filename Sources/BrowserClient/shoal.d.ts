/**
 * `window.shoal`: what Shoal tells a site and what a site can tell Shoal. It exists from the moment the script tag has
 * run, also when Shoal is off (then `stats().state` says why).
 *
 * Events on it: `change`, at most every 250 ms, after anything in `stats()` changed.
 *
 *     shoal.addEventListener("change", () => draw(shoal.stats()));
 */
export interface Shoal extends EventTarget {
    /** A snapshot; changing it changes nothing. */
    stats(): Stats;

    /**
     * The visitor's answer, where the script tag says `data-consent="required"`; remembered in localStorage. Until `true`
     * Shoal neither takes from peers nor gives to them. `false` stops it at once and deletes what it had cached.
     */
    consent(given: boolean): void;

    /** The kill switch: disconnects, unregisters the worker that Shoal registered, deletes its cache and its storage. */
    off(): Promise<void>;
}

export interface Stats {
    /** `"connecting"`, `"on"`, `"off: REASON"` (nothing works, the origin serves), for example `"off: no consent"`. */
    state: string;
    /** Why this browser gives nothing to others now, for example `"metered connection"`; absent when it does. */
    silent?: string;
    /** This page's peer ID; absent while there is no tracker connection. */
    peer?: string;
    /** Bytes given to other peers. */
    uploaded: number;
    /** Sums over `resources`. */
    totals: Counts;
    /** In the order in which the page asked for them. */
    resources: ResourceStats[];
    /** Open peer connections and those being opened. */
    peers: PeerStats[];
}

export interface Counts {
    /** Verified bytes that other peers sent. */
    fromPeers: number;
    /** Verified bytes that the origin sent through Shoal; what the origin served untouched is not seen and not counted. */
    fromOrigin: number;
    /** Bytes that an earlier visit had stored and this page has read, each request counted. */
    fromCache: number;
    /** 16 KiB blocks whose piece had the right hash. */
    verified: number;
    /** 16 KiB blocks that were thrown away, because their piece had a wrong hash. */
    rejected: number;
}

export interface ResourceStats extends Counts {
    /** Absolute, without fragment. */
    url: string;
    /** Content ID, base64url; absent while there is no valid certificate. */
    content?: string;
    /** Bytes of the whole content; absent while there is no valid certificate. */
    length?: number;
    /**
     * - `asking`: the tracker has been asked;
     * - `origin`: the origin serves it untouched (not certified, refused, or not the content that was certified);
     * - `pending`: the origin serves it untouched, the authority is about to certify it, Shoal adopts it later;
     * - `loading`: certified, bytes are arriving;
     * - `complete`: this browser has all of it, and gives it to others unless it is `silent`.
     */
    state: "asking" | "origin" | "pending" | "loading" | "complete";
}

export interface PeerStats {
    /** Peer ID. */
    peer: string;
    /** False while the connection is being opened. */
    open: boolean;
    /** Bytes of blocks that came from it and that went to it. */
    received: number;
    sent: number;
}

declare global {
    interface Window {
        readonly shoal: Shoal;
    }
}
