import assert from "node:assert/strict";
import { test } from "node:test";
import { Type, decodeFrame, encodeFrame } from "../../../Sources/BrowserClient/src/frames";
import { randomSource } from "./random";

const filled = (length: number, value = 7) => new Uint8Array(length).fill(value);
const buffer = (...bytes: number[]) => new Uint8Array(bytes).buffer;

test("messages are laid out as Protocol.md §6.3 says", () => {
    const request = new Uint8Array(encodeFrame(Type.request, 0x01020304, filled(32), 0x05060708));
    assert.deepEqual([...request], [1, 1, 2, 3, 4, 5, 6, 7, 8, ...filled(32)]);
    const block = new Uint8Array(encodeFrame(Type.block, 0xfffefdfc, [9, 10], 3));
    assert.deepEqual([...block], [2, 255, 254, 253, 252, 0, 0, 0, 3, 9, 10]);
    assert.deepEqual([...new Uint8Array(encodeFrame(Type.refuse, 1, [2]))], [3, 0, 0, 0, 1, 2]);
    assert.deepEqual([...new Uint8Array(encodeFrame(Type.cancel, 1))], [4, 0, 0, 0, 1]);
});

test("what is encoded is decoded again", () => {
    const random = randomSource(1);
    for (let round = 0; round < 500; round++) {
        const type = 1 + random.below(4);
        const length = [0, 32, 1 + random.below(16_384), 1, 0][type];
        const rest = Uint8Array.from({ length }, () => random.below(256));
        const id = random.below(2 ** 32);
        const index = type <= Type.block ? random.below(2 ** 32) : 0;
        assert.deepEqual(decodeFrame(encodeFrame(type, id, rest, index)), { type, id, index, rest });
    }
});

test("every length but the layout's is refused", () => {
    const accepted: Record<number, (length: number) => boolean> = {
        [Type.request]: (length) => length === 41,
        [Type.block]: (length) => length >= 10 && length <= 16_393,
        [Type.refuse]: (length) => length === 6,
        [Type.cancel]: (length) => length === 5,
    };
    const lengths = [...Array(60).keys(), 16_392, 16_393, 16_394, 20_000];
    for (let type = 0; type < 256; type++) {
        for (const length of lengths.slice(1)) {
            const message = filled(length, 0);
            message[0] = type;
            const isFrame = decodeFrame(message.buffer) !== undefined;
            assert.equal(isFrame, accepted[type]?.(length) ?? false, `type ${type}, ${length} bytes`);
        }
    }
});

test("nothing, text and other objects are refused", () => {
    for (const message of [buffer(), "request", null, undefined, 1, {}, filled(41)]) {
        assert.equal(decodeFrame(message), undefined);
    }
});

test("no bytes make the decoder throw", () => {
    const random = randomSource(2);
    for (let round = 0; round < 20_000; round++) {
        const message = Uint8Array.from({ length: random.below(64) }, () => random.below(256));
        if (message.length) message[0] %= 6;
        const frame = decodeFrame(message.buffer);
        if (frame) assert.deepEqual(new Uint8Array(encodeFrame(frame.type, frame.id, frame.rest, frame.index)), message);
    }
});
