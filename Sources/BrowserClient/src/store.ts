/**
 * Complete, verified contents in the Cache API; those that were not used for longest make room for new ones.
 *
 * The keys are not the resources' URLs: a site's own worker that looks through all caches must not find ours.
 */

import { Certificate } from "./certificate";
import { recall, remember } from "./memory";

const CACHE = "shoal";
const INDEX = "index";

/** By URL. `used`: milliseconds since 1970. */
export type Index = Record<string, { jws: string; length: number; used: number }>;

/** The URLs, longest unused first, without which `length` bytes more fit into `quota`. */
export function toEvict(index: Index, length: number, quota: number): string[] {
    const urls = Object.keys(index).sort((a, b) => index[a].used - index[b].used);
    for (const url of urls) length += index[url].length;
    return urls.filter((url) => {
        const isTooMuch = length > quota;
        if (isTooMuch) length -= index[url].length;
        return isTooMuch;
    });
}

const key = (url: string): string => "/.shoal?" + encodeURIComponent(url);

export const kept = (): Index => JSON.parse(recall(INDEX) ?? "{}");

function change(edit: (index: Index) => void): void {
    const index = kept();
    edit(index);
    remember(INDEX, JSON.stringify(index));
}

/** Rejects when it is not there any more. */
export async function readBlob(url: string): Promise<Blob> {
    return (await (await caches.open(CACHE)).match(key(url)))!.blob();
}

/** Keeps a content within `quota` bytes; resolves to the URLs that made room for it. */
export async function keep({ url, jws, len: length }: Certificate, blob: Blob, quota: number): Promise<string[]> {
    const evicted = toEvict(kept(), length, quota);
    for (const each of evicted) await discard(each);
    await (await caches.open(CACHE)).put(key(url), new Response(blob));
    change((index) => (index[url] = { jws, length, used: Date.now() }));
    return evicted;
}

export const touch = (url: string): void =>
    change((index) => {
        if (index[url]) index[url].used = Date.now();
    });

export async function discard(url: string): Promise<void> {
    change((index) => delete index[url]);
    await (await caches.open(CACHE)).delete(key(url));
}

export const discardAll = (): Promise<boolean> => caches.delete(CACHE);
