/** The BEP 52 Merkle tree (Certificates.md §1). Hashes are 32 bytes. */

import { BLOCK, MOST_PIECES, SHORTEST_PIECE } from "./limits";

const ZERO = new Uint8Array(32);

export const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

const powerOfTwoFrom = (count: number): number => 2 ** Math.ceil(Math.log2(count));

/** The piece length that §1.2 demands for content of `length` bytes. */
export const pieceLengthFor = (length: number): number =>
    Math.max(SHORTEST_PIECE, powerOfTwoFrom(length / MOST_PIECES));

/** The root over `hashes`, filled up with `filler` to `width`, a power of two. */
async function root(hashes: Uint8Array[], filler: Uint8Array, width: number): Promise<Uint8Array> {
    const parent = (left: Uint8Array, right = filler) => sha256(Uint8Array.of(...left, ...right));
    for (; width > 1; width /= 2) {
        const parents = [parent(filler)];
        for (let i = 0; i < hashes.length; i += 2) parents.push(parent(hashes[i], hashes[i + 1]));
        [filler, ...hashes] = await Promise.all(parents);
    }
    return hashes[0];
}

/** The hash of one piece. `only`: it is the whole content, whose tree is no taller than its blocks need. */
export async function pieceHash(piece: Uint8Array, pieceLength: number, only: boolean): Promise<Uint8Array> {
    const leaves = [];
    for (let at = 0; at < piece.length; at += BLOCK) leaves.push(sha256(piece.subarray(at, at + BLOCK)));
    return root(await Promise.all(leaves), ZERO, only ? powerOfTwoFrom(leaves.length) : pieceLength / BLOCK);
}

/** The content ID that a layer of two pieces or more stands for (§1.3). */
export async function layerRoot(layer: Uint8Array[], pieceLength: number): Promise<Uint8Array> {
    return root(layer, await root([ZERO], ZERO, pieceLength / BLOCK), powerOfTwoFrom(layer.length));
}
