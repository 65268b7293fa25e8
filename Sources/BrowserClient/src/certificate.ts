/** The rules by which keysets and content certificates are judged (Certificates.md §3 and §4). Time is in seconds. */

import { MALFORMED, check, fromBase64URL, toBase64URL } from "./bytes";
import { Fields, Key, importKey, parseJWS, verify } from "./jws";
import {
    CLOCK_SKEW,
    LONGEST_CERTIFICATE,
    LONGEST_KEYSET,
    LONGEST_VALIDITY,
    MOST_KEYS,
    MOST_REVOKED,
} from "./limits";
import { layerRoot, pieceLengthFor } from "./merkle";

export interface Keyset {
    ver: number;
    exp: number;
    /** By key ID, without those that are revoked. */
    keys: Map<unknown, Key>;
}

/** The claims by which content is found and checked; all of them are listed in §3. */
export interface Claims {
    url: string;
    /** Content ID, base64url. */
    cid: string;
    /** Length of the content and of its pieces. */
    len: number;
    pln: number;
    /** Media type. */
    typ: string;
    exp: number;
}

export interface Certificate extends Claims {
    /** The JWS itself, as it is presented to a tracker. */
    jws: string;
    /** The hash of each piece, in order. */
    layer: string[];
}

/** A certificate's key is not in the keyset: a newer keyset may have it (§4.2). */
export const UNKNOWN_KEY = "unknown key";
const OUT_OF_TIME = "expired or not valid yet";

export const isCurrent = ({ exp }: { exp: number }, now: number): boolean => now < exp + CLOCK_SKEW;

/** Whether the fields of these names are texts, and those positive integers. No claim is 0 in this millennium. */
const have = (fields: Fields, texts: string[], integers: string[]): boolean =>
    texts.every((name) => typeof fields[name] === "string") &&
    integers.every((name) => Number.isSafeInteger(fields[name]) && (fields[name] as number) > 0);

const isList = (value: unknown, most: number): value is unknown[] => Array.isArray(value) && value.length <= most;

/**
 * Judges a keyset in the order of §4.1.
 * @param root the pinned thumbprint of the root key
 * @param lowest the highest version accepted so far; 0 for none
 */
export async function judgeKeyset(text: string, root: string, now: number, lowest: number): Promise<Keyset> {
    const jws = parseJWS(text, LONGEST_KEYSET);
    check(jws.header.typ === "shoal-keyset", MALFORMED);
    const rootKey = await importKey(jws.header.jwk as Fields);
    check(rootKey.id === root, "not signed by data-root");
    await verify(jws, rootKey);
    const { ver, iat, exp, keys, revoked } = jws.payload as Record<string, number> & Record<string, Fields[]>;
    check(
        have(jws.payload, ["iss"], ["ver", "iat", "exp"]) &&
            isList(keys, MOST_KEYS) &&
            keys.length &&
            isList(revoked, MOST_REVOKED) &&
            revoked.every((id) => typeof id === "string"),
        MALFORMED,
    );
    check(iat - CLOCK_SKEW <= now && isCurrent({ exp }, now), OUT_OF_TIME);
    const imported = new Map<unknown, Key>();
    for (const jwk of keys) {
        const key = await importKey(jwk);
        check(key.id === jwk.kid && !imported.has(key.id), MALFORMED);
        imported.set(key.id, key);
    }
    check(ver >= lowest, "outdated");
    for (const id of revoked) imported.delete(id);
    return { ver, exp, keys: imported };
}

/** Judges a certificate in the order of §3.1, for `site` and for `url`. `layer`: base64url; nothing for one piece. */
export async function judgeCertificate(
    text: string,
    { keys }: Keyset,
    site: string,
    wantedURL: string,
    now: number,
): Promise<Claims> {
    const jws = parseJWS(text, LONGEST_CERTIFICATE);
    check(jws.header.typ === "shoal-certificate", MALFORMED);
    const key = keys.get(jws.header.kid);
    check(key, UNKNOWN_KEY);
    await verify(jws, key);
    const claims = jws.payload as Fields & Claims & { nbf: number };
    const { aud, url, cid, len, pln, nbf, exp } = claims;
    check(
        have(claims, ["iss", "aud", "url", "cid", "typ"], ["len", "pln", "gen", "iat", "nbf", "exp"]) &&
            fromBase64URL(cid).length === 32 &&
            pln === pieceLengthFor(len),
        MALFORMED,
    );
    const validity = exp - nbf;
    check(
        nbf - CLOCK_SKEW <= now && isCurrent(claims, now) && validity > 0 && validity <= LONGEST_VALIDITY,
        OUT_OF_TIME,
    );
    check(aud === site && url === wantedURL, "for another site or URL");
    return claims;
}

/** The hashes of a content's pieces. `layer`: base64url, its root must be the content ID (Protocol.md §6.8). */
export async function pieceHashes({ cid, len, pln }: Claims, layer: string | undefined): Promise<string[]> {
    if (len <= pln) return [cid];
    const bytes = fromBase64URL(layer ?? "");
    const hashes = [];
    for (let at = 0; at < bytes.length; at += 32) hashes.push(bytes.slice(at, at + 32));
    const isWhole = bytes.length === Math.ceil(len / pln) * 32;
    check(isWhole && toBase64URL(await layerRoot(hashes, pln)) === cid, MALFORMED);
    return hashes.map(toBase64URL);
}
