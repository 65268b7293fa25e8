/** A response of the origin, read in parts of a wanted length. */

import { MALFORMED, check } from "./bytes";
import { OWN_REQUEST } from "./messages";

/**
 * Asks the origin for bytes `start` to `end` of `length`; for the whole without a Range header, as a page would.
 * An origin that answers a Range with the whole is read from `start` on.
 *
 * Resolves to a function that reads the next bytes, as many as it is told; it rejects when the body ends before or breaks.
 */
export async function fetchOrigin(
    url: string,
    { start, end, length }: { start: number; end: number; length: number },
    cache: RequestCache,
    signal: AbortSignal,
): Promise<(length: number) => Promise<Uint8Array>> {
    const headers: Record<string, string> = { [OWN_REQUEST]: "1" };
    if (end - start < length) headers.range = `bytes=${start}-${end - 1}`;
    const { status, headers: answered, body } = await fetch(url, { headers, cache, signal });
    const isPart = status === 206 && answered.get("content-range")?.startsWith(`bytes ${start}-`);
    check(isPart || status === 200, MALFORMED);
    const reader = body!.getReader();
    let rest = new Uint8Array();

    /** The next bytes, at least one and at most `most`. */
    async function take(most: number): Promise<Uint8Array> {
        while (!rest.length) {
            const { value } = await reader.read();
            check(value, MALFORMED);
            rest = value;
        }
        const part = rest.subarray(0, most);
        rest = rest.subarray(most);
        return part;
    }

    for (let skip = isPart ? 0 : start; skip > 0; ) skip -= (await take(skip)).length;
    return async (length) => {
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; ) {
            const part = await take(length - at);
            bytes.set(part, at);
            at += part.length;
        }
        return bytes;
    };
}
