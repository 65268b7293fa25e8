import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { toBase64URL } from "../../../Sources/BrowserClient/src/bytes";
import { Claims, pieceHashes } from "../../../Sources/BrowserClient/src/certificate";
import { layerRoot, pieceHash, pieceLengthFor } from "../../../Sources/BrowserClient/src/merkle";

interface Case {
    length: number;
    piecesRootBase64url: string;
    pieceLength: number;
    pieceLayerSha256Hex?: string;
    pieceLayerCount?: number;
}

/** What libtorrent computed. */
const { cases }: { cases: Case[] } = JSON.parse(readFileSync("Tests/Fixtures/bep52-pieces-root.json", "utf8"));

/** The byte stream that the fixture describes. */
function contentOf(length: number): Uint8Array {
    const bytes = Buffer.alloc(Math.ceil(length / 32) * 32);
    const counter = Buffer.alloc(8);
    for (let at = 0; at < length; at += 32) {
        counter.writeBigUInt64BE(BigInt(at / 32));
        createHash("sha256").update(`shoal-${length}`).update(counter).digest().copy(bytes, at);
    }
    return bytes.subarray(0, length);
}

async function layerOf(content: Uint8Array, pieceLength: number): Promise<Uint8Array[]> {
    const layer = [];
    for (let at = 0; at < content.length; at += pieceLength) {
        const piece = content.subarray(at, at + pieceLength);
        layer.push(await pieceHash(piece, pieceLength, content.length <= pieceLength));
    }
    return layer;
}

for (const vector of cases) {
    test(`root and layer of ${vector.length} bytes are libtorrent's`, async () => {
        const content = contentOf(vector.length);
        const pieceLength = pieceLengthFor(vector.length);
        const layer = await layerOf(content, pieceLength);
        const root = layer.length > 1 ? await layerRoot(layer, pieceLength) : layer[0];
        assert.equal(toBase64URL(root), vector.piecesRootBase64url);

        const theirs = await layerOf(content, vector.pieceLength);
        if (vector.pieceLayerSha256Hex) {
            assert.equal(theirs.length, vector.pieceLayerCount);
            assert.equal(createHash("sha256").update(Buffer.concat(theirs)).digest("hex"), vector.pieceLayerSha256Hex);
        }
    });
}

test("the piece length is the least power of two from 64 KiB that gives at most 1,024 pieces", () => {
    for (const length of [1, 65_536, 2 ** 26, 2 ** 26 + 1, 2 ** 27, 2 ** 27 + 1, 2 ** 30]) {
        const pieceLength = pieceLengthFor(length);
        assert.ok(Number.isInteger(Math.log2(pieceLength)) && pieceLength >= 65_536);
        assert.ok(Math.ceil(length / pieceLength) <= 1_024);
        assert.ok(pieceLength === 65_536 || Math.ceil(length / (pieceLength / 2)) > 1_024, `${length} would do with less`);
    }
});

test("a layer is taken only if it is whole and its root is the content ID", async () => {
    const length = 200_000;
    const content = contentOf(length);
    const layer = await layerOf(content, 65_536);
    const claims = { len: length, pln: 65_536, cid: toBase64URL(await layerRoot(layer, 65_536)) } as Claims;
    const text = (hashes: Uint8Array[]) => toBase64URL(Buffer.concat(hashes));
    assert.deepEqual(await pieceHashes(claims, text(layer)), layer.map(toBase64URL));

    const wrong = [...layer];
    wrong[1] = wrong[0];
    for (const refused of [undefined, "", text(wrong), text(layer.slice(1)), text([...layer, layer[0]]), text(layer) + "A"]) {
        await assert.rejects(pieceHashes(claims, refused), `${refused}`);
    }
    await assert.rejects(pieceHashes({ ...claims, cid: toBase64URL(layer[0]) }, text(layer)));
});

test("content of one piece has its content ID for a layer", async () => {
    assert.deepEqual(await pieceHashes({ len: 65_536, pln: 65_536, cid: "ID" } as Claims, undefined), ["ID"]);
});
