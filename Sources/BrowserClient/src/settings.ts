/** The attributes of the script tag. */

import { DEFAULT_PATIENCE, DEFAULT_QUOTA } from "./limits";

export interface Settings {
    /** `ws:` or `wss:`. */
    tracker: URL;
    /** Thumbprint of the root key. */
    root: string;
    /** The worker that Shoal registers; without it the site registers one that has our line. */
    worker?: URL;
    needsConsent: boolean;
    /** Milliseconds until the origin takes over. */
    patience: number;
    /** Bytes of the cache. */
    quota: number;
}

/** Throws a sentence that names the attribute. @param base URL of the document */
export function readSettings(data: DOMStringMap, base: string): Settings {
    const { tracker = "", root = "", worker, consent, paths, patience = DEFAULT_PATIENCE, quota = DEFAULT_QUOTA } = data;
    const isGood = {
        tracker: /^wss?:/.test(tracker),
        root: /^[\w-]{43}$/.test(root),
        consent: !consent || consent === "required",
        paths: !paths || (worker && paths.split(" ").every((path) => path[0] === "/")),
        patience: +patience > 0,
        quota: +quota > 0,
    };
    for (const [name, good] of Object.entries(isGood)) {
        if (!good) throw Error(`data-${name} cannot be "${data[name]}".`);
    }
    const address = worker ? new URL(worker, base) : undefined;
    if (paths) address!.searchParams.set("paths", paths);
    return {
        tracker: new URL(tracker),
        root,
        worker: address,
        needsConsent: !!consent,
        patience: +patience,
        quota: +quota * 2 ** 20,
    };
}
