/** The messages between peers (Protocol.md §6.3): binary, network byte order, the first byte is the type. */

import { BLOCK } from "./limits";

export const enum Type {
    request = 1,
    block,
    refuse,
    cancel,
}

export const enum Reason {
    notHere = 1,
    tooBusy,
    noUpload,
}

export interface Frame {
    type: number;
    /** Request ID. */
    id: number;
    /** Of the piece in a request, of the block in a block; 0 in the others. */
    index: number;
    /** The content ID of a request, the bytes of a block, the reason of a refusal. */
    rest: Uint8Array;
}

/** By type: bytes before `rest`, and the least and the most bytes of `rest`. Nothing is of type 0. */
const layouts = [[], [9, 32, 32], [9, 1, BLOCK], [5, 1, 1], [5, 0, 0]];

export function encodeFrame(type: Type, id: number, rest: ArrayLike<number> = [], index = 0): ArrayBuffer {
    const [header] = layouts[type];
    const bytes = new Uint8Array(header + rest.length);
    const view = new DataView(bytes.buffer);
    if (header > 5) view.setUint32(5, index);
    view.setUint32(1, id);
    bytes[0] = type;
    bytes.set(rest, header);
    return view.buffer;
}

/** Nothing for a message that is no frame, for which its sender is dropped (§6.5). */
export function decodeFrame(message: unknown): Frame | undefined {
    if (!(message instanceof ArrayBuffer) || !message.byteLength) return;
    const view = new DataView(message);
    const type = view.getUint8(0);
    const [header, least, most] = layouts[type] ?? [];
    const length = message.byteLength - header;
    if (!(length >= least && length <= most)) return;
    return {
        type,
        id: view.getUint32(1),
        index: header > 5 ? view.getUint32(5) : 0,
        rest: new Uint8Array(message, header),
    };
}
