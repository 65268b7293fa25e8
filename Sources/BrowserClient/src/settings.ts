/** The attributes of the script tag. */

import { check, fromBase64URL } from "./bytes";

export interface Settings {
    /** Of the tracker: `ws:` or `wss:`. */
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

const DEFAULT_PATIENCE = 1_500;
const LONGEST_PATIENCE = 60_000;
const DEFAULT_QUOTA = 512;
const LARGEST_QUOTA = 1_048_576;
const MEBIBYTE = 1_048_576;

function integer(data: DOMStringMap, name: string, fallback: number, most: number): number {
    const text = data[name] ?? String(fallback);
    check(/^\d+$/.test(text) && +text > 0 && +text <= most, `data-${name} must be an integer from 1 to ${most}`);
    return +text;
}

function address(text: string | undefined, name: string, base: string, protocols: RegExp): URL {
    let url;
    try {
        url = new URL(text!, base);
    } catch {
        // Judged below.
    }
    check(text && url && protocols.test(url.protocol), `data-${name} must be a URL of ${protocols.source}`);
    return url;
}

/** Throws a sentence that names the attribute. @param base URL of the document */
export function readSettings(data: DOMStringMap, base: string): Settings {
    const tracker = address(data.tracker, "tracker", base, /^wss?:$/);
    let isThumbprint = false;
    try {
        isThumbprint = fromBase64URL(data.root ?? "").length === 32;
    } catch {
        // Judged below.
    }
    check(isThumbprint, "data-root must be a thumbprint of 43 characters");
    check([undefined, "required"].includes(data.consent), 'data-consent must be "required"');

    const worker = data.worker === undefined ? undefined : address(data.worker, "worker", base, /^https?:$/);
    if (data.paths !== undefined) {
        const paths = data.paths.trim().split(/\s+/);
        check(
            worker && paths.every((path) => path.startsWith("/")),
            "data-paths must be paths that begin with /, and needs data-worker",
        );
        worker.searchParams.set("paths", paths.join(" "));
    }
    return {
        tracker,
        root: data.root!,
        worker,
        needsConsent: "consent" in data,
        patience: integer(data, "patience", DEFAULT_PATIENCE, LONGEST_PATIENCE),
        quota: integer(data, "quota", DEFAULT_QUOTA, LARGEST_QUOTA) * MEBIBYTE,
    };
}
