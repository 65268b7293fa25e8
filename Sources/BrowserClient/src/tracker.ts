/** The connection to a tracker node (Protocol.md §2 to §5), opened again whenever it breaks. */

import { FIRST_PAUSE, LONGEST_PAUSE, TICK } from "./limits";
import { recall, remember } from "./memory";

/** Under this name it is remembered how often the tracker could not be reached since it last was. */
const FAILURES = "failures";

/** The `readyState` of an open socket: `WebSocket.OPEN`, which costs bytes. */
const OPEN = 1;

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
    action: "welcome" | "announced" | "found" | "left" | "signal" | "gone" | "error" | "move";
    id: number;
    results?: Result[];
    peer: string;
    ice: string[];
    from: string;
    data: unknown;
    /** Milliseconds. */
    delay: number;
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
    /** Resolves when there is a connection, or there is none and the patience has ended. */
    let ready: Promise<void>;
    /** A tracker that was never reached counts as one that failed. */
    let failures = +(recall(FAILURES) ?? 1);
    let lastID = 0;
    let isClosed = false;

    function connect() {
        ready = new Promise((resolve) => {
            const ended = () => {
                resolve();
                for (const answer of asked.values()) answer();
                if (isClosed) return;
                remember(FAILURES, ++failures);
                const limit = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
                setTimeout(connect, Math.random() * limit);
                hear();
            };
            setTimeout(resolve, patience);
            // Browsers log a WebSocket that cannot be opened, which no script can prevent; Firefox logs no such fetch.
            (failures ? fetch(keyset, { mode: "no-cors" }) : Promise.resolve())
                .then(() => {
                    if (isClosed) return;
                    const opened = (socket = new WebSocket(new URL("/v1/connect", address), "shoal.v1"));
                    // To another node (§4.8), when nothing is open here. The peers stay: they do not need this connection.
                    const move = () => (asked.size ? setTimeout(move, TICK) : opened.close());
                    opened.onclose = ended;
                    opened.onmessage = ({ data }) => {
                        const message: Message = JSON.parse(data);
                        if (message.action === "move") setTimeout(move, message.delay);
                        if (message.action === "welcome") {
                            remember(FAILURES, (failures = 0));
                            resolve();
                        }
                        const answer = asked.get(message.id);
                        answer ? answer(message) : hear(message);
                    };
                })
                .catch(ended);
        });
    }

    /** Says whether there was a connection to send it on. */
    function send(message: object): boolean {
        const isOpen = socket?.readyState === OPEN;
        if (isOpen) socket!.send(JSON.stringify(message));
        return isOpen;
    }

    connect();
    return {
        async ask(message) {
            await ready;
            const id = ++lastID;
            if (!send({ ...message, id })) return;
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
