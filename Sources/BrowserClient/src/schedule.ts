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

import { LOOK_AHEAD, MOST_MISSED, MOST_REQUESTED, MOST_REQUESTS, ORIGIN_RUN } from "./limits";

/** A peer that is said to have the content. */
export interface Source {
    /** Whether it can be asked; until then its connection is being opened. */
    open: boolean;
    /** When opening began. */
    since: number;
    /** Its open requests and their bytes, of whatever content. */
    requested: number;
    requestedBytes: number;
    missed: number;
    /** When its last block came, of whatever content. */
    touched: number;
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
    /** Pieces that were asked for, and of whom. */
    asked: Map<number, { source: Source }>;
    readers: Set<Reader>;
    streams: Set<Stream>;
    /** The origin failed: not to be asked before this time. */
    originRetryAt: number;
    /** How many missing pieces may be fetched although nobody reads them. */
    mayComplete: number;
}

export interface Plan<S> {
    /** Pieces to ask for, and of whom. */
    toAsk: [piece: number, source: S][];
    /** Ranges for which to ask the origin. */
    toStream: Stream[];
    /** Nobody is left who could send what a reader waits for. */
    isHopeless: boolean;
}

/** Whether a peer may yet send something. */
export const hasHope = (sources: Source[], now: number, patience: number): boolean =>
    sources.some(({ missed, open, since }) => missed < MOST_MISSED && (open || now - since < patience));

const isWithin = (piece: number, { next, end }: { next: number; end: number }): boolean => next <= piece && piece < end;

/** The readers, each up to where it looks ahead, the newest first. Completing the content is a reader with patience. */
function windows({ readers, count, pieceLength, isHeld, mayComplete }: State): Reader[] {
    const missing = [...Array(count).keys()].filter((piece) => !isHeld(piece));
    const ahead = Math.max(1, LOOK_AHEAD / pieceLength);
    return [
        ...[...readers].reverse().map((reader) => ({ ...reader, end: Math.min(reader.end, reader.next + ahead) })),
        ...(missing.length <= mayComplete ? [{ next: missing[0], end: count, since: Infinity }] : []),
    ];
}

/** What a stream will still read: to its end or, while there is hope, no further than a run. */
const reserved = ({ pieceLength }: State, { first, next, end }: Stream, hope: boolean) => ({
    next,
    end: hope ? Math.min(end, first + Math.max(1, ORIGIN_RUN / pieceLength)) : end,
});

/**
 * Whether `stream` reads its next piece: yes, never, or not yet (nothing). A piece that a peer was asked for is read all
 * the same: the stream is there because peers were slow.
 */
export function mayStream(state: State, stream: Stream, hope: boolean): boolean | undefined {
    const { next } = stream;
    if (state.isHeld(next) || !isWithin(next, reserved(state, stream, hope))) return false;
    const wanted = windows(state);
    return wanted.some((reader) => isWithin(next, reader)) || (wanted.length ? undefined : false);
}

export function plan<S extends Source>(state: State, sources: S[], now: number, patience: number): Plan<S> {
    const { count, pieceLength, isHeld, asked, originRetryAt } = state;
    const hope = hasHope(sources, now, patience);
    const taken = [...state.streams].map((stream) => reserved(state, stream, hope));
    const isTaken = (piece: number) => taken.some((range) => isWithin(piece, range));
    const idle = sources
        .filter(({ open, missed, busyUntil }) => open && missed < MOST_MISSED && busyUntil <= now)
        .map((source) => ({ source, requested: source.requested, bytes: source.requestedBytes }));
    const busy = new Set(asked.keys());
    const result: Plan<S> = { toAsk: [], toStream: [], isHopeless: false };

    for (const { next, end, since } of windows(state)) {
        let head = next;
        while (head < end && isHeld(head)) head++;
        // A peer that is busy with other pieces for this page will come to this one.
        const asking = asked.get(head)?.source;
        const touched = (asking ? [asking] : sources).map(({ touched }) => touched);
        const isStarved = head === next && now - Math.max(since, ...touched) >= patience;
        if (head < end && !isTaken(head) && (isStarved || !hope)) {
            if (now < originRetryAt) {
                result.isHopeless ||= !hope;
            } else {
                const stream = { first: head, next: head, end: head + 1 };
                while (stream.end < count && !isHeld(stream.end) && !isTaken(stream.end)) stream.end++;
                stream.end = reserved(state, stream, hope).end;
                taken.push(stream);
                result.toStream.push(stream);
            }
        }
        for (let piece = head; piece < end; piece++) {
            if (isHeld(piece) || busy.has(piece) || isTaken(piece)) continue;
            const [best] = idle
                .filter(
                    ({ requested, bytes }) =>
                        !requested || (requested < MOST_REQUESTS && bytes + pieceLength <= MOST_REQUESTED),
                )
                .sort((a, b) => a.requested - b.requested);
            if (!best) break;
            busy.add(piece);
            best.requested++;
            best.bytes += pieceLength;
            result.toAsk.push([piece, best.source]);
        }
    }
    return result;
}
