/** Holds the keyset and judges certificates by it (Certificates.md §3.1, §4). */

import { check } from "./bytes";
import { Claims, Keyset, UNKNOWN_KEY, isCurrent, judgeCertificate, judgeKeyset } from "./certificate";
import { KEYSET_INTERVAL } from "./limits";
import { recall, remember } from "./memory";

/** TypeScript 4.8 does not know it yet. */
const timeLimit = AbortSignal as unknown as { timeout(milliseconds: number): AbortSignal };

const seconds = (): number => Date.now() / 1000;

/** Whether what was judged before still counts. */
export const isValid = (judged: { exp: number }): boolean => isCurrent(judged, seconds());

export interface Trust {
    /** What a certificate claims, if it is good for this site and `url`; otherwise rejects with the reason. */
    judge(jws: string, url: string): Promise<Claims>;
    /** Fetches the keyset anew. Rejects with the reason why that did not help. */
    renew(): Promise<void>;
}

/**
 * @param root the pinned thumbprint of the root key
 * @param address where the keyset is
 * @param patience milliseconds that fetching it may take
 */
export function createTrust(root: string, address: URL, patience: number): Trust {
    const name = "keyset-" + root;
    // The keyset of an earlier page saves a round trip. Its version counts even when it has expired.
    const [version, kept] = (recall(name) ?? "0 ").split(" ");
    let lowest = +version;
    let keyset: Keyset | undefined;
    let fetched = 0;
    let latest = accept(kept).catch(() => {});

    async function accept(jws: string) {
        keyset = await judgeKeyset(jws, root, seconds(), lowest);
        lowest = keyset.ver;
        remember(name, lowest + " " + jws);
    }

    async function fetchKeyset() {
        if (seconds() - fetched < KEYSET_INTERVAL) return;
        fetched = seconds();
        const response = await fetch(address, { cache: "no-cache", signal: timeLimit.timeout(patience) });
        if (response.ok) await accept(await response.text());
    }

    const renew = () => (latest = latest.then(fetchKeyset, fetchKeyset));

    async function judge(jws: string, url: string): Promise<Claims> {
        await latest.catch(() => {});
        if (!keyset || !isValid(keyset)) await renew();
        const judgeNow = () => {
            check(keyset && isValid(keyset), "no keyset");
            return judgeCertificate(jws, keyset, location.origin, url, seconds());
        };
        return judgeNow().catch(async (error) => {
            check(error.message === UNKNOWN_KEY, error.message);
            await renew();
            return judgeNow();
        });
    }

    return { judge, renew };
}
