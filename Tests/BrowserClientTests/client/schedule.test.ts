import assert from "node:assert/strict";
import { test } from "node:test";
import {
    LOOK_AHEAD,
    MOST_MISSED,
    MOST_REQUESTED,
    MOST_REQUESTS,
    ORIGIN_RUN,
} from "../../../Sources/BrowserClient/src/limits";
import { Reader, Source, State, Stream, hasHope, mayStream, plan } from "../../../Sources/BrowserClient/src/schedule";
import { RandomSource, randomSource } from "./random";

const PATIENCE = 1_500;
const KIB = 1_024;

const source = (change: Partial<Source> = {}): Source => ({
    open: true,
    since: 0,
    requested: 0,
    requestedBytes: 0,
    missed: 0,
    lastBlock: 0,
    busyUntil: 0,
    ...change,
});

const stateOf = (count: number, change: Partial<State> = {}): State => ({
    count,
    pieceLength: 64 * KIB,
    pieces: [],
    asked: new Map(),
    readers: new Set(),
    openStreams: new Set(),
    originRetryAt: 0,
    mayComplete: 0,
    ...change,
});

const reading = (next: number, end: number, since = 0): Reader => ({ next, end, since });

/** Carries decisions out as content.ts does, and says what they were. */
function decide(state: State, sources: Source[], now: number) {
    const asked: [number, Source][] = [];
    const streamed: Stream[] = [];
    const isHopeless = plan(state, sources, now, PATIENCE, {
        ask(piece, from) {
            assert.ok(!state.asked.has(piece) && !state.pieces[piece], `piece ${piece} is asked for twice`);
            state.asked.set(piece, { askedOf: from });
            from.requested++;
            from.requestedBytes += state.pieceLength;
            asked.push([piece, from]);
        },
        stream(range) {
            state.openStreams.add(range);
            streamed.push({ ...range });
        },
    });
    return { asked, streamed, isHopeless, pieces: asked.map(([piece]) => piece) };
}

test("a peer is asked in the reader's order, up to 16 pieces or 1 MiB, but for one piece at least", () => {
    for (const [pieceLength, most] of [[64 * KIB, 16], [128 * KIB, 8], [1_024 * KIB, 1], [2_048 * KIB, 1]]) {
        const state = stateOf(40, { pieceLength, readers: new Set([reading(3, 40)]) });
        const peer = source();
        assert.deepEqual(decide(state, [peer], 0).pieces, [...Array(most).keys()].map((piece) => piece + 3));
        assert.deepEqual(decide(state, [peer], 0).pieces, [], "it has as many open requests as it may");
    }
});

test("several peers share the pieces evenly", () => {
    const peers = [source(), source(), source()];
    decide(stateOf(30, { readers: new Set([reading(0, 30)]) }), peers, 0);
    assert.deepEqual(peers.map(({ requested }) => requested), [10, 10, 10]);
});

test("who is being connected, too busy, or let too many requests pass is not asked", () => {
    const peers = [source({ open: false }), source({ busyUntil: 101 }), source({ missed: MOST_MISSED })];
    assert.deepEqual(decide(stateOf(4, { readers: new Set([reading(0, 4)]) }), peers, 100).asked, []);
});

test("without a peer, one plain response of the origin brings the whole", () => {
    const { streamed, asked } = decide(stateOf(500, { readers: new Set([reading(0, 500)]) }), [], 0);
    assert.deepEqual([streamed, asked], [[{ next: 0, end: 500 }], []]);
});

test("the origin takes over for a run when a reader has seen nothing for as long as the patience", () => {
    const state = stateOf(200, { readers: new Set([reading(0, 200, 1_000)]) });
    const peers = [source(), source()];
    assert.deepEqual(decide(state, peers, 1_000).streamed, []);
    assert.deepEqual(decide(state, peers, 1_000 + PATIENCE - 1).streamed, []);
    const run = ORIGIN_RUN / state.pieceLength;
    assert.deepEqual(decide(state, peers, 1_000 + PATIENCE).streamed, [{ next: 0, end: run }]);
    assert.deepEqual(decide(state, peers, 1_000 + 2 * PATIENCE).streamed, [], "one stream is enough");
});

test("a peer that delivers other pieces is waited for, and one that is silent is not", () => {
    const busy = source({ lastBlock: 4_900 });
    const silent = source();
    const waiting = () => stateOf(8, { readers: new Set([reading(0, 8, 0)]) });
    const one = waiting();
    one.asked.set(0, { askedOf: busy });
    assert.deepEqual(decide(one, [busy, silent], 5_000).streamed, []);
    const other = waiting();
    other.asked.set(0, { askedOf: silent });
    assert.equal(decide(other, [busy, silent], 5_000).streamed.length, 1);
});

test("a connection that is being opened is hoped for as long as the patience", () => {
    const opening = [source({ open: false, since: 100 })];
    assert.equal(hasHope(opening, 100 + PATIENCE - 1, PATIENCE), true);
    assert.equal(hasHope(opening, 100 + PATIENCE, PATIENCE), false);
    assert.equal(hasHope([source({ missed: MOST_MISSED })], 0, PATIENCE), false);
});

test("an origin that failed is left alone for a while, and then nobody is left", () => {
    const readers = new Set([reading(0, 4)]);
    const failed = stateOf(4, { readers, originRetryAt: 1_000 });
    assert.deepEqual(decide(failed, [], 999), { asked: [], streamed: [], isHopeless: true, pieces: [] });
    assert.equal(decide(stateOf(4, { readers, originRetryAt: 1_000 }), [source()], 999).isHopeless, false);
    assert.equal(decide(stateOf(4, { readers, originRetryAt: 1_000 }), [], 1_000).streamed.length, 1);
});

test("nothing beyond the look-ahead is fetched, and a stream waits there", () => {
    const ahead = LOOK_AHEAD / (64 * KIB);
    const state = stateOf(ahead * 2, { readers: new Set([reading(0, ahead * 2)]) });
    const peers = [...Array(40)].map(() => source());
    assert.equal(Math.max(...decide(state, peers, 0).pieces), ahead - 1);
    assert.equal(mayStream(state, { next: ahead - 1, end: ahead * 2 }), true);
    assert.equal(mayStream(state, { next: ahead, end: ahead * 2 }), undefined);
});

test("a stream ends at its end, at a piece that is there, and when nobody reads any more", () => {
    const state = stateOf(9, { readers: new Set([reading(0, 9)]), pieces: [, , , "held"] });
    assert.equal(mayStream(state, { next: 2, end: 9 }), true);
    assert.equal(mayStream(state, { next: 3, end: 9 }), false);
    assert.equal(mayStream(state, { next: 5, end: 5 }), false);
    assert.equal(mayStream({ ...state, readers: new Set() }, { next: 2, end: 9 }), false);
});

test("what nobody reads is fetched only up to the limit for that", () => {
    const pieces = ["held", "held", "held"];
    assert.deepEqual(decide(stateOf(5, { pieces: [...pieces], mayComplete: 2 }), [source()], 0).pieces, [3, 4]);
    assert.deepEqual(decide(stateOf(5, { pieces: [...pieces], mayComplete: 1 }), [source()], 0).pieces, []);
    assert.deepEqual(decide(stateOf(5, { pieces: [...pieces], mayComplete: 2 }), [], 0).streamed, [{ next: 3, end: 5 }]);
});

test("the newest reader comes first", () => {
    const state = stateOf(100, { readers: new Set([reading(0, 100), reading(80, 100)]) });
    assert.deepEqual(decide(state, [source()], 0).pieces.slice(0, 3), [80, 81, 82]);
});

/** A world in which peers and the origin answer, fail and come and go at random. */
function simulate(random: RandomSource) {
    const count = 1 + random.below(120);
    const pieceLength = (64 * KIB) << random.below(5);
    const state = stateOf(count, { pieceLength, mayComplete: random.below(2) * count });
    const peers = [...Array(random.below(5))].map(() => source({ open: false, since: random.below(1_000) }));
    const start = random.below(count);
    const reader = reading(start, start + 1 + random.below(count - start));
    state.readers.add(reader);
    const isDone = () => reader.next === reader.end;

    for (let now = 0; !isDone(); now += 50) {
        assert.ok(now < 20 * 60_000, "the reader is never served");
        for (const peer of peers) {
            peer.open ||= random.below(10) === 0;
            if (random.below(60) === 0) peer.missed++;
            if (random.below(60) === 0) peer.busyUntil = now + 1_000;
        }
        const { asked, streamed } = decide(state, peers, now);
        for (const [piece, peer] of asked) {
            assert.ok(peer.open && peer.missed < MOST_MISSED && peer.busyUntil <= now);
            assert.ok(peer.requested === 1 || (peer.requested <= MOST_REQUESTS && peer.requestedBytes <= MOST_REQUESTED));
            const overlapping = [...state.openStreams].some(({ next, end }) => next <= piece && piece < end);
            assert.ok(piece < count && !overlapping, "a piece that the origin sends is asked of a peer");
        }
        for (const { next, end } of streamed) {
            assert.ok(next < end && end <= count && now >= state.originRetryAt);
            for (let piece = next; piece < end; piece++) assert.ok(!state.pieces[piece], "the origin is asked for what is there");
        }
        for (const [piece, { askedOf }] of [...state.asked]) {
            if (random.below(4)) continue;
            state.asked.delete(piece);
            (askedOf as Source).requested--;
            (askedOf as Source).requestedBytes -= pieceLength;
            (askedOf as Source).lastBlock = now;
            if (random.below(8)) state.pieces[piece] = "held";
        }
        for (const stream of [...state.openStreams]) {
            const may = mayStream(state, stream);
            if (may) state.pieces[stream.next++] = "held";
            if (may === false || random.below(40) === 0) state.openStreams.delete(stream);
            if (may && random.below(40) === 0) state.originRetryAt = now + 4_000;
        }
        if (!isDone() && state.pieces[reader.next] && random.below(2)) {
            reader.next++;
            reader.since = now;
        }
    }
}

test("whatever happens, no limit is broken and every reader is served", () => {
    for (let seed = 0; seed < 400; seed++) simulate(randomSource(seed));
});
