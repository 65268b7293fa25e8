/** A response of the origin, read in parts of a wanted length. */

import { MALFORMED, check } from "./bytes";

export interface OriginBody {
    /** Whether it begins where it was wanted; otherwise at the beginning: not every origin honours Range. */
    isPart: boolean;
    /** The next bytes, as many as told. Rejects when the body ends before or breaks. */
    read(length: number): Promise<Uint8Array>;
}

/** Asks the origin for bytes `start` to `end` of `length`; for the whole without a Range header, as a page would. */
export async function fetchOrigin(
    url: string,
    start: number,
    end: number,
    length: number,
    options: RequestInit,
): Promise<OriginBody> {
    // The worker leaves alone what carries our mark.
    const headers: Record<string, string> = { "x-shoal": "1" };
    if (end - start < length) headers.range = `bytes=${start}-${end - 1}`;
    const response = await fetch(url, { headers, ...options });
    const isPart = response.status === 206;
    check(response.ok, MALFORMED);
    const reader = response.body!.getReader();
    let rest = new Uint8Array();
    return {
        isPart,
        async read(length) {
            const bytes = new Uint8Array(length);
            for (let at = 0; at < length; ) {
                if (!rest.length) rest = (await reader.read()).value!;
                const part = rest.subarray(0, length - at);
                bytes.set(part, at);
                at += part.length;
                rest = rest.subarray(part.length);
            }
            return bytes;
        },
    };
}
