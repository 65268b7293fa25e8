import assert from "node:assert/strict";
import { KeyObject, createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { judgeCertificate, judgeKeyset } from "../../../Sources/BrowserClient/src/certificate";
import { Fields, importKey, parseJWS, verify } from "../../../Sources/BrowserClient/src/jws";

interface VectorKey {
    name: string;
    publicJwk: Fields;
    privateJwkForTestsOnly: Fields;
    rfc7638Thumbprint: string;
    pkcs8Pem: string;
}

interface Vector {
    key: string;
    jws: string;
    why?: string;
}

const vectors: { keys: VectorKey[]; valid: Vector[]; invalid: Vector[] } = JSON.parse(
    readFileSync("Tests/Fixtures/jws.json", "utf8"),
);
const keyNamed = (name: string) => vectors.keys.find((key) => key.name === name)!;
const accepts = async ({ key, jws }: Vector) => verify(parseJWS(jws, 2_048), await importKey(keyNamed(key).publicJwk));

test("joserfc's signatures are accepted", async () => {
    for (const vector of vectors.valid) await accepts(vector);
    assert.equal(vectors.valid.length, 3);
});

test("what joserfc's vectors call invalid is rejected", async () => {
    for (const vector of vectors.invalid) await assert.rejects(accepts(vector), vector.why);
    assert.equal(vectors.invalid.length, 13);
});

test("a key's ID is its thumbprint, and a private key is no public one", async () => {
    for (const key of vectors.keys) {
        assert.equal((await importKey(key.publicJwk)).id, key.rfc7638Thumbprint);
        await assert.rejects(importKey(key.privateJwkForTestsOnly));
        await assert.rejects(importKey({ ...key.publicJwk, kty: "RSA" }));
        await assert.rejects(importKey({ ...key.publicJwk, crv: "P-384" }));
    }
    const { publicJwk } = keyNamed("p256-a");
    await assert.rejects(importKey({ ...publicJwk, y: publicJwk.x }), "a point off the curve");
});

const encode = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A JWS signed by node's OpenSSL, which is not what the client verifies with. `payload`: fields, or the very JSON. */
function signed(key: VectorKey, header: Fields, payload: Fields | string): string {
    const text = encode({ alg: key.name.startsWith("p256") ? "ES256" : "EdDSA", ...header }) + "." + encode(payload);
    const secret: KeyObject = createPrivateKey(key.pkcs8Pem);
    const isECDSA = secret.asymmetricKeyType === "ec";
    const signature = sign(isECDSA ? "sha256" : null, Buffer.from(text), { key: secret, dsaEncoding: "ieee-p1363" });
    return text + "." + signature.toString("base64url");
}

const NOW = 1_800_000_000;
const SITE = "https://site.example";
const URL = SITE + "/a.jpg";
const [root, signer, edwards] = [keyNamed("p256-b"), keyNamed("p256-a"), keyNamed("ed25519-a")];
const jwkOf = (key: VectorKey) => ({ ...key.publicJwk, kid: key.rfc7638Thumbprint });
const claims = {
    iss: "authority",
    aud: SITE,
    url: URL,
    cid: "bj-vHifUX8pwI0ro9vCnNGIs_4puqCS39g0_-voqRlQ",
    len: 70_000,
    pln: 65_536,
    typ: "image/jpeg",
    gen: 1,
    iat: NOW,
    nbf: NOW,
    exp: NOW + 300,
};
const keysetClaims = { iss: "authority", ver: 3, iat: NOW, exp: NOW + 600, keys: [jwkOf(signer), jwkOf(edwards)], revoked: [] };

const keysetOf = (change: Fields = {}, header: Fields = {}, by = root) =>
    signed(by, { typ: "shoal-keyset", jwk: by.publicJwk, ...header }, { ...keysetClaims, ...change });
const judgedKeyset = (jws: string, now = NOW, lowest = 0) => judgeKeyset(jws, root.rfc7638Thumbprint, now, lowest);
const certificateOf = (change: Fields = {}, header: Fields = {}, by = signer) =>
    signed(by, { typ: "shoal-certificate", kid: by.rfc7638Thumbprint, ...header }, { ...claims, ...change });
const judged = async (jws: string, now = NOW, keyset: Fields = {}) =>
    judgeCertificate(jws, await judgedKeyset(keysetOf(keyset)), SITE, URL, now);

test("a good certificate of either algorithm is accepted", async () => {
    for (const key of [signer, edwards]) assert.deepEqual({ ...(await judged(certificateOf({}, {}, key))) }, claims);
});

test("a certificate's times may be off by 30 seconds and no more", async () => {
    await judged(certificateOf(), NOW - 30);
    await judged(certificateOf(), NOW + 329);
    await judged(certificateOf({ exp: NOW + 3_600 }));
    for (const [now, change] of [[NOW - 31], [NOW + 330], [NOW, { exp: NOW + 3_601 }], [NOW, { exp: NOW }]] as const) {
        await assert.rejects(judged(certificateOf(change), now), /expired/);
    }
});

test("a certificate that breaks a rule is rejected with its reason", async () => {
    const cases: [RegExp, string, Fields?][] = [
        [/malformed/, certificateOf({}, { typ: "shoal-keyset" })],
        [/malformed/, certificateOf({}, { crit: ["x"], x: 1 })],
        [/unknown key/, certificateOf({}, { kid: root.rfc7638Thumbprint })],
        [/unknown key/, certificateOf(), { revoked: [signer.rfc7638Thumbprint] }],
        [/wrong signature/, certificateOf({}, { kid: signer.rfc7638Thumbprint }, root)],
        [/wrong signature/, certificateOf({}, { alg: "EdDSA" })],
        [/malformed/, certificateOf({ pln: 131_072 })],
        [/malformed/, certificateOf({ cid: claims.cid.slice(1) })],
        [/another site/, certificateOf({ aud: "https://other.example" })],
        [/another site or URL/, certificateOf({ url: URL + "x" })],
        [/malformed/, certificateOf({ filling: "x".repeat(2_048) })],
        ...Object.keys(claims).map((name): [RegExp, string] => [/malformed|base64|null/, certificateOf({ [name]: undefined })]),
        ...Object.keys(claims).map((name): [RegExp, string] => [/malformed|base64/, certificateOf({ [name]: [] })]),
        ...["len", "gen", "iat"].map((name): [RegExp, string] => [/malformed/, certificateOf({ [name]: 0.5 })]),
    ];
    for (const [reason, jws, keyset] of cases) await assert.rejects(judged(jws, NOW, keyset), reason, jws);
});

test("fields that occur twice are refused wherever they are, and strings that look like fields are not fields", async () => {
    const json = JSON.stringify(claims);
    const header = { typ: "shoal-certificate", kid: signer.rfc7638Thumbprint };
    await judged(signed(signer, header, json));
    await judged(signed(signer, header, json.replace("{", '{ "more" : {"a":[":", "\\":{", {"b":1}]} , ')));
    for (const doubled of [json.replace("{", '{"gen":1,'), json.replace("{", '{"more":{"a":1,"a":1},')]) {
        await assert.rejects(judged(signed(signer, header, doubled)), /malformed/, doubled);
    }
    for (const noObject of ["[]", "1", "null", '"a":1']) await assert.rejects(judged(signed(signer, header, noObject)));
});

test("a good keyset is accepted, without the keys that it revokes", async () => {
    const keyset = await judgedKeyset(keysetOf({ revoked: [edwards.rfc7638Thumbprint, "another"] }), NOW, 3);
    assert.deepEqual([keyset.ver, keyset.exp, [...keyset.keys.keys()]], [3, NOW + 600, [signer.rfc7638Thumbprint]]);
});

test("a keyset that breaks a rule is rejected with its reason", async () => {
    const cases: [RegExp, string, number?, number?][] = [
        [/malformed/, keysetOf({}, { typ: "shoal-certificate" })],
        [/data-root/, keysetOf({}, {}, signer)],
        [/wrong signature/, keysetOf({}, { jwk: root.publicJwk }, signer)],
        [/expired/, keysetOf(), NOW - 31],
        [/expired/, keysetOf(), NOW + 630],
        [/malformed/, keysetOf({ ver: 0 })],
        [/malformed/, keysetOf({ keys: [] })],
        [/malformed/, keysetOf({ keys: Array(17).fill(jwkOf(signer)) })],
        [/malformed/, keysetOf({ keys: [jwkOf(signer), jwkOf(signer)] })],
        [/malformed/, keysetOf({ keys: [{ ...jwkOf(signer), kid: "another" }] })],
        [/malformed/, keysetOf({ keys: [{ ...jwkOf(signer), d: "AA" }] })],
        [/malformed/, keysetOf({ revoked: Array(257).fill("x") })],
        [/malformed/, keysetOf({ revoked: [1] })],
        [/malformed/, keysetOf({ iss: undefined })],
        [/malformed/, keysetOf({ filling: "x".repeat(32_768) })],
        [/outdated/, keysetOf(), NOW, 4],
    ];
    for (const [reason, jws, now, lowest] of cases) await assert.rejects(judgedKeyset(jws, now, lowest), reason);
});
