/** The rules by which keysets and content certificates are judged (Certificates.md §3 and §4). Time is in seconds. */

import { check, fromBase64URL, toBase64URL } from "./bytes";
import { Fields, Key, importKey, parseJWS, verify } from "./jws";
import { layerRoot, pieceLengthFor } from "./merkle";

const CERTIFICATE_LIMIT = 2_048;
const KEYSET_LIMIT = 32_768;
const MOST_KEYS = 16;
const MOST_REVOKED = 256;
const LONGEST_VALIDITY = 3_600;
const LONGEST_TYPE = 256;
const CLOCK_SKEW = 30;

export interface Keyset {
    version: number;
    expires: number;
    /** By key ID, without those that are revoked. */
    keys: Map<string, Key>;
}

export interface Certificate {
    /** The JWS itself, as it is presented to a tracker. */
    jws: string;
    url: string;
    /** Content ID, base64url. */
    content: string;
    length: number;
    pieceLength: number;
    type: string;
    expires: number;
    /** The hash of each piece; of content of one piece, the content ID. */
    layer: Uint8Array[];
}

/** The certificate's key is not in the keyset: a newer keyset may have it (§4.2). */
export class UnknownKey extends Error {}

export const isCurrent = ({ expires }: { expires: number }, now: number): boolean => now < expires + CLOCK_SKEW;

const texts = (fields: Fields, names: string[]): boolean => names.every((name) => typeof fields[name] === "string");
const integers = (fields: Fields, names: string[]): boolean =>
    names.every((name) => Number.isSafeInteger(fields[name]) && (fields[name] as number) >= 0);
const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/**
 * Judges a keyset in the order of §4.1.
 * @param root the pinned thumbprint of the root key
 * @param lowest the highest version accepted so far; 0 for none
 */
export async function judgeKeyset(jws: string, root: string, now: number, lowest: number): Promise<Keyset> {
    const parsed = parseJWS(jws, KEYSET_LIMIT);
    check(parsed.header.typ === "shoal-keyset", "not a keyset");
    const rootKey = await importKey(parsed.header.jwk as Fields);
    check(rootKey.id === root, "another root key than data-root");
    await verify(parsed, rootKey);
    const claims = parsed.payload as { ver: number; iat: number; exp: number; keys: Fields[]; revoked: string[] };
    check(
        texts(parsed.payload, ["iss"]) &&
            integers(parsed.payload, ["ver", "iat", "exp"]) &&
            claims.ver &&
            Array.isArray(claims.keys) &&
            claims.keys.length &&
            claims.keys.length <= MOST_KEYS &&
            Array.isArray(claims.revoked) &&
            claims.revoked.length <= MOST_REVOKED &&
            claims.revoked.every((id) => typeof id === "string"),
        "a claim is missing or wrong",
    );
    const keyset = { version: claims.ver, expires: claims.exp, keys: new Map<string, Key>() };
    check(claims.iat - CLOCK_SKEW <= now && isCurrent(keyset, now), "expired or not valid yet");
    for (const jwk of claims.keys) {
        const key = await importKey(jwk);
        check(key.id === jwk.kid && !keyset.keys.has(key.id), "a key's ID is wrong or a duplicate");
        keyset.keys.set(key.id, key);
    }
    check(claims.ver >= lowest, "older than the keyset before");
    for (const id of claims.revoked) keyset.keys.delete(id);
    return keyset;
}

/** Judges a certificate in the order of §3.1, for `site` and for `url`. Its layer comes later: `withLayer`. */
export async function judgeCertificate(
    jws: string,
    keyset: Keyset,
    site: string,
    url: string,
    now: number,
): Promise<Certificate> {
    const parsed = parseJWS(jws, CERTIFICATE_LIMIT);
    check(parsed.header.typ === "shoal-certificate", "not a certificate");
    const key = keyset.keys.get(parsed.header.kid as string);
    if (!key) throw new UnknownKey("unknown key");
    await verify(parsed, key);
    const { payload } = parsed;
    check(
        texts(payload, ["iss", "aud", "url", "cid", "typ"]) &&
            integers(payload, ["len", "pln", "gen", "iat", "nbf", "exp"]) &&
            fromBase64URL(payload.cid as string).length === 32 &&
            payload.len &&
            byteLength(payload.typ as string) <= LONGEST_TYPE,
        "a claim is missing or wrong",
    );
    const certificate = toCertificate(jws, payload);
    const notBefore = payload.nbf as number;
    check(certificate.pieceLength === pieceLengthFor(certificate.length), "wrong piece length");
    check(notBefore - CLOCK_SKEW <= now && isCurrent(certificate, now), "expired or not valid yet");
    check(certificate.expires - notBefore <= LONGEST_VALIDITY, "valid for too long");
    check(payload.aud === site, "for another site");
    check(certificate.url === url, "for another URL");
    return certificate;
}

/** What a certificate says, without judging it. */
export function toCertificate(jws: string, claims: Fields): Certificate {
    return {
        jws,
        url: claims.url as string,
        content: claims.cid as string,
        length: claims.len as number,
        pieceLength: claims.pln as number,
        type: claims.typ as string,
        expires: claims.exp as number,
        layer: [],
    };
}

/** The certificate with its layer, whose root must be the content ID (Protocol.md §6.8). `text`: base64url. */
export async function withLayer(certificate: Certificate, text: string | undefined): Promise<Certificate> {
    const { length, pieceLength, content } = certificate;
    if (length <= pieceLength) return { ...certificate, layer: [fromBase64URL(content)] };
    const bytes = fromBase64URL(text ?? "");
    const layer: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 32) layer.push(bytes.slice(at, at + 32));
    check(layer.length === Math.ceil(length / pieceLength) && bytes.length % 32 === 0, "a layer of another length");
    check(toBase64URL(await layerRoot(layer, pieceLength)) === content, "a layer of other content");
    return { ...certificate, layer };
}
