/** One content in this browser: its verified pieces, who reads them, and where the missing ones come from. */

import { toBase64URL } from "./bytes";
import { Certificate } from "./certificate";
import { now } from "./clock";
import { Reason } from "./frames";
import { BLOCK, LOOK_AHEAD, ORIGIN_PAUSE } from "./limits";
import { pieceHash } from "./merkle";
import { fetchOrigin } from "./origin";
import { Peer, PeerHost, Request } from "./peer";
import { Reader, State, Stream, hasHope, mayStream, plan } from "./schedule";
import { Counts } from "../shoal";

export interface Reading {
    /** Resolves once the first byte can be read; rejects when it never will. */
    ready(): Promise<void>;
    /** The next bytes, at most one piece; rejects when they will not come. Not called behind the end. */
    read(): Promise<Uint8Array>;
    close(): void;
}

export interface Content {
    isComplete(): boolean;
    /** Whether it is being read or fetched. */
    isActive(): boolean;
    /** These peers are said to have it. */
    addSources(ids: string[]): void;
    /** Reads `start` to `end`; `since` is when that was asked for. */
    open(start: number, end: number, since: number): Reading;
    /** Fetches all of it although nobody reads. The HTTP cache may answer with whatever age: it is verified. */
    adopt(): void;
    /** A piece of complete content, for a peer. */
    pieceFor(piece: number): Promise<ArrayBuffer | undefined>;
    /** Fails its readers: the content is not what it was. */
    fail(): void;
    /** Decides anew what to ask of whom. Called after every change, and again after a while if it says so. */
    schedule(): boolean;
}

export interface ContentHost extends Pick<PeerHost, "mayUpload" | "changed"> {
    patience: number;
    /** By ID: those with a connection. */
    peers: Map<string, Peer>;
    /** A reader waits, and no peer is left. */
    needsPeers(): void;
    completed(blob: Blob): void;
    /** The origin has other content than was certified, or what was kept is gone. */
    lost(): unknown;
}

interface WaitingReader extends Reader {
    /** Ends its waiting for `next`. */
    settle?(error?: unknown): void;
}

/**
 * @param counts where bytes and blocks are counted
 * @param kept the content as an earlier page kept it
 */
export function createContent(
    certificate: Certificate,
    counts: Counts,
    host: ContentHost,
    kept?: () => Promise<Blob>,
): Content {
    const { cid, len: length, pln: pieceLength, layer, typ: type, url } = certificate;
    const { patience, changed } = host;
    const count = Math.ceil(length / pieceLength);
    const pieces: Blob[] = [];
    let heldCount = kept ? count : 0;
    let isAdopted = false;
    /** Streams that wait for a change. */
    let paused: (() => void)[] = [];

    const sourceIDs = new Set<string>();
    const asked = new Map<number, Request>();
    const readers = new Set<WaitingReader>();
    const streams = new Set<Stream>();
    const isHeld = (piece: number) => !!(kept || pieces[piece]);
    const state: State = { count, pieceLength, isHeld, asked, readers, streams, originRetryAt: 0, mayComplete: 0 };

    const isComplete = () => heldCount === count;
    const isActive = () => readers.size + asked.size + streams.size > 0;
    const sources = () => [...sourceIDs].flatMap((id) => host.peers.get(id) ?? []);
    const hasHopeNow = () => hasHope(sources(), now(), patience);

    function schedule() {
        if (isComplete()) return false;
        const hope = hasHopeNow();
        // From the origin, only the smaller half is cheap enough to be fetched for nobody.
        const cheap = Math.min(LOOK_AHEAD / pieceLength, hope ? count : count / 2);
        state.mayComplete = isAdopted ? count : host.mayUpload() ? cheap : 0;
        const { toAsk, toStream, isHopeless } = plan(state, sources(), now(), patience);
        for (const [piece, peer] of toAsk) askPeer(piece, peer);
        for (const stream of toStream) readOrigin(stream);
        if (isHopeless) fail();
        if (readers.size && !hope) host.needsPeers();
        for (const resume of paused.splice(0)) resume();
        return isActive();
    }

    const lengthOf = (piece: number) => Math.min(pieceLength, length - piece * pieceLength);

    async function askPeer(piece: number, peer: Peer) {
        const request = peer.request(cid, piece, lengthOf(piece));
        asked.set(piece, request);
        const answer = await request.answer;
        if (answer instanceof Uint8Array) {
            if (!(await accept(piece, answer, "fromPeers"))) peer.end(true);
        } else if (answer && answer !== Reason.tooBusy) {
            sourceIDs.delete(peer.id);
        }
        asked.delete(piece);
        changed();
    }

    async function readOrigin(stream: Stream) {
        const aborter = new AbortController();
        streams.add(stream);
        try {
            const span = { start: stream.first * pieceLength, end: Math.min(stream.end * pieceLength, length), length };
            const read = await fetchOrigin(url, span, isAdopted ? "force-cache" : "default", aborter.signal);
            while (await mayRead(stream)) {
                const piece = stream.next;
                asked.get(piece)?.withdraw();
                if (!(await accept(piece, await read(lengthOf(piece)), "fromOrigin"))) {
                    host.lost();
                    break;
                }
                stream.next++;
                changed();
            }
        } catch {
            state.originRetryAt = now() + ORIGIN_PAUSE;
        }
        streams.delete(stream);
        aborter.abort();
        changed();
    }

    async function mayRead(stream: Stream): Promise<boolean> {
        let may: boolean | undefined;
        while ((may = mayStream(state, stream, hasHopeNow())) === undefined) {
            await new Promise<void>((resume) => paused.push(resume));
        }
        return may;
    }

    /** Keeps a piece if it has the right hash, and says whether it has. */
    async function accept(piece: number, bytes: Uint8Array, from: "fromPeers" | "fromOrigin"): Promise<boolean> {
        const blocks = Math.ceil(bytes.length / BLOCK);
        if (toBase64URL(await pieceHash(bytes, pieceLength, count === 1)) !== layer[piece]) {
            counts.rejected += blocks;
            return false;
        }
        if (isHeld(piece)) return true;
        pieces[piece] = new Blob([bytes]);
        counts.verified += blocks;
        counts[from] += bytes.length;
        for (const reader of readers) if (reader.next === piece) reader.settle?.();
        if (++heldCount === count) host.completed(new Blob(pieces, { type }));
        return true;
    }

    function fail() {
        for (const reader of readers) reader.settle?.(Error("no source"));
    }

    /** What was kept, read when it is first needed. */
    let reading: Promise<Blob> | undefined;
    const whole = () => (reading ??= kept!());

    async function bytesOf(piece: number, from = 0, to = pieceLength): Promise<ArrayBuffer> {
        const start = piece * pieceLength;
        const blob = kept ? (await whole()).slice(start, start + pieceLength) : pieces[piece];
        return blob.slice(from, to).arrayBuffer();
    }

    /** Waits until `next` of the reader is held. */
    async function arrival(reader: WaitingReader) {
        changed();
        if (kept) await whole().catch(host.lost);
        while (!isHeld(reader.next)) {
            await new Promise<void>((resolve, reject) => {
                reader.settle = (error) => (error ? reject(error) : resolve());
            });
        }
    }

    function open(start: number, end: number, since: number): Reading {
        const pieceAt = () => Math.floor(start / pieceLength);
        const reader: WaitingReader = { next: pieceAt(), end: Math.ceil(end / pieceLength), since };
        readers.add(reader);
        return {
            ready: () => arrival(reader),
            async read() {
                const piece = pieceAt();
                if (piece > reader.next) reader.since = now();
                reader.next = piece;
                await arrival(reader);
                const offset = piece * pieceLength;
                const bytes = new Uint8Array(await bytesOf(piece, start - offset, end - offset));
                if (kept) counts.fromCache += bytes.length;
                start += bytes.length;
                return bytes;
            },
            close() {
                readers.delete(reader);
                changed();
            },
        };
    }

    return {
        isComplete,
        isActive,
        addSources(ids) {
            for (const id of ids) sourceIDs.add(id);
        },
        open,
        adopt() {
            isAdopted = true;
            changed();
        },
        pieceFor: async (piece) => (isComplete() && piece < count ? bytesOf(piece).catch(() => undefined) : undefined),
        fail,
        schedule,
    };
}
