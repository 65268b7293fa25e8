/** One content in this browser: its verified pieces, who reads them, and where the missing ones come from. */

import { toBase64URL } from "./bytes";
import { Certificate } from "./certificate";
import { now } from "./clock";
import { Reason } from "./frames";
import { BLOCK, LOOK_AHEAD, ORIGIN_PAUSE } from "./limits";
import { pieceHash } from "./merkle";
import { fetchOrigin } from "./origin";
import { Peer, PeerHost, Request } from "./peer";
import { Reader, State, Stream, mayStream, plan } from "./schedule";
import { Counts } from "../shoal";

export interface Reading {
    /** The next bytes, at most one piece; rejects when they will not come. Not called behind the end. */
    read(): Promise<Uint8Array>;
    close(): void;
}

export interface Content {
    isComplete(): boolean;
    /** These peers are said to have it. */
    addSources(ids: string[]): void;
    /** Reads `start` to `end`, asked for at `since`. Resolves once the first byte is there; rejects when it never will be. */
    open(start: number, end: number, since: number): Promise<Reading>;
    /** Fetches all of it although nobody reads. The HTTP cache may answer with whatever age: it is verified. */
    adopt(): void;
    /** A piece of complete content. */
    pieceFor(piece: number): Promise<ArrayBuffer | undefined>;
    /** Fails its readers, now and later: it is not the resource's content any more, or is gone. */
    abandon(): void;
    /** Decides anew what to ask of whom. Called after every change, and again after a while if it says so. */
    schedule(): boolean;
}

export interface ContentHost extends Pick<PeerHost, "mayUpload" | "changed"> {
    patience: number;
    /** By ID: those with a connection. */
    peers: Map<string, Peer>;
    completed(blob: Blob): void;
    /** The origin has other content than was certified, or what was kept is gone. */
    lost(): void;
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
    { url, cid, len, pln, layer }: Certificate,
    counts: Counts,
    { patience, peers, mayUpload, changed, completed, lost }: ContentHost,
    kept?: () => Promise<Blob>,
): Content {
    const count = Math.ceil(len / pln);
    /** Those that are held. */
    const pieces: Blob[] = [];
    let heldCount = kept ? count : 0;
    /** Where not the default. */
    let cache: RequestCache | undefined;
    let isAbandoned = false;
    /** Streams that wait for a change. */
    let paused: (() => void)[] = [];

    const sourceIDs = new Set<string>();
    const asked = new Map<number, Request>();
    const readers = new Set<WaitingReader>();
    const openStreams = new Set<Stream>();
    const state: State = { count, pieceLength: pln, pieces, asked, readers, openStreams, originRetryAt: 0, mayComplete: 0 };

    const isComplete = () => heldCount === count;
    const lengthOf = (piece: number) => Math.min(pln, len - piece * pln);
    const sources = () => [...sourceIDs].flatMap((id) => peers.get(id) ?? []);

    function schedule() {
        if (isComplete()) return false;
        // Only the smaller half is cheap enough to be fetched for nobody.
        state.mayComplete = cache ? count : mayUpload() ? Math.min(LOOK_AHEAD / pln, count / 2) : 0;
        if (plan(state, sources(), now(), patience, { ask, stream })) fail();
        for (const resume of paused.splice(0)) resume();
        return readers.size + asked.size + openStreams.size > 0;
    }

    async function ask(piece: number, peer: Peer) {
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

    async function stream(range: Stream) {
        const aborter = new AbortController();
        const { next: first, end } = range;
        openStreams.add(range);
        try {
            const options = { cache, signal: aborter.signal };
            const { isPart, read } = await fetchOrigin(url, first * pln, Math.min(end * pln, len), len, options);
            for (let piece = isPart ? first : 0; piece < first || (await mayRead(range)); piece++) {
                asked.get(piece)?.withdraw();
                if (!(await accept(piece, await read(lengthOf(piece)), "fromOrigin"))) {
                    lost();
                    break;
                }
                range.next = Math.max(first, piece + 1);
                changed();
            }
        } catch {
            state.originRetryAt = now() + ORIGIN_PAUSE;
        }
        openStreams.delete(range);
        aborter.abort();
        changed();
    }

    async function mayRead(stream: Stream): Promise<boolean> {
        let may: boolean | undefined;
        while ((may = mayStream(state, stream)) === undefined) {
            await new Promise<void>((resume) => paused.push(resume));
        }
        return may;
    }

    /** Keeps a piece if it has the right hash, and says whether it has. */
    async function accept(piece: number, bytes: Uint8Array, from: "fromPeers" | "fromOrigin"): Promise<boolean> {
        const blocks = Math.ceil(bytes.length / BLOCK);
        if (toBase64URL(await pieceHash(bytes, pln, count === 1)) !== layer[piece]) {
            counts.rejected += blocks;
            return false;
        }
        if (pieces[piece]) return true;
        pieces[piece] = new Blob([bytes]);
        counts.verified += blocks;
        counts[from] += bytes.length;
        for (const reader of readers) if (reader.next === piece) reader.settle?.();
        if (++heldCount === count) completed(new Blob(pieces));
        return true;
    }

    function fail() {
        for (const reader of readers) reader.settle?.(Error());
    }

    /** What was kept becomes pieces when it is first needed. */
    let opened: Promise<void> | undefined;
    const openKept = () =>
        (opened ??= kept?.().then(
            (blob) => {
                for (let at = 0; at < len; at += pln) pieces.push(blob.slice(at, at + pln));
            },
            (error) => {
                lost();
                throw error;
            },
        ));

    return {
        isComplete,
        addSources(ids) {
            for (const id of ids) sourceIDs.add(id);
        },
        async open(start, end, since) {
            const pieceAt = () => Math.floor(start / pln);
            const reader: WaitingReader = { next: pieceAt(), end: Math.ceil(end / pln), since };
            const close = () => {
                readers.delete(reader);
                changed();
            };
            const arrival = async () => {
                changed();
                while (!pieces[reader.next]) {
                    if (isAbandoned) throw Error();
                    await new Promise<void>((resolve, reject) => {
                        reader.settle = (error) => (error ? reject(error) : resolve());
                    });
                }
            };
            await openKept();
            readers.add(reader);
            await arrival().catch((error) => {
                close();
                throw error;
            });
            return {
                async read() {
                    const piece = pieceAt();
                    if (piece > reader.next) reader.since = now();
                    reader.next = piece;
                    await arrival();
                    const part = pieces[piece].slice(start - piece * pln, end - piece * pln);
                    if (kept) counts.fromCache += part.size;
                    start += part.size;
                    return new Uint8Array(await part.arrayBuffer());
                },
                close,
            };
        },
        adopt() {
            cache = "force-cache";
            changed();
        },
        async pieceFor(piece) {
            await openKept();
            return isComplete() ? pieces[piece]?.arrayBuffer() : undefined;
        },
        abandon() {
            isAbandoned = true;
            fail();
        },
        schedule,
    };
}
