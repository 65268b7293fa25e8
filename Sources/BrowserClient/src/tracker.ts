/** The connection to a tracker node (Protocol.md §2 to §5), opened again whenever it breaks. */

import { FIRST_PAUSE, LONGEST_PAUSE } from "./limits";

/** One entry of `results` (§4.2, §4.3). */
export interface Result {
    content?: string;
    certificate?: string;
    layer?: string;
    peers?: string[];
    status?: "pending" | "degraded";
    retry?: number;
    /** Refused. */
    code?: string;
}

/** What a node sends. */
export interface Message {
    action: "welcome" | "announced" | "found" | "left" | "signal" | "gone" | "error";
    id: number;
    results?: Result[];
    peer: string;
    ice: string[];
    from: string;
    data: unknown;
}

export interface Tracker {
    /** Sends a message that is answered; rejects when there is no connection, or no good answer within the patience. */
    ask(message: { action: "announce" | "find" | "leave"; [field: string]: unknown }): Promise<Result[] | undefined>;
    signal(to: string, data: unknown): void;
    close(): void;
}

/**
 * Connects at once.
 * @param address of the node, `ws:` or `wss:`
 * @param patience milliseconds that the connection and each answer may take
 * @param hear is told what no message asked for; nothing: the connection ended, or could not be opened
 */
export function connectTracker(address: URL, patience: number, hear: (message?: Message) => void): Tracker {
    /** What takes the answers to messages, by ID; nothing: there will be none. */
    const asked = new Map<number, (answer?: Message) => void>();
    let socket: WebSocket;
    /** Resolves once there is a connection. Rejects while there is none, and for one that takes too long. */
    let ready: Promise<void>;
    let isClosed = false;
    let failures = 0;
    let lastID = 0;
    let timer: number;

    function connect() {
        socket = new WebSocket(new URL("/v1/connect", address), "shoal.v1");
        ready = new Promise((resolve, reject) => {
            setTimeout(reject, patience);
            socket.onmessage = ({ data }) => {
                const message: Message = JSON.parse(data);
                if (message.action === "welcome") {
                    failures = 0;
                    resolve();
                    ready = Promise.resolve();
                }
                const settle = asked.get(message.id);
                settle ? settle(message) : hear(message);
            };
            socket.onclose = () => {
                reject();
                ready = Promise.reject();
                ready.catch(() => {});
                for (const settle of asked.values()) settle();
                if (isClosed) return;
                const limit = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures++);
                timer = setTimeout(connect, Math.random() * limit);
                hear();
            };
        });
        ready.catch(() => {});
    }

    connect();
    return {
        async ask(message) {
            await ready;
            const id = ++lastID;
            return new Promise((resolve, reject) => {
                asked.set(id, (answer) => {
                    asked.delete(id);
                    answer && answer.action !== "error" ? resolve(answer.results) : reject();
                });
                setTimeout(() => asked.get(id)?.(), patience);
                socket.send(JSON.stringify({ ...message, id }));
            });
        },
        signal: (to, data) => ready.then(() => socket.send(JSON.stringify({ action: "signal", to, data })), () => {}),
        close() {
            isClosed = true;
            clearTimeout(timer);
            socket.close();
        },
    };
}
