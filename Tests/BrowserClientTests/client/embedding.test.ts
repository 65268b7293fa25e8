import assert from "node:assert/strict";
import { test } from "node:test";
import { isServed } from "../../../Sources/BrowserClient/src/intercept";
import { readSettings } from "../../../Sources/BrowserClient/src/settings";
import { toEvict } from "../../../Sources/BrowserClient/src/store";

const BASE = "https://site.example/page/";
const ROOT = "zRAn6V0r7HTxiPoIq6J9xyQjXqGpdQv2jJD95V9bitM";
const required = { tracker: "wss://tracker.example", root: ROOT };

test("the script tag needs a tracker and a root key; the rest has defaults", () => {
    const settings = readSettings(required, BASE);
    assert.deepEqual(
        { ...settings, tracker: settings.tracker.href },
        { tracker: "wss://tracker.example/", root: ROOT, worker: undefined, needsConsent: false, patience: 1_500, quota: 512 * 2 ** 20 },
    );
});

test("attributes are read", () => {
    const data = { ...required, worker: "/sw.js", consent: "required", patience: "300", quota: "64", paths: "/a/ /b/c" };
    const settings = readSettings(data, BASE);
    assert.equal(settings.worker!.origin + settings.worker!.pathname, "https://site.example/sw.js");
    assert.equal(settings.worker!.searchParams.get("paths"), "/a/ /b/c");
    assert.deepEqual([settings.needsConsent, settings.patience, settings.quota], [true, 300, 64 * 2 ** 20]);
});

test("a bad value is named", () => {
    const bad: Record<string, (string | undefined)[]> = {
        tracker: [undefined, "", "tracker.example", "https://tracker.example"],
        root: [undefined, "", ROOT + "A", ROOT.slice(1), ROOT.replace("z", "=")],
        consent: ["yes"],
        paths: ["downloads/", "/a  /b", " /a"],
        patience: ["", "0", "-1", "soon"],
        quota: ["", "0", "-1", "much"],
    };
    for (const [name, values] of Object.entries(bad)) {
        for (const value of values) {
            const data = { ...required, worker: "/sw.js", [name]: value };
            assert.throws(() => readSettings(data, BASE), new RegExp(`data-${name} `), `${name}=${value}`);
        }
    }
    assert.throws(() => readSettings({ ...required, paths: "/a/" }, BASE), /data-paths/, "the worker is the site's");
});

const request = (change: object = {}) => ({
    method: "GET",
    mode: "no-cors" as RequestMode,
    destination: "image" as RequestDestination,
    url: "https://site.example/a.jpg",
    headers: [] as [string, string][],
    ...change,
});

test("the worker asks the page about same-origin GETs of media and of the site's paths, and of nothing else", () => {
    const served = [
        {},
        ...["image", "video", "audio", "font", "track", "object", "embed"].map((destination) => ({ destination })),
        { headers: [["range", "bytes=0-"], ["accept", "*/*"]] },
        { destination: "", url: "https://site.example/downloads/a.zip" },
    ];
    const left = [
        { method: "HEAD" },
        { method: "POST" },
        { mode: "navigate", destination: "embed" },
        { url: "https://other.example/a.jpg" },
        { url: "http://site.example/a.jpg" },
        { destination: "" },
        { destination: "script" },
        { destination: "", url: "https://site.example/x/downloads/" },
        ...["authorization", "x-shoal", "if-range", "if-none-match"].map((name) => ({ headers: [[name, "x"]] })),
    ];
    const isAsked = (change: object) => isServed(request(change), "https://site.example", ["/downloads/"]);
    for (const change of served) assert.ok(isAsked(change), JSON.stringify(change));
    for (const change of left) assert.ok(!isAsked(change), JSON.stringify(change));
});

test("what was not used for longest makes room, and no more than is needed", () => {
    const index = Object.fromEntries([["a", 30], ["b", 10], ["c", 20]].map(([url, used]) => [url, { jws: "", length: 100, used: +used }]));
    assert.deepEqual(toEvict(index, 100, 400), []);
    assert.deepEqual(toEvict(index, 101, 400), ["b"]);
    assert.deepEqual(toEvict(index, 300, 400), ["b", "c"]);
    assert.deepEqual(toEvict(index, 400, 400), ["b", "c", "a"]);
    assert.deepEqual(toEvict({}, 500, 400), []);
});
