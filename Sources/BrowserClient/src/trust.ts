/** Holds the keyset and judges certificates by it (Certificates.md §3.1, §4). */

import { check } from "./bytes";
import { Certificate, Keyset, UnknownKey, isCurrent, judgeCertificate, judgeKeyset } from "./certificate";
import { parseJWS } from "./jws";
import { recall, remember } from "./memory";

/** A keyset is fetched no more often than that (§4.2). Seconds. */
const FETCH_INTERVAL = 10;

const seconds = (): number => Date.now() / 1000;

export interface Trust {
    /** The certificate, if it is good for this site and `url`; otherwise rejects with the reason. */
    judge(jws: string, url: string): Promise<Certificate>;
    isValid(certificate: Certificate): boolean;
    /** Fetches the keyset anew. */
    refresh(): Promise<void>;
}

/**
 * @param root the pinned thumbprint of the root key
 * @param address where the keyset is
 * @param patience milliseconds that fetching it may take
 * @param refused is told why a keyset was not accepted
 */
export function createTrust(root: string, address: URL, patience: number, refused: (reason: string) => void): Trust {
    const name = "keyset-" + root;
    let keyset: Keyset | undefined;
    let lowest = 0;
    let fetched = 0;
    const remembered = recallKeyset();
    let refreshing: Promise<void> | undefined;

    /** The keyset of an earlier page saves a round trip. Its version counts even when it has expired. */
    async function recallKeyset() {
        try {
            const jws = recall(name)!;
            lowest = parseJWS(jws, Infinity).payload.ver as number;
            keyset = await judgeKeyset(jws, root, seconds(), lowest);
        } catch {
            // None, or expired: it is fetched when it is needed.
        }
    }

    async function fetchKeyset() {
        await remembered;
        if (seconds() - fetched < FETCH_INTERVAL) return;
        fetched = seconds();
        const aborter = new AbortController();
        setTimeout(() => aborter.abort(), patience);
        const response = await fetch(address, { cache: "no-cache", signal: aborter.signal });
        if (!response.ok) return;
        const jws = await response.text();
        try {
            keyset = await judgeKeyset(jws, root, seconds(), lowest);
            lowest = keyset.version;
            remember(name, jws);
        } catch (error) {
            refused((error as Error).message);
        }
    }

    const refresh = () =>
        (refreshing ??= fetchKeyset()
            .catch(() => {})
            .finally(() => (refreshing = undefined)));

    async function judge(jws: string, url: string): Promise<Certificate> {
        await remembered;
        if (!keyset || !isCurrent(keyset, seconds())) await refresh();
        const judgeNow = () => {
            check(keyset && isCurrent(keyset, seconds()), "no keyset");
            return judgeCertificate(jws, keyset, location.origin, url, seconds());
        };
        return judgeNow().catch(async (error) => {
            if (!(error instanceof UnknownKey)) throw error;
            await refresh();
            return judgeNow();
        });
    }

    return { judge, isValid: (certificate) => isCurrent(certificate, seconds()), refresh };
}
