/**
 * Which piece comes from whom: decisions only, from a picture of one content, its peers and the time.
 *
 * Peers are asked in the order in which readers need the pieces. The origin takes over at the piece that a reader waits
 * for, when no peer can be hoped for, or when nothing has come for `patience`. It then reads on in one response up to the
 * next piece that is there or, when there are peers, however slow, for `ORIGIN_RUN`: then it is their turn again. Asking
 * the origin piece by piece was rejected: it would turn one plain GET into hundreds of requests.
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
    lastBlock: number;
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

/** A response of the origin, as far as it has not been read. Peers are not asked for these pieces. */
export interface Stream {
    next: number;
    end: number;
}

export interface State {
    count: number;
    pieceLength: number;
    /** Those that are held are there. */
    pieces: unknown[];
    /** Pieces that were asked for, and of whom. */
    asked: Map<number, { askedOf: Source }>;
    readers: Set<Reader>;
    openStreams: Set<Stream>;
    /** The origin failed: not to be asked before this time. */
    originRetryAt: number;
    /** How many missing pieces may be fetched although nobody reads them. */
    mayComplete: number;
}

/** What is decided. Both change the state before they return. */
export interface Orders<S> {
    ask(piece: number, source: S): void;
    stream(range: Stream): void;
}

/** Whether a peer may yet send something. */
export const hasHope = (sources: Source[], now: number, patience: number): boolean =>
    sources.some(({ missed, open, since }) => missed < MOST_MISSED && (open || now - since < patience));

const isWithin = (piece: number, { next, end }: { next: number; end: number }): boolean => next <= piece && piece < end;

/** The readers, each up to where it looks ahead, the newest first. Completing the content is a reader with patience. */
function windows({ readers, count, pieceLength, pieces, mayComplete }: State): Reader[] {
    const missing = [...Array(count).keys()].filter((piece) => !pieces[piece]);
    const ahead = Math.max(1, LOOK_AHEAD / pieceLength);
    return [
        ...[...readers].reverse().map((reader) => ({ ...reader, end: Math.min(reader.end, reader.next + ahead) })),
        ...(missing.length <= mayComplete ? [{ next: missing[0], end: count, since: Infinity }] : []),
    ];
}

/**
 * Whether `stream` reads its next piece: yes, never, or not yet (nothing). A piece that a peer was asked for is read all
 * the same: the stream is there because peers were slow.
 */
export function mayStream(state: State, stream: Stream): boolean | undefined {
    const { next, end } = stream;
    if (state.pieces[next] || next >= end) return false;
    const wanted = windows(state);
    return wanted.some((reader) => isWithin(next, reader)) || (wanted.length ? undefined : false);
}

/** Decides what to do now. Returns whether nobody is left who could send what a reader waits for. */
export function plan<S extends Source>(
    state: State,
    sources: S[],
    now: number,
    patience: number,
    { ask, stream }: Orders<S>,
): boolean {
    const { count, pieceLength, pieces, asked, openStreams, originRetryAt } = state;
    const hope = hasHope(sources, now, patience);
    const isFree = (piece: number) => !pieces[piece] && ![...openStreams].some((stream) => isWithin(piece, stream));
    let isHopeless = false;

    for (const { next, end, since } of windows(state)) {
        let head = next;
        while (head < end && pieces[head]) head++;
        // A peer that is busy with other pieces for this page will come to this one.
        const asking = asked.get(head)?.askedOf;
        const lastBlock = (asking ? [asking] : sources).map(({ lastBlock }) => lastBlock);
        const isStarved = head === next && now - Math.max(since, ...lastBlock) >= patience;
        if (head < end && isFree(head) && (isStarved || !hope)) {
            if (now < originRetryAt) {
                isHopeless ||= !hope;
            } else {
                const most = sources.length ? Math.max(1, ORIGIN_RUN / pieceLength) : count;
                let behind = head + 1;
                while (behind < count && behind < head + most && isFree(behind)) behind++;
                stream({ next: head, end: behind });
            }
        }
        for (let piece = head; piece < end; piece++) {
            if (asked.has(piece) || !isFree(piece)) continue;
            const [best] = sources
                .filter(
                    ({ open, missed, busyUntil, requested, requestedBytes }) =>
                        open &&
                        missed < MOST_MISSED &&
                        busyUntil <= now &&
                        (!requested || (requested < MOST_REQUESTS && requestedBytes + pieceLength <= MOST_REQUESTED)),
                )
                .sort((a, b) => a.requested - b.requested);
            if (!best) break;
            ask(piece, best);
        }
    }
    return isHopeless;
}
