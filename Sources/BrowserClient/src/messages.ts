/** What page and service worker say to each other. */

/** On the channels between clients and worker, which a site's own code may use too: ours is under a name of its own. */
export interface ToPage {
    shoal: Wanted;
}

export interface Wanted {
    url: string;
    range: string | null;
}

export interface ToWorker {
    /** `here`: this page runs Shoal; it also keeps the worker alive. `own`: Shoal registered this worker, so it takes over. */
    shoal: "here" | "own";
}

/**
 * On the port of one request: the page says `held` at once, then how it answers, then one chunk for each `pull`. The worker says `cancel`
 * when nobody wants the body any more, and `late` when `held` did not come in time and the origin serves the request.
 */
export const enum Word {
    held = 1,
    pull,
    cancel,
    late,
}

/** How the page answers; `null` instead: the origin shall. */
export interface Head {
    status: number;
    headers: Record<string, string>;
    /** Bytes of the body. */
    length: number;
}

/** One part of the body; `null` when there will be none: the body is an error, never just short. */
export type Chunk = Uint8Array | null;

