/** One peer over a data channel: what is asked of it, and what it asks of this page (Protocol.md §6.3 to §6.7). */

import { fromBase64URL, toBase64URL } from "./bytes";
import { now } from "./clock";
import { Frame, Reason, Type, decodeFrame, encodeFrame } from "./frames";
import { BLOCK, BUSY_PAUSE, CANCEL_GRACE, MOST_WAITING, REQUEST_TIMEOUT, SEND_AHEAD } from "./limits";
import { Source } from "./schedule";

/** Bytes of blocks that went to all peers of this page. */
export let uploaded = 0;

/** What a peer needs of a data channel. */
export type Channel = Pick<RTCDataChannel, "binaryType" | "bufferedAmount"> &
    Pick<RTCDataChannel, "onbufferedamountlow" | "onclose" | "onmessage" | "onopen" | "readyState"> & {
        send(data: ArrayBuffer): void;
    };

export interface Peer extends Source {
    readonly id: string;
    /** When it last said something. */
    heard: number;
    /** Bytes of blocks, in both directions. */
    received: number;
    sent: number;
    /** Asks for a piece of `length` bytes. */
    request(content: string, piece: number, length: number): Request;
    /** Ends it; for good, when it broke the protocol. */
    end(forGood?: boolean): void;
}

export interface Request {
    askedOf: Peer;
    /** The piece, not verified; or why the peer refused it; or nothing when it does not come. */
    answer: Promise<Uint8Array | Reason | undefined>;
    withdraw(): void;
}

export interface PeerHost {
    /** A piece for another peer; nothing when it is not here. Never rejects. */
    piece(content: string, piece: number): Promise<ArrayBuffer | undefined>;
    mayUpload(): boolean;
    /** Something changed on which the schedule or the statistics depend. */
    changed(): void;
}

interface OpenRequest extends Request {
    isOpen: boolean;
    bytes: Uint8Array;
    /** The indices of the blocks that came. */
    blocks: Set<number>;
    settle(answer?: Uint8Array | Reason): void;
}

/** @param ended is called once, after the peer's requests have ended */
export function createPeer(id: string, channel: Channel, host: PeerHost, ended: (forGood: boolean) => void): Peer {
    /** By ID; for `CANCEL_GRACE` also those that were withdrawn. */
    const requests = new Map<number, OpenRequest>();
    let waiting: Frame[] = [];
    let lastRequest = 0;
    let isServing = false;
    let hasEnded = false;

    const peer: Peer = {
        id,
        open: false,
        since: now(),
        heard: now(),
        requested: 0,
        requestedBytes: 0,
        missed: 0,
        lastBlock: 0,
        busyUntil: 0,
        received: 0,
        sent: 0,
        request,
        end,
    };

    function send(...frame: Parameters<typeof encodeFrame>) {
        if (channel.readyState === "open") channel.send(encodeFrame(...frame));
    }

    /** RTCPeerConnection.close() fires no event at its channels, so this ends the requests itself. */
    function end(forGood = false) {
        if (hasEnded) return;
        hasEnded = true;
        peer.open = false;
        waiting = [];
        for (const request of [...requests.values()]) request.settle();
        ended(forGood);
    }

    function request(content: string, piece: number, length: number): Request {
        const number = ++lastRequest;
        let resolve: (answer?: Uint8Array | Reason) => void;
        const request: OpenRequest = {
            isOpen: true,
            askedOf: peer,
            answer: new Promise((settled) => (resolve = settled)),
            bytes: new Uint8Array(length),
            blocks: new Set(),
            settle(answer) {
                if (!request.isOpen) return;
                request.isOpen = false;
                requests.delete(number);
                clearTimeout(timer);
                peer.requested--;
                peer.requestedBytes -= length;
                resolve(answer);
            },
            withdraw() {
                if (!request.isOpen) return;
                send(Type.cancel, number);
                request.settle();
                requests.set(number, request);
                setTimeout(() => requests.delete(number), CANCEL_GRACE);
            },
        };
        const timer = setTimeout(() => {
            peer.missed++;
            request.withdraw();
        }, REQUEST_TIMEOUT);
        requests.set(number, request);
        peer.requested++;
        peer.requestedBytes += length;
        send(Type.request, number, fromBase64URL(content), piece);
        return request;
    }

    /** Whether a message keeps to the protocol (§6.5). */
    function receive(frame: Frame | undefined): boolean {
        const request = requests.get(frame?.id!);
        switch (frame?.type) {
            case Type.request:
                serve(frame);
                return true;
            case Type.block:
                return !!request && (!request.isOpen || receiveBlock(request, frame));
            case Type.refuse:
                if (frame.rest[0] === Reason.tooBusy) peer.busyUntil = now() + BUSY_PAUSE;
                request?.settle(frame.rest[0]);
                return true;
            case Type.cancel:
                // The piece that is being sent is at the head: serveWaiting() notices.
                waiting = waiting.filter(({ id }) => id !== frame.id);
                return true;
        }
        return false;
    }

    function receiveBlock(request: OpenRequest, { index, rest }: Frame): boolean {
        const { bytes, blocks } = request;
        const at = index * BLOCK;
        if (rest.length !== Math.min(BLOCK, bytes.length - at)) return false;
        bytes.set(rest, at);
        blocks.add(index);
        peer.lastBlock = now();
        peer.received += rest.length;
        if (blocks.size * BLOCK >= bytes.length) request.settle(bytes);
        return true;
    }

    function serve(frame: Frame) {
        if (waiting.length >= MOST_WAITING) return send(Type.refuse, frame.id, [Reason.tooBusy]);
        waiting.push(frame);
        if (!isServing) serveWaiting();
    }

    async function serveWaiting() {
        isServing = true;
        for (let frame: Frame; (frame = waiting[0]); ) {
            const mayUpload = host.mayUpload();
            const piece = mayUpload ? await host.piece(toBase64URL(frame.rest), frame.index) : undefined;
            if (!piece) send(Type.refuse, frame.id, [mayUpload ? Reason.notHere : Reason.noUpload]);
            for (let at = 0; piece && at < piece.byteLength && waiting[0] === frame; at += BLOCK) {
                if (channel.bufferedAmount > SEND_AHEAD) {
                    await new Promise((resolve) => (channel.onbufferedamountlow = resolve));
                }
                const block = new Uint8Array(piece).subarray(at, at + BLOCK);
                send(Type.block, frame.id, block, at / BLOCK);
                peer.sent += block.length;
                uploaded += block.length;
            }
            if (waiting[0] === frame) waiting.shift();
            host.changed();
        }
        isServing = false;
    }

    channel.binaryType = "arraybuffer";
    channel.onopen = () => {
        peer.open = true;
        host.changed();
    };
    channel.onmessage = ({ data }) => {
        peer.heard = now();
        if (!receive(decodeFrame(data))) end(true);
    };
    channel.onclose = () => end();
    return peer;
}
