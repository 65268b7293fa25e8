/** One peer over an open data channel: what is asked of it, and what it asks of this page (Protocol.md §6.3 to §6.7). */

import { Frame, Reason, Type, decodeFrame, encodeFrame } from "./frames";
import { BLOCK } from "./merkle";
import { Source } from "./schedule";

/** A request that is not answered in full within this time is asked elsewhere (§6.6). Milliseconds, like all here. */
const REQUEST_TIMEOUT = 4_000;
/** Blocks of a withdrawn request may still arrive for so long (§6.4). */
const CANCEL_GRACE = 10_000;
/** Requests that wait here; more are refused as too busy (§6.6). */
const MOST_WAITING = 64;
/** Bytes given to the data channel ahead of the network. */
const SEND_AHEAD = 1024 * 1024;
/** A peer that is too busy is left alone for so long. */
const BUSY_PAUSE = 1_000;

/** What a peer needs of a data channel. */
export type Channel = Pick<
    RTCDataChannel,
    | "binaryType"
    | "bufferedAmount"
    | "bufferedAmountLowThreshold"
    | "onbufferedamountlow"
    | "onclose"
    | "onmessage"
    | "onopen"
    | "readyState"
> & { send(data: ArrayBuffer): void };

export interface Peer extends Source {
    readonly id: string;
    /** When it last said something. */
    active: number;
    /** Bytes of blocks, in both directions. */
    received: number;
    sent: number;
    /** Asks for a piece of `length` bytes. */
    ask(content: string, piece: number, length: number): Request;
    /** Closes the connection; for good, when the peer broke the protocol. */
    close(forGood?: boolean): void;
}

export interface Request {
    /** When it was asked, or its last block came. */
    touched: number;
    /** The piece, not verified; nothing when it does not come; or why the peer refused it. */
    answer: Promise<Uint8Array | Reason | undefined>;
    withdraw(): void;
}

export interface PeerHost {
    /** A piece for another peer: nothing when it is not here. Never rejects. */
    piece(content: string, piece: number): Promise<ArrayBuffer | undefined>;
    mayUpload(): boolean;
    /** Something changed on which the schedule or the statistics depend. */
    changed(): void;
    /** Ends the connection beneath; once. */
    close(peer: Peer, forGood: boolean): void;
}

interface OpenRequest extends Request {
    bytes: Uint8Array;
    /** The indices of the blocks that came. */
    blocks: Set<number>;
    settle(answer?: Uint8Array | Reason): void;
}

export function createPeer(id: string, channel: Channel, host: PeerHost): Peer {
    const requests = new Map<number, OpenRequest>();
    /** Withdrawn requests, and until when their blocks are ignored. */
    const withdrawn = new Map<number, number>();
    const waiting: Extract<Frame, { type: Type.request }>[] = [];
    let lastRequest = 0;
    let isServing = false;
    let isClosed = false;

    const send = (frame: Frame) => {
        if (channel.readyState === "open") channel.send(encodeFrame(frame));
    };

    const peer: Peer = {
        id,
        open: false,
        since: performance.now(),
        active: performance.now(),
        requests: 0,
        requestedBytes: 0,
        missed: 0,
        busyUntil: 0,
        received: 0,
        sent: 0,
        ask,
        close,
    };

    /** RTCPeerConnection.close() fires no event at its channels, so this ends the requests itself. */
    function close(forGood = false) {
        if (isClosed) return;
        isClosed = true;
        peer.open = false;
        waiting.length = 0;
        for (const request of [...requests.values()]) request.settle();
        host.close(peer, forGood);
    }

    function ask(content: string, piece: number, length: number): Request {
        const request = ++lastRequest;
        let resolve: (answer?: Uint8Array | Reason) => void;
        const open: OpenRequest = {
            touched: performance.now(),
            answer: new Promise((r) => (resolve = r)),
            bytes: new Uint8Array(length),
            blocks: new Set(),
            settle(answer) {
                if (!requests.delete(request)) return;
                clearTimeout(timer);
                peer.requests--;
                peer.requestedBytes -= length;
                resolve(answer);
            },
            withdraw() {
                if (!requests.has(request)) return;
                send({ type: Type.cancel, id: request });
                forgetWithdrawn();
                withdrawn.set(request, performance.now() + CANCEL_GRACE);
                open.settle();
            },
        };
        const timer = setTimeout(() => {
            peer.missed++;
            open.withdraw();
        }, REQUEST_TIMEOUT);
        requests.set(request, open);
        peer.requests++;
        peer.requestedBytes += length;
        send({ type: Type.request, id: request, piece, content });
        return open;
    }

    function forgetWithdrawn() {
        for (const [request, until] of withdrawn) if (until < performance.now()) withdrawn.delete(request);
    }

    /** Whether the message keeps to the protocol (§6.5). */
    function receive(frame: Frame | undefined): boolean {
        switch (frame?.type) {
            case Type.request:
                serve(frame);
                return true;
            case Type.block:
                return receiveBlock(frame);
            case Type.refuse:
                if (frame.reason === Reason.tooBusy) peer.busyUntil = performance.now() + BUSY_PAUSE;
                requests.get(frame.id)?.settle(frame.reason);
                return true;
            case Type.cancel: {
                const index = waiting.findIndex((request) => request.id === frame.id);
                if (index >= 0) waiting.splice(index, 1);
                return true;
            }
        }
        return false;
    }

    function receiveBlock({ id, index, bytes }: Extract<Frame, { type: Type.block }>): boolean {
        const request = requests.get(id);
        forgetWithdrawn();
        if (!request) return withdrawn.has(id);
        const at = index * BLOCK;
        if (bytes.length !== Math.min(BLOCK, request.bytes.length - at)) return false;
        request.bytes.set(bytes, at);
        request.blocks.add(index);
        request.touched = performance.now();
        peer.received += bytes.length;
        if (request.blocks.size * BLOCK >= request.bytes.length) request.settle(request.bytes);
        return true;
    }

    function serve(request: Extract<Frame, { type: Type.request }>) {
        if (waiting.length >= MOST_WAITING) return send({ type: Type.refuse, id: request.id, reason: Reason.tooBusy });
        waiting.push(request);
        if (!isServing) serveWaiting();
    }

    /** Sends one piece after the other. The head stays in `waiting` while it is sent, so that a cancel stops it. */
    async function serveWaiting() {
        isServing = true;
        for (let request; (request = waiting[0]); ) {
            const { id } = request;
            const mayUpload = host.mayUpload();
            const piece = mayUpload ? await host.piece(request.content, request.piece) : undefined;
            if (!piece) send({ type: Type.refuse, id, reason: mayUpload ? Reason.notHere : Reason.noUpload });
            for (let at = 0; piece && at < piece.byteLength && waiting[0] === request; at += BLOCK) {
                await roomToSend();
                const bytes = new Uint8Array(piece).subarray(at, at + BLOCK);
                send({ type: Type.block, id, index: at / BLOCK, bytes });
                peer.sent += bytes.length;
            }
            if (waiting[0] === request) waiting.shift();
            host.changed();
        }
        isServing = false;
    }

    async function roomToSend() {
        if (channel.bufferedAmount < SEND_AHEAD) return;
        await new Promise((resolve) => (channel.onbufferedamountlow = resolve));
    }

    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = SEND_AHEAD / 2;
    channel.onopen = () => {
        peer.open = true;
        host.changed();
    };
    channel.onmessage = ({ data }) => {
        peer.active = performance.now();
        if (!receive(decodeFrame(data))) close(true);
    };
    channel.onclose = () => close();
    return peer;
}
