/** The attributes of the script tag. */

import { fromBase64URL } from "./bytes";
import { DEFAULT_PATIENCE, DEFAULT_QUOTA, LARGEST_QUOTA, LONGEST_PATIENCE } from "./limits";

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
    /** What `read` makes of an attribute; if that is nothing, or it throws, the value is bad. */
    function attribute<T>(name: string, read: (text: string) => T | false): T {
        try {
            const value = read(data[name]!);
            if (value) return value;
        } catch {
            // Said below.
        }
        throw Error(`data-${name} cannot be ${data[name]}.`);
    }
    const integer = (name: string, fallback: number, most: number) =>
        name in data
            ? attribute(name, (text) => /^\d+$/.test(text) && +text <= most && +text)
            : fallback;

    const worker = "worker" in data ? attribute("worker", (text) => text ? new URL(text, base) : false) : undefined;
    if ("paths" in data) {
        attribute("paths", (text) => {
            worker!.searchParams.set("paths", text);
            return text.split(" ").every((path) => path[0] === "/");
        });
    }
    return {
        tracker: attribute("tracker", (text) => /^wss?:/.test(text) && new URL(text)),
        root: attribute("root", (text) => fromBase64URL(text).length === 32 && text),
        worker,
        needsConsent: "consent" in data && attribute("consent", (text) => text === "required"),
        patience: integer("patience", DEFAULT_PATIENCE, LONGEST_PATIENCE),
        quota: integer("quota", DEFAULT_QUOTA, LARGEST_QUOTA) * 2 ** 20,
    };
}
