import assert from "node:assert/strict";
import { test } from "node:test";
import { Reason, Type, decodeFrame, encodeFrame } from "../../../Sources/BrowserClient/src/frames";
import { BLOCK, CANCEL_GRACE, MOST_WAITING, REQUEST_TIMEOUT } from "../../../Sources/BrowserClient/src/limits";
import { Channel, createPeer } from "../../../Sources/BrowserClient/src/peer";
import { settled, withClock } from "./clock";

const CONTENT = "bj-vHifUX8pwI0ro9vCnNGIs_4puqCS39g0_-voqRlQ";
const LENGTH = BLOCK + 100;

function connect({ mayUpload = true, pieces = {} as Record<number, Uint8Array> } = {}) {
    const sent: NonNullable<ReturnType<typeof decodeFrame>>[] = [];
    let end: "open" | "ended" | "dropped" = "open";
    const channel = {
        readyState: "open",
        bufferedAmount: 0,
        send: (data: ArrayBuffer) => sent.push(decodeFrame(data)!),
    } as unknown as Channel;
    const host = {
        piece: async (_: string, piece: number) => pieces[piece]?.buffer as ArrayBuffer | undefined,
        mayUpload: () => mayUpload,
        changed() {},
    };
    const peer = createPeer("peer", channel, host, (forGood) => (end = forGood ? "dropped" : "ended"));
    channel.onopen!.call(channel as RTCDataChannel, {} as Event);
    return {
        peer,
        channel,
        sent,
        how: () => end,
        receive: (data: unknown) => channel.onmessage!.call(channel as RTCDataChannel, { data } as MessageEvent),
    };
}

const block = (id: number, index: number, length: number) => encodeFrame(Type.block, id, new Uint8Array(length).fill(index + 1), index);

test("a piece is put together from its blocks in any order, also when one comes twice", async () => {
    const { peer, receive, sent, how } = connect();
    const request = peer.request(CONTENT, 5, LENGTH);
    assert.deepEqual([sent[0].type, sent[0].index, peer.requested, peer.requestedBytes], [Type.request, 5, 1, LENGTH]);
    receive(block(sent[0].id, 1, 100));
    receive(block(sent[0].id, 1, 100));
    assert.equal(peer.requested, 1);
    receive(block(sent[0].id, 0, BLOCK));
    const bytes = (await request.answer) as Uint8Array;
    assert.deepEqual([bytes.length, bytes[0], bytes[BLOCK], bytes[LENGTH - 1]], [LENGTH, 1, 2, 2]);
    assert.deepEqual([peer.requested, peer.requestedBytes, peer.received, how()], [0, 0, LENGTH + 100, "open"]);
});

test("who breaks the protocol is dropped, and its requests end", async () => {
    const breaches: Record<string, (id: number) => unknown> = {
        "text": () => "hello",
        "nothing": () => new ArrayBuffer(0),
        "unknown type": () => new Uint8Array([5, 0, 0, 0, 1]).buffer,
        "too short": () => new Uint8Array([1, 0, 0, 0, 1]).buffer,
        "too long": (id) => new Uint8Array([4, 0, 0, 0, id, 0]).buffer,
        "a block nobody asked for": (id) => block(id + 1, 0, BLOCK),
        "a block outside of the piece": (id) => block(id, 2, 100),
        "a block far outside": (id) => block(id, 2 ** 31, 100),
        "a block too short": (id) => block(id, 0, BLOCK - 1),
        "a last block too long": (id) => block(id, 1, 101),
    };
    for (const [name, breach] of Object.entries(breaches)) {
        const { peer, receive, sent, how } = connect();
        const request = peer.request(CONTENT, 0, LENGTH);
        receive(breach(sent[0].id));
        assert.equal(how(), "dropped", name);
        assert.equal(await request.answer, undefined, name);
        assert.deepEqual([peer.open, peer.requested], [false, 0], name);
    }
});

test("a refusal ends the request, and only who is too busy is left alone for a while", async () => {
    for (const reason of [Reason.notHere, Reason.tooBusy, Reason.noUpload]) {
        const { peer, receive, sent, how } = connect();
        const request = peer.request(CONTENT, 0, LENGTH);
        receive(encodeFrame(Type.refuse, sent[0].id, [reason]));
        assert.equal(await request.answer, reason);
        assert.equal(peer.busyUntil > 0, reason === Reason.tooBusy);
        assert.equal(how(), "open");
    }
});

test("a request that is not answered in time is withdrawn and counted, and its late blocks are no breach for 10 seconds", () =>
    withClock((pass) => {
        const { peer, receive, sent, how } = connect();
        peer.request(CONTENT, 0, LENGTH);
        pass(REQUEST_TIMEOUT - 1);
        assert.deepEqual([peer.missed, sent.length], [0, 1]);
        pass(1);
        assert.deepEqual([peer.missed, peer.requested, sent[1].type, sent[1].id], [1, 0, Type.cancel, sent[0].id]);
        pass(CANCEL_GRACE - 1);
        receive(block(sent[0].id, 0, BLOCK));
        assert.equal(how(), "open");
        pass(1);
        receive(block(sent[0].id, 0, BLOCK));
        assert.equal(how(), "dropped");
    }));

test("a piece is served block by block", async () => {
    const piece = new Uint8Array(LENGTH).map((_, at) => at % 251);
    const { receive, sent, peer } = connect({ pieces: { 3: piece } });
    receive(encodeFrame(Type.request, 77, new Uint8Array(32), 3));
    await settled();
    assert.deepEqual(sent.map(({ type, id, index, rest }) => [type, id, index, rest.length]), [[2, 77, 0, BLOCK], [2, 77, 1, 100]]);
    assert.deepEqual(Buffer.concat(sent.map(({ rest }) => rest)), Buffer.from(piece));
    assert.equal(peer.sent, LENGTH);
});

test("what is not here, and everything while nothing may be given, is refused", async () => {
    for (const [mayUpload, reason] of [[true, Reason.notHere], [false, Reason.noUpload]] as const) {
        const { receive, sent } = connect({ mayUpload, pieces: mayUpload ? {} : { 3: new Uint8Array(10) } });
        receive(encodeFrame(Type.request, 1, new Uint8Array(32), 3));
        await settled();
        assert.deepEqual(sent.map(({ type, rest }) => [type, ...rest]), [[Type.refuse, reason]]);
    }
});

test("64 requests wait, one more is refused as too busy, and a cancelled one is never served", async () => {
    const { receive, sent, channel } = connect({ pieces: { 3: new Uint8Array(10) } });
    Object.assign(channel, { bufferedAmount: 2 ** 30 });
    for (let id = 0; id <= MOST_WAITING; id++) receive(encodeFrame(Type.request, id, new Uint8Array(32), 3));
    assert.deepEqual(sent.map(({ type, id, rest }) => [type, id, ...rest]), [[Type.refuse, MOST_WAITING, Reason.tooBusy]]);
    receive(encodeFrame(Type.cancel, 5));
    receive(encodeFrame(Type.cancel, 999));
    await settled();
    Object.assign(channel, { bufferedAmount: 0 });
    channel.onbufferedamountlow!.call(channel as RTCDataChannel, {} as Event);
    for (let turn = 0; turn < 200; turn++) await settled();
    const served = sent.filter(({ type }) => type === Type.block).map(({ id }) => id);
    assert.deepEqual(served, [...Array(MOST_WAITING).keys()].filter((id) => id !== 5));
});

test("a channel that closes ends what was asked, and is no breach", async () => {
    const { peer, channel, how } = connect();
    const request = peer.request(CONTENT, 0, LENGTH);
    channel.onclose!.call(channel as RTCDataChannel, {} as Event);
    assert.deepEqual([await request.answer, how(), peer.open], [undefined, "ended", false]);
});
