/** A response of the origin, read in parts of a wanted length. */

import { check } from "./bytes";
import { OWN_REQUEST } from "./messages";

export interface OriginBody {
    /** Rejects when the body ends before, or breaks. */
    read(length: number): Promise<Uint8Array>;
}

/**
 * Asks the origin for bytes `start` to `end` of `length`; for the whole without a Range header, as a page would.
 * An origin that answers a Range with the whole is read from `start` on.
 */
export async function fetchOrigin(
    url: string,
    { start, end, length }: { start: number; end: number; length: number },
    cache: RequestCache,
    signal: AbortSignal,
): Promise<OriginBody> {
    const headers: Record<string, string> = { [OWN_REQUEST]: "1" };
    if (start || end < length) headers.range = `bytes=${start}-${end - 1}`;
    const response = await fetch(url, { headers, cache, signal });
    const isPart = response.status === 206;
    check(isPart || response.status === 200, "the origin answered " + response.status);
    check(
        !isPart || response.headers.get("content-range")?.startsWith(`bytes ${start}-`),
        "the origin sent another range",
    );
    const reader = response.body!.getReader();
    let rest = new Uint8Array();

    /** Takes up to `most` bytes. */
    async function take(most: number): Promise<Uint8Array> {
        while (!rest.length) {
            const { value } = await reader.read();
            check(value, "the origin sent too little");
            rest = value;
        }
        const part = rest.subarray(0, most);
        rest = rest.subarray(most);
        return part;
    }

    for (let skip = isPart ? 0 : start; skip > 0; ) skip -= (await take(skip)).length;
    return {
        async read(length) {
            const bytes = new Uint8Array(length);
            for (let at = 0; at < length; ) {
                const part = await take(length - at);
                bytes.set(part, at);
                at += part.length;
            }
            return bytes;
        },
    };
}
