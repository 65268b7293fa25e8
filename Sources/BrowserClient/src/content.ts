/** One content in this browser: its verified pieces, who reads them, and where the missing ones come from. */

import { toBase64URL } from "./bytes";
import { Certificate } from "./certificate";
import { Reason } from "./frames";
import { BLOCK, pieceHash } from "./merkle";
import { fetchOrigin } from "./origin";
import { Peer, Request } from "./peer";
import { Reader, State, Stream, hasHope, mayStream, plan } from "./schedule";
import { Counts } from "../shoal";

/** After a failure of the origin it is not asked for so long. Milliseconds, like all here. */
const ORIGIN_PAUSE = 4_000;

export interface Reading {
    /** Resolves once the first byte could be read; rejects when it never will. */
    ready(): Promise<void>;
    /** The next bytes, at most one piece; rejects when they will not come. Not called behind the end. */
    read(): Promise<Uint8Array>;
    close(): void;
}

export interface Content {
    readonly certificate: Certificate;
    isComplete(): boolean;
    /** Whether it is being read or fetched. */
    isActive(): boolean;
    /** These peers are said to have it. */
    addSources(ids: string[]): void;
    /** Reads `start` to `end`; `since` is when that was asked for. */
    open(start: number, end: number, since: number): Reading;
    /** Fetches all of it although nobody reads. The HTTP cache may answer with whatever age: it is verified. */
    adopt(): void;
    /** The bytes of a piece of complete content. */
    piece(piece: number): Promise<ArrayBuffer | undefined>;
    /** Decides anew what to ask of whom; called after every change, and now and then while it is active. */
    schedule(): void;
}

export interface ContentHost {
    patience: number;
    mayUpload(): boolean;
    /** The peer, while there is a connection. */
    peer(id: string): Peer | undefined;
    /** A reader waits, and no peer is left. */
    needsPeers(): void;
    completed(blob: Blob): void;
    /** The origin has other content than was certified, or what was kept is gone. */
    lost(): void;
    /** Something changed on which a schedule or the statistics depend. */
    changed(): void;
}

interface WaitingReader extends Reader {
    /** Set while it waits for `next`. */
    settle?: (error?: Error) => void;
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
    const { content, length, pieceLength, layer, type, url } = certificate;
    const count = Math.ceil(length / pieceLength);
    const pieces: Blob[] = [];
    let held = kept ? count : 0;
    let cacheMode: RequestCache = "default";
    /** Streams that wait for the next decision. */
    let paused: (() => void)[] = [];

    const sourceIDs = new Set<string>();
    const asked = new Map<number, Request>();
    const readers = new Set<WaitingReader>();
    const streams = new Set<Stream>();
    const state: State = {
        count,
        pieceLength,
        isHeld: (piece) => !!kept || piece in pieces,
        asked,
        readers,
        streams,
        originRetryAt: 0,
        completion: "none",
    };

    const isComplete = () => held === count;
    const isActive = () => readers.size + asked.size + streams.size > 0;
    const lengthOf = (piece: number) => Math.min(pieceLength, length - piece * pieceLength);

    async function sliceOf(piece: number, from = 0, to = pieceLength): Promise<ArrayBuffer> {
        if (!kept) return pieces[piece].slice(from, to).arrayBuffer();
        const start = piece * pieceLength;
        try {
            return await (await kept()).slice(start + from, start + Math.min(to, pieceLength)).arrayBuffer();
        } catch (error) {
            host.lost();
            throw error;
        }
    }

    const sources = () => [...sourceIDs].flatMap((id) => host.peer(id) ?? []);
    const hope = () => hasHope(sources(), performance.now(), host.patience);

    function schedule() {
        if (isComplete()) return;
        if (state.completion !== "full") state.completion = host.mayUpload() ? "cheap" : "none";
        const { ask, origin, isHopeless } = plan(state, sources(), performance.now(), host.patience);
        for (const [piece, peer] of ask) askPeer(piece, peer);
        for (const [first, end] of origin) readOrigin({ first, next: first, end });
        if (isHopeless) failReaders(Error("neither peers nor the origin"));
        else if (readers.size && !hope()) host.needsPeers();
        for (const resume of paused.splice(0)) resume();
    }

    async function askPeer(piece: number, peer: Peer) {
        const request = peer.ask(content, piece, lengthOf(piece));
        asked.set(piece, request);
        const answer = await request.answer;
        if (typeof answer === "number") answer === Reason.tooBusy || sourceIDs.delete(peer.id);
        else if (answer && !(await accept(piece, answer, "fromPeers"))) peer.close(true);
        if (asked.get(piece) === request) asked.delete(piece);
        host.changed();
    }

    async function readOrigin(stream: Stream) {
        const aborter = new AbortController();
        streams.add(stream);
        try {
            const start = stream.first * pieceLength;
            const end = Math.min(stream.end * pieceLength, length);
            const body = await fetchOrigin(url, { start, end, length }, cacheMode, aborter.signal);
            while (await mayRead(stream)) {
                const piece = stream.next;
                asked.get(piece)?.withdraw();
                if (!(await accept(piece, await body.read(lengthOf(piece)), "fromOrigin"))) {
                    failReaders(Error("the origin's content has changed"));
                    host.lost();
                }
                stream.next++;
                host.changed();
            }
        } catch {
            state.originRetryAt = performance.now() + ORIGIN_PAUSE;
        }
        streams.delete(stream);
        aborter.abort();
        host.changed();
    }

    async function mayRead(stream: Stream): Promise<boolean> {
        for (;;) {
            const may = mayStream(state, stream, hope());
            if (may !== "later") return may === "yes";
            await new Promise<void>((resume) => paused.push(resume));
        }
    }

    /** Keeps a piece if it has the right hash, and says whether it has. */
    async function accept(piece: number, bytes: Uint8Array, from: "fromPeers" | "fromOrigin"): Promise<boolean> {
        const blocks = Math.ceil(bytes.length / BLOCK);
        const hash = await pieceHash(bytes, pieceLength, count === 1);
        if (toBase64URL(hash) !== toBase64URL(layer[piece])) {
            counts.rejected += blocks;
            return false;
        }
        if (state.isHeld(piece)) return true;
        pieces[piece] = new Blob([bytes]);
        counts.verified += blocks;
        counts[from] += bytes.length;
        for (const reader of readers) if (reader.next === piece) reader.settle?.();
        if (++held === count) host.completed(new Blob(pieces, { type }));
        return true;
    }

    function failReaders(error: Error) {
        for (const reader of readers) reader.settle?.(error);
    }

    /** Waits until `next` of the reader is held. */
    const arrival = (reader: WaitingReader) =>
        new Promise<void>((resolve, reject) => {
            reader.settle = (error) => (error ? reject(error) : resolve());
            if (state.isHeld(reader.next)) resolve();
            host.changed();
        });

    function open(start: number, end: number, since: number): Reading {
        const reader: WaitingReader = {
            next: Math.floor(start / pieceLength),
            end: Math.ceil(end / pieceLength),
            since,
        };
        readers.add(reader);
        return {
            ready: () => arrival(reader),
            async read() {
                const piece = Math.floor(start / pieceLength);
                if (piece !== reader.next) reader.since = performance.now();
                reader.next = piece;
                await arrival(reader);
                const offset = piece * pieceLength;
                const bytes = new Uint8Array(await sliceOf(piece, start - offset, end - offset));
                if (kept) counts.fromCache += bytes.length;
                start += bytes.length;
                return bytes;
            },
            close() {
                readers.delete(reader);
                host.changed();
            },
        };
    }

    return {
        certificate,
        isComplete,
        isActive,
        addSources(ids) {
            for (const id of ids) sourceIDs.add(id);
        },
        open,
        adopt() {
            state.completion = "full";
            cacheMode = "force-cache";
            host.changed();
        },
        piece: async (piece) => (isComplete() && piece < count ? sliceOf(piece).catch(() => undefined) : undefined),
        schedule,
    };
}
