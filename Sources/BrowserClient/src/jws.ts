/** JSON Web Signatures in compact serialization, and the keys that verify them (Certificates.md §2). */

import { check, fromBase64URL, toBase64URL } from "./bytes";
import { sha256 } from "./merkle";

export type Fields = Record<string, unknown>;

export interface JWS {
    header: Fields;
    payload: Fields;
    /** The bytes that the signature covers. */
    signed: Uint8Array;
    signature: Uint8Array;
}

export interface Key {
    /** RFC 7638 thumbprint, base64url. */
    id: string;
    /** What `alg` may say for this key. */
    algorithms: string[];
    /** Absent when this browser lacks the algorithm (Ed25519 before 2024): then the key verifies nothing here. */
    crypto?: CryptoKey;
}

/** By curve. `members` are what RFC 7638 hashes, in its order. */
const kinds: Record<string, { type: string; members: string[]; algorithms: string[]; parameters: EcKeyImportParams }> = {
    "P-256": {
        type: "EC",
        members: ["crv", "kty", "x", "y"],
        algorithms: ["ES256"],
        parameters: { name: "ECDSA", namedCurve: "P-256" },
    },
    Ed25519: {
        type: "OKP",
        members: ["crv", "kty", "x"],
        algorithms: ["EdDSA", "Ed25519"],
        parameters: { name: "Ed25519", namedCurve: "" },
    },
};

/** A JSON object without duplicate fields. `JSON.parse` keeps the last of two, so the names in the text are counted. */
function parseObject(bytes: Uint8Array): Fields {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    let fields = 0;
    const isObject = (value: unknown) => !!value && typeof value === "object" && !Array.isArray(value);
    const object = JSON.parse(text, (_, value) => {
        if (isObject(value)) fields += Object.keys(value).length;
        return value;
    });
    const names = [...text.matchAll(/"(?:\\.|[^"\\])*"(\s*:)?/g)].filter((string) => string[1]);
    check(isObject(object) && names.length === fields, "not a JSON object without duplicate fields");
    return object;
}

/** Takes a JWS of at most `limit` characters apart. Throws when it is not well-formed (§2.1 to §2.3). */
export function parseJWS(text: string, limit: number): JWS {
    const parts = text.split(".");
    check(text.length <= limit && parts.length === 3, "not a JWS");
    const [header, payload, signature] = parts.map(fromBase64URL);
    const fields = parseObject(header);
    check(!("crit" in fields), "a crit header");
    return {
        header: fields,
        payload: parseObject(payload),
        signed: new TextEncoder().encode(parts[0] + "." + parts[1]),
        signature,
    };
}

/** A public key of a JWK; throws when it is none, or has a private part (§2.4). */
export async function importKey(jwk: Fields): Promise<Key> {
    const kind = kinds[jwk?.crv as string];
    check(kind && jwk.kty === kind.type && !("d" in jwk), "not a public key");
    const publicPart = JSON.stringify(jwk, kind.members);
    for (const coordinate of kind.members.slice(2)) fromBase64URL(jwk[coordinate] as string);
    const id = toBase64URL(await sha256(new TextEncoder().encode(publicPart)));
    try {
        const { parameters } = kind;
        const key = await crypto.subtle.importKey("jwk", JSON.parse(publicPart), parameters, false, ["verify"]);
        return { id, algorithms: kind.algorithms, crypto: key };
    } catch (error) {
        check((error as Error).name === "NotSupportedError", "not a point of its curve");
        return { id, algorithms: kind.algorithms };
    }
}

/** Throws unless `key` made the signature. The key decides the algorithm, never the header (§2.2). */
export async function verify(jws: JWS, key: Key): Promise<void> {
    check(
        key.algorithms.includes(jws.header.alg as string) &&
            key.crypto &&
            (await crypto.subtle.verify(
                { name: key.crypto.algorithm.name, hash: "SHA-256" },
                key.crypto,
                jws.signature,
                jws.signed,
            )),
        "wrong signature",
    );
}
