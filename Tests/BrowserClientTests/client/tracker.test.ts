import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_PAUSE, TICK } from "../../../Sources/BrowserClient/src/limits";
import { Message, connectTracker } from "../../../Sources/BrowserClient/src/tracker";
import { settled, withClock } from "./clock";

const PATIENCE = 1_500;
/** The longest pause before a connection that was good is opened again. */
const PAUSE = 2 * FIRST_PAUSE;

/** The node's end of a connection. */
class Socket {
    readyState = 0;
    sent: { action: string; id: number }[] = [];
    onclose?(): void;
    onmessage?(event: { data: string }): void;

    constructor(readonly address: URL) {
        sockets.push(this);
    }
    send(text: string) {
        assert.equal(this.readyState, 1, "browsers complain about what is sent on a connection that is not open");
        this.sent.push(JSON.parse(text));
    }
    close() {
        this.readyState = 2;
    }
    say(message: object) {
        this.onmessage!({ data: JSON.stringify(message) });
    }
    welcome() {
        this.readyState = 1;
        this.say({ action: "welcome", peer: `peer ${sockets.length}`, ice: [] });
    }
    end() {
        this.readyState = 3;
        this.onclose!();
    }
}

let sockets: Socket[] = [];

/** Runs with a client that has just been welcomed. `heard`: what it was told that no message asked for. */
const connected = (
    run: (client: ReturnType<typeof connectTracker>, heard: (Message | undefined)[], pass: (milliseconds: number) => void) => unknown,
) =>
    withClock(async (pass) => {
        sockets = [];
        Object.assign(globalThis, { WebSocket: Socket, fetch: async () => {} });
        const heard: (Message | undefined)[] = [];
        const addresses = [new URL("ws://tracker.example"), new URL("http://tracker.example/v1/keyset")] as const;
        const client = connectTracker(...addresses, PATIENCE, (message) => heard.push(message));
        await settled();
        sockets[0].welcome();
        await run(client, heard, pass);
    });

test("a client moves when its time has come, and is welcomed elsewhere", () =>
    connected(async (client, heard, pass) => {
        sockets[0].say({ action: "move", delay: 7_000 });
        pass(6_999);
        assert.equal(sockets[0].readyState, 1);
        pass(1);
        assert.equal(sockets[0].readyState, 2);
        assert.equal(await client.ask({ action: "leave" }), undefined);
        sockets[0].end();
        assert.equal(heard.at(-1), undefined);
        pass(PAUSE);
        await settled();
        assert.equal(sockets.length, 2);
        sockets[1].welcome();
        assert.equal(heard.at(-1)?.peer, "peer 2");
        const answer = client.ask({ action: "find", urls: ["https://a.example/"] });
        await settled();
        sockets[1].say({ action: "found", id: sockets[1].sent[0].id, results: [{ status: "pending" }] });
        assert.deepEqual(await answer, [{ status: "pending" }]);
    }));

test("it waits for what it has asked, and for what is asked meanwhile", () =>
    connected(async (client, _, pass) => {
        const first = client.ask({ action: "find", urls: ["https://a.example/"] });
        await settled();
        sockets[0].say({ action: "move", delay: 100 });
        pass(100);
        const second = client.ask({ action: "announce", certificates: ["a.b.c"] });
        await settled();
        sockets[0].say({ action: "found", id: sockets[0].sent[0].id, results: [] });
        pass(TICK);
        assert.equal(sockets[0].readyState, 1);
        sockets[0].say({ action: "announced", id: sockets[0].sent[1].id, results: [] });
        assert.deepEqual(await Promise.all([first, second]), [[], []]);
        assert.equal(sockets[0].readyState, 1);
        pass(TICK);
        assert.equal(sockets[0].readyState, 2);
    }));

test("it does not wait for an answer that never comes", () =>
    connected(async (client, _, pass) => {
        const answer = client.ask({ action: "find", urls: ["https://a.example/"] });
        await settled();
        sockets[0].say({ action: "move", delay: 0 });
        pass(PATIENCE);
        assert.equal(await answer, undefined);
        pass(TICK);
        assert.equal(sockets[0].readyState, 2);
    }));

test("a move ends no other connection than its own", () =>
    connected(async (_, __, pass) => {
        sockets[0].say({ action: "move", delay: 60_000 });
        sockets[0].end();
        pass(PAUSE);
        await settled();
        sockets[1].welcome();
        pass(60_000);
        assert.equal(sockets[1].readyState, 1);
        assert.equal(sockets.length, 2);
    }));

test("without a connection a question waits for one, but not longer than the patience", () =>
    connected(async (client, _, pass) => {
        sockets[0].end();
        assert.equal(await client.ask({ action: "leave" }), undefined);
        pass(PAUSE);
        await settled();
        let answer: unknown = "none yet";
        const early = client.ask({ action: "leave" }).then((results) => (answer = results));
        await settled();
        assert.equal(answer, "none yet");
        pass(PATIENCE);
        await early;
        assert.equal(answer, undefined);
        sockets[1].welcome();
        void client.ask({ action: "leave" });
        await settled();
        assert.deepEqual(sockets[1].sent.map(({ action }) => action), ["leave"]);
    }));
