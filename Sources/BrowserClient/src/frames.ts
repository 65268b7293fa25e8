/** The messages between peers (Protocol.md §6.3): binary, network byte order, the first byte is the type. */

import { fromBase64URL, toBase64URL } from "./bytes";
import { BLOCK } from "./merkle";

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

export type Frame =
    | { type: Type.request; id: number; piece: number; content: string }
    | { type: Type.block; id: number; index: number; bytes: Uint8Array }
    | { type: Type.refuse; id: number; reason: number }
    | { type: Type.cancel; id: number };

const BLOCK_HEADER = 9;

function start(type: Type, id: number, length: number): DataView {
    const view = new DataView(new ArrayBuffer(length));
    view.setUint8(0, type);
    view.setUint32(1, id);
    return view;
}

export function encodeFrame(frame: Frame): ArrayBuffer {
    let view;
    switch (frame.type) {
        case Type.request:
            view = start(frame.type, frame.id, 41);
            view.setUint32(5, frame.piece);
            new Uint8Array(view.buffer).set(fromBase64URL(frame.content), 9);
            break;
        case Type.block:
            view = start(frame.type, frame.id, BLOCK_HEADER + frame.bytes.length);
            view.setUint32(5, frame.index);
            new Uint8Array(view.buffer).set(frame.bytes, BLOCK_HEADER);
            break;
        case Type.refuse:
            view = start(frame.type, frame.id, 6);
            view.setUint8(5, frame.reason);
            break;
        case Type.cancel:
            view = start(frame.type, frame.id, 5);
    }
    return view.buffer;
}

/** Nothing for a message that is no frame, for which its sender is dropped (§6.5). */
export function decodeFrame(message: unknown): Frame | undefined {
    if (!(message instanceof ArrayBuffer) || message.byteLength < 5) return;
    const view = new DataView(message);
    const length = message.byteLength;
    const type = view.getUint8(0);
    const id = view.getUint32(1);
    if (type === Type.request && length === 41) {
        return { type, id, piece: view.getUint32(5), content: toBase64URL(new Uint8Array(message, 9)) };
    }
    if (type === Type.block && length > BLOCK_HEADER && length <= BLOCK_HEADER + BLOCK) {
        return { type, id, index: view.getUint32(5), bytes: new Uint8Array(message, BLOCK_HEADER) };
    }
    if (type === Type.refuse && length === 6) return { type, id, reason: view.getUint8(5) };
    if (type === Type.cancel && length === 5) return { type, id };
}
