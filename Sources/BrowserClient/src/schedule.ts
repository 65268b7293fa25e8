/**
 * Which piece comes from whom: decisions only, from a picture of one content, its peers and the time.
 *
 * Peers are asked in the order in which readers need the pieces. The origin takes over at the piece that a reader waits
 * for, when no peer can be hoped for, or when that piece has stood still for `patience`. It then reads on in one response
 * and hands back to the peers at the next piece that is there or, while there is hope, after `ORIGIN_RUN`. Asking the
 * origin piece by piece was rejected: it would turn one plain GET into hundreds of requests.
 *
 * Positions are numbers of pieces, `end` is behind the last one. Times are in milliseconds.
 */

/** Bytes that are fetched beyond each reader; also the most that is fetched to complete a content that nobody reads. */
export const LOOK_AHEAD = 16 * 1024 * 1024;
/** Bytes that the origin serves in one go while there are peers. */
export const ORIGIN_RUN = 4 * 1024 * 1024;
/** Open requests to one peer: so many pieces, and so many bytes unless it is a single piece (Protocol.md §6.6). */
export const MOST_REQUESTS = 16;
export const MOST_REQUESTED = 1024 * 1024;
/** A peer that let so many requests pass is not asked again (§6.6). */
export const MOST_MISSED = 3;

/** A peer that is said to have the content. */
export interface Source {
    /** Whether it can be asked; until then its connection is being opened. */
    open: boolean;
    /** When opening began. */
    since: number;
    /** Its open requests, of whatever content. */
    requests: number;
    requestedBytes: number;
    missed: number;
    /** It said that it is too busy: not to be asked before this time. */
    busyUntil: number;
}

/** Somebody who takes the pieces from `next` to `end` in order. */
export interface Reader {
    next: number;
    end: number;
    /** Since when it waits for `next`. */
    since: number;
}

/** A response of the origin that is being read. */
export interface Stream {
    first: number;
    next: number;
    end: number;
}

export interface State {
    count: number;
    pieceLength: number;
    isHeld(piece: number): boolean;
    /** Pieces that a peer was asked for, with the time of the last block. */
    asked: Map<number, { touched: number }>;
    readers: Set<Reader>;
    streams: Set<Stream>;
    /** The origin failed: not to be asked before this time. */
    originRetryAt: number;
    /** Whether to complete what nobody reads: no, if it costs little, or at the price of the whole content. */
    completion: "none" | "cheap" | "full";
}

export interface Plan<S> {
    /** Pieces to ask for, and of whom. */
    ask: [piece: number, source: S][];
    /** Ranges for which to ask the origin. */
    origin: [first: number, end: number][];
    /** Nobody is left who could send what a reader waits for. */
    isHopeless: boolean;
}

/** Whether a peer may yet send something. */
export const hasHope = (sources: Source[], now: number, patience: number): boolean =>
    sources.some((source) => source.missed < MOST_MISSED && (source.open || now - source.since < patience));

const inPieces = (bytes: number, { pieceLength }: State): number => Math.max(1, bytes / pieceLength);

const isWithin = (piece: number, { next, end }: { next: number; end: number }): boolean => next <= piece && piece < end;

/** The missing pieces that a reader will need soon, in order. */
function missingOf(state: State, { next, end }: Reader): number[] {
    const pieces = [];
    for (let piece = next; piece < Math.min(end, next + inPieces(LOOK_AHEAD, state)); piece++) {
        if (!state.isHeld(piece)) pieces.push(piece);
    }
    return pieces;
}

/** The readers that miss something. When none does, completing the content counts as a reader that waits for nothing. */
function demands(state: State, hope: boolean): Reader[] {
    const readers = [...state.readers].filter((reader) => missingOf(state, reader).length);
    if (readers.length || state.completion === "none") return readers;
    const missing = [];
    for (let piece = 0; piece < state.count; piece++) if (!state.isHeld(piece)) missing.push(piece);
    const isCheap = missing.length <= inPieces(LOOK_AHEAD, state) && (hope || missing.length <= state.count / 2);
    if (!missing.length || !(isCheap || state.completion === "full")) return [];
    return [{ next: missing[0], end: state.count, since: Infinity }];
}

/** What all readers miss, the nearest first. */
function wantedPieces(state: State, readers: Reader[]): number[] {
    const distances = new Map<number, number>();
    for (const reader of readers) {
        for (const piece of missingOf(state, reader)) {
            distances.set(piece, Math.min(piece - reader.next, distances.get(piece) ?? Infinity));
        }
    }
    return [...distances].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([piece]) => piece);
}

/** The pieces that a stream will still read; peers are not asked for them. */
const reserved = (state: State, { first, next, end }: Stream, hope: boolean) => ({
    next,
    end: hope ? Math.min(end, first + inPieces(ORIGIN_RUN, state)) : end,
});

/**
 * Whether `stream` reads its next piece: yes, not yet, or never. A piece that a peer was asked for is read all the same:
 * the stream is there because peers were slow.
 */
export function mayStream(state: State, stream: Stream, hope: boolean): "yes" | "later" | "never" {
    const readers = demands(state, hope);
    if (state.isHeld(stream.next) || !isWithin(stream.next, reserved(state, stream, hope))) return "never";
    if (wantedPieces(state, readers).includes(stream.next)) return "yes";
    return state.readers.size ? "later" : "never";
}

export function plan<S extends Source>(state: State, sources: S[], now: number, patience: number): Plan<S> {
    const hope = hasHope(sources, now, patience);
    const readers = demands(state, hope);
    const taken = [...state.streams].map((stream) => reserved(state, stream, hope));
    const isTaken = (piece: number) => taken.some((range) => isWithin(piece, range));
    const result: Plan<S> = { ask: [], origin: [], isHopeless: false };

    for (const reader of readers) {
        const [head] = missingOf(state, reader);
        const waitsSince = Math.max(reader.since, state.asked.get(head)?.touched ?? 0);
        const isStarved = head === reader.next && now - waitsSince >= patience;
        if (isTaken(head) || (hope && !isStarved)) continue;
        if (now < state.originRetryAt) {
            result.isHopeless ||= !hope;
            continue;
        }
        let end = head + 1;
        while (end < state.count && !state.isHeld(end) && !isTaken(end)) end++;
        const stream = { first: head, next: head, end };
        stream.end = reserved(state, stream, hope).end;
        taken.push(stream);
        result.origin.push([head, stream.end]);
    }

    const idle = sources
        .filter((source) => source.open && source.missed < MOST_MISSED && source.busyUntil <= now)
        .map((source) => ({ source, requests: source.requests, bytes: source.requestedBytes }));
    for (const piece of wantedPieces(state, readers)) {
        if (state.asked.has(piece) || isTaken(piece)) continue;
        const [best] = idle
            .filter(
                ({ requests, bytes }) =>
                    !requests || (requests < MOST_REQUESTS && bytes + state.pieceLength <= MOST_REQUESTED),
            )
            .sort((a, b) => a.requests - b.requests);
        if (!best) break;
        best.requests++;
        best.bytes += state.pieceLength;
        result.ask.push([piece, best.source]);
    }
    return result;
}
