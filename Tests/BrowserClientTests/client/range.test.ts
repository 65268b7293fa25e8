import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRange } from "../../../Sources/BrowserClient/src/range";

const LENGTH = 1000;
const part = (start: number, end: number) => ({ status: 206, start, end });
const unsatisfiable = { status: 416, start: 0, end: 0 };

test("a Range header asks for what RFC 9110 §14 says", () => {
    const cases: [string | null, unknown][] = [
        [null, { status: 200, start: 0, end: LENGTH }],
        ["bytes=0-", part(0, LENGTH)],
        ["bytes=0-0", part(0, 1)],
        ["bytes=10-19", part(10, 20)],
        ["Bytes=10-19", part(10, 20)],
        ["bytes=999-", part(999, LENGTH)],
        ["bytes=990-5000", part(990, LENGTH)],
        ["bytes=-1", part(999, LENGTH)],
        ["bytes=-1000", part(0, LENGTH)],
        ["bytes=-5000", part(0, LENGTH)],
        ["bytes=00010-00019", part(10, 20)],
    ];
    for (const [header, span] of cases) assert.deepEqual(parseRange(header, LENGTH), span, String(header));
});

test("what lies outside is 416 with no byte", () => {
    for (const header of ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999-"]) {
        const span = parseRange(header, LENGTH);
        assert.equal(span?.status, 416, header);
        assert.equal(span!.end - span!.start, unsatisfiable.end, header);
    }
});

test("what is malformed, of another unit or of several ranges is left to the origin", () => {
    for (const header of ["bytes=-", "bytes=20-10", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes 0-1", "bytes=1", "bytes=0x1-2", ""]) {
        assert.equal(parseRange(header, LENGTH), undefined, header);
    }
});

test("a span is never empty unless it is 416, and never leaves the content", () => {
    for (let length = 1; length <= 6; length++) {
        for (let first = 0; first <= 8; first++) {
            for (let last = 0; last <= 8; last++) {
                for (const header of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
                    const span = parseRange(header, length);
                    if (!span || span.status === 416) continue;
                    assert.ok(0 <= span.start && span.start < span.end && span.end <= length, `${header} of ${length}`);
                }
            }
        }
    }
});
