/** What page and service worker say to each other. */

/** On the client and worker channels, which a site's own code may use too: ours is under a name of its own. */
export interface ToPage {
    shoal: { url: string; range: string | null };
}

export interface ToWorker {
    shoal: /** This page runs Shoal; also keeps the worker alive. */
    | "here"
        /** Shoal registered this worker: take over at once. */
        | "own";
}

/** On the port of one request: the page says `HELD` at once, then how it answers, then one chunk for each `PULL`. */
export const HELD = "held";
export const PULL = "pull";
export const CANCEL = "cancel";

/** How the page answers; `null` instead: the origin shall. */
export interface Head {
    status: number;
    headers: Record<string, string>;
    /** Bytes of the body. */
    length: number;
}

/** One part of the body; `null` when there will be none: the body is an error, never just short. */
export type Chunk = Uint8Array | null;

/** Marks requests of our own, which the worker leaves alone. */
export const OWN_REQUEST = "x-shoal";
