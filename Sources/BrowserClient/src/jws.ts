/** JSON Web Signatures in compact serialization, and the keys that verify them (Certificates.md §2). */

import { MALFORMED, check, fromBase64URL, toBase64URL } from "./bytes";
import { sha256 } from "./merkle";

export type Fields = Record<string, unknown>;

export interface JWS {
    header: Fields;
    payload: Fields;
    /** The text that the signature covers. */
    signed: string;
    signature: Uint8Array;
}

export interface Key {
    /** RFC 7638 thumbprint, base64url. */
    id: string;
    /** What `alg` may say for this key. */
    algorithms: string[];
    crypto: CryptoKey;
}

/** By curve: key type, name in WebCrypto, values of `alg`. */
const kinds: Record<string, [type: string, name: string, ...algorithms: string[]]> = {
    "P-256": ["EC", "ECDSA", "ES256"],
    Ed25519: ["OKP", "Ed25519", "Ed25519", "EdDSA"],
};

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A JSON object without duplicate fields. `JSON.parse` keeps the last of two, so the names in the text are counted. */
function parseObject(bytes: Uint8Array): Fields {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    let surplus = 1; // The reviver is called for the object itself, too.
    for (const [, colon] of text.matchAll(/"(?:\\.|[^"\\])*"(\s*:)?/g)) if (colon) surplus++;
    const object = JSON.parse(text, function (this: unknown, _, value) {
        if (!Array.isArray(this)) surplus--;
        return value;
    });
    check(!surplus && object instanceof Object && !Array.isArray(object), MALFORMED);
    return object;
}

/** Takes a JWS of at most `limit` characters apart. Throws when it is not well-formed (§2.1 to §2.3). */
export function parseJWS(text: string, limit: number): JWS {
    const parts = text.split(".");
    check(text.length <= limit && parts.length === 3, MALFORMED);
    const [header, payload] = parts.slice(0, 2).map((part) => parseObject(fromBase64URL(part)));
    check(!("crit" in header), MALFORMED);
    return { header, payload, signed: parts[0] + "." + parts[1], signature: fromBase64URL(parts[2]) };
}

/** The public key of a JWK; throws when it is none, or has a private part (§2.4), or the browser lacks the algorithm. */
export async function importKey(jwk: Fields): Promise<Key> {
    const [type, name, ...algorithms] = kinds[jwk.crv as string];
    check(jwk.kty === type && !("d" in jwk), MALFORMED);
    // What RFC 7638 hashes, in its order; an Ed25519 key has no y.
    const hashed = JSON.stringify(jwk, ["crv", "kty", "x", "y"]);
    return {
        id: toBase64URL(await sha256(encode(hashed))),
        algorithms,
        crypto: await crypto.subtle.importKey("jwk", JSON.parse(hashed), { name, namedCurve: "P-256" }, false, ["verify"]),
    };
}

/** Throws unless `key` made the signature. The key decides the algorithm, never the header (§2.2). */
export async function verify({ header, signed, signature }: JWS, { algorithms, crypto: key }: Key): Promise<void> {
    check(
        algorithms.includes(header.alg as string) &&
            (await crypto.subtle.verify(
                { name: key.algorithm.name, hash: "SHA-256" },
                key,
                signature,
                encode(signed),
            )),
        "wrong signature",
    );
}
