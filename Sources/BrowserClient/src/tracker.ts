/** The connection to a tracker node (Protocol.md §2 to §5), opened again whenever it breaks. */

import { FIRST_PAUSE, LONGEST_PAUSE } from "./limits";
import { recall, remember } from "./memory";

/** Under this name it is remembered how often the tracker could not be reached since it last was. */
const FAILURES = "failures";

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
    /** Sends a message that is answered; nothing when there is no connection, or no good answer within the patience. */
    ask(message: { action: "announce" | "find" | "leave"; [field: string]: unknown }): Promise<Result[] | undefined>;
    signal(to: string, data: unknown): void;
    close(): void;
}

/**
 * Connects at once.
 * @param address of the node, `ws:` or `wss:`
 * @param keyset another address of the node, where a visit leaves no trace
 * @param patience milliseconds that the connection and each answer may take
 * @param hear is told what no message asked for; nothing: the connection ended, or could not be opened
 */
export function connectTracker(
    address: URL,
    keyset: URL,
    patience: number,
    hear: (message?: Message) => void,
): Tracker {
    /** What takes the answers to messages, by ID; nothing: there will be none. */
    const asked = new Map<number, (answer?: Message) => void>();
    let socket: WebSocket | undefined;
    /** Resolves to whether there is a connection; while one is being opened, not before the patience has ended. */
    let ready: Promise<boolean>;
    /** A tracker that was never reached counts as one that failed. */
    let failures = +(recall(FAILURES) ?? 1);
    let lastID = 0;
    let isClosed = false;

    function connect() {
        ready = new Promise((resolve) => {
            const settle = (isOpen: boolean) => {
                resolve(isOpen);
                ready = Promise.resolve(isOpen);
            };
            const ended = () => {
                remember(FAILURES, ++failures);
                settle(false);
                for (const answer of asked.values()) answer();
                if (isClosed) return;
                const limit = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
                setTimeout(connect, Math.random() * limit);
                hear();
            };
            setTimeout(resolve, patience, false);
            // Browsers log a WebSocket that cannot be opened, which no script can prevent; Firefox logs no such fetch.
            (failures ? fetch(keyset, { mode: "no-cors" }) : Promise.resolve())
                .then(() => {
                    if (isClosed) return;
                    socket = new WebSocket(new URL("/v1/connect", address), "shoal.v1");
                    socket.onclose = ended;
                    socket.onmessage = ({ data }) => {
                        const message: Message = JSON.parse(data);
                        if (message.action === "welcome") {
                            remember(FAILURES, (failures = 0));
                            settle(true);
                        }
                        const answer = asked.get(message.id);
                        answer ? answer(message) : hear(message);
                    };
                })
                .catch(ended);
        });
    }

    function send(message: object) {
        if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    }

    connect();
    return {
        async ask(message) {
            if (!(await ready)) return;
            const id = ++lastID;
            send({ ...message, id });
            return new Promise((resolve) => {
                asked.set(id, (answer) => {
                    asked.delete(id);
                    resolve(answer?.results);
                });
                setTimeout(() => asked.get(id)?.(), patience);
            });
        },
        signal: (to, data) => send({ action: "signal", to, data }),
        close() {
            isClosed = true;
            socket?.close();
        },
    };
}
