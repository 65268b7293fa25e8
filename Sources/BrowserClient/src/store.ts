/**
 * Complete, verified contents in the Cache API, the longest unused of which make room for new ones.
 *
 * The keys are not the resources' URLs: a site's own worker that looks through all caches must not find ours.
 */

import { recall, remember } from "./memory";

const CACHE = "shoal";
const CERTIFICATE = "x-shoal";
const INDEX = "index";

/** By URL: bytes, and when it was last used, in milliseconds since 1970. */
type Index = Record<string, { length: number; used: number }>;

export interface Store {
    /** What earlier pages kept: URL and certificate. */
    entries(): Promise<[url: string, jws: string][]>;
    blob(url: string): Promise<Blob>;
    /** Keeps `blob` and resolves to the URLs that had to make room for it. */
    put(url: string, jws: string, blob: Blob): Promise<string[]>;
    touch(url: string): void;
    remove(url: string): Promise<void>;
}

/** The URLs, longest unused first, without which `length` bytes more fit into `quota`. */
export function toEvict(index: Index, length: number, quota: number): string[] {
    const urls = Object.keys(index).sort((a, b) => index[a].used - index[b].used);
    let sum = urls.reduce((sum, url) => sum + index[url].length, length);
    return urls.filter((url) => sum > quota && (sum -= index[url].length, true));
}

const key = (url: string): string => "/.shoal?" + encodeURIComponent(url);
const readIndex = (): Index => JSON.parse(recall(INDEX) ?? "{}");
const writeIndex = (index: Index): void => remember(INDEX, JSON.stringify(index));

export const deleteStore = (): Promise<boolean> => caches.delete(CACHE);

/** @param quota in bytes */
export function openStore(quota: number): Store {
    const cache = caches.open(CACHE);

    async function remove(url: string) {
        const index = readIndex();
        delete index[url];
        writeIndex(index);
        await (await cache).delete(key(url));
    }

    return {
        async entries() {
            const opened = await cache;
            const entries = Object.keys(readIndex()).map(async (url) => {
                const jws = (await opened.match(key(url)))?.headers.get(CERTIFICATE);
                return [url, jws] as [string, string | undefined];
            });
            return (await Promise.all(entries)).filter((entry): entry is [string, string] => !!entry[1]);
        },
        async blob(url) {
            return (await (await cache).match(key(url)))!.blob();
        },
        async put(url, jws, blob) {
            const index = readIndex();
            delete index[url];
            const evicted = toEvict(index, blob.size, quota);
            for (const each of evicted) await remove(each);
            await (await cache).put(key(url), new Response(blob, { headers: { [CERTIFICATE]: jws } }));
            writeIndex({ ...readIndex(), [url]: { length: blob.size, used: Date.now() } });
            return evicted;
        },
        touch(url) {
            const index = readIndex();
            if (index[url]) writeIndex({ ...index, [url]: { ...index[url], used: Date.now() } });
        },
        remove,
    };
}
