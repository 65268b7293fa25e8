/** The connection to a tracker node (Protocol.md §2 to §5): batches what is asked, and connects again when it breaks. */

/** A message comes together for so long before it is sent. Milliseconds, like all here. */
const BATCH_DELAY = 5;
/** Full jitter: each pause is random, up to twice the last maximum, so that a tracker's clients do not return as one. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 120_000;
/** Entries of one message (§3), and the bytes that one may take with its quotes and comma. */
const MOST_ENTRIES = 32;
const MOST_LEFT = 256;
const ENTRY_LENGTH = 2_048 + 3;
const MESSAGE_OVERHEAD = 256;

/** One result of `found` (§4.3). */
export interface Found {
    content?: string;
    certificate?: string;
    layer?: string;
    peers?: string[];
    status?: string;
    retry?: number;
    code?: string;
    message?: string;
}

/** What is looked up: by URL, or by a certificate that is still valid. */
export type Query = { url: string } | { certificate: string };

export interface TrackerHost {
    welcome(peer: string, ice: string[]): void;
    signal(from: string, data: unknown): void;
    gone(peer: string): void;
    /** The connection broke, or could not be opened: whether there ever was one. */
    down(wasWelcome: boolean): void;
}

export interface Tracker {
    /** Rejects when there is no connection, or no answer within the patience. */
    find(query: Query, peers: number): Promise<Found>;
    announce(certificate: string): void;
    /** Without contents: all of them. */
    leave(contents?: string[]): void;
    signal(to: string, data: unknown): void;
    close(): void;
}

interface Asked {
    query: Query;
    peers: number;
    resolve(found: Found): void;
    reject(reason: Error): void;
}

interface Message {
    action: string;
    id?: number;
    peer: string;
    ice: string[];
    limits: Record<string, number>;
    results: Found[];
    from: string;
    data: unknown;
}

/** Connects at once. @param address of the node, `ws:` or `wss:` */
export function connectTracker(address: URL, patience: number, host: TrackerHost): Tracker {
    let socket: WebSocket | undefined;
    let isWelcome = false;
    let wasWelcome = false;
    let isClosed = false;
    let failures = 0;
    let entriesPerMessage = MOST_ENTRIES;
    let flushTimer: number | undefined;
    let reconnectTimer: number | undefined;
    let lastID = 0;
    let queue: Asked[] = [];
    let announcing: string[] = [];
    /** By message ID, in the order of their results. */
    const asked = new Map<number, Asked[]>();

    const send = (message: object) => {
        if (isWelcome) socket?.send(JSON.stringify(message));
    };

    function connect() {
        socket = new WebSocket(new URL("/v1/connect", address), "shoal.v1");
        socket.onmessage = ({ data }) => receive(JSON.parse(data));
        socket.onclose = () => {
            isWelcome = false;
            rejectAll();
            if (isClosed) return;
            const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures++);
            reconnectTimer = setTimeout(connect, Math.random() * pause);
            host.down(wasWelcome);
        };
    }

    function receive(message: Message) {
        const { action, id } = message;
        const waiting = asked.get(id!);
        asked.delete(id!);
        if (action === "welcome") {
            isWelcome = wasWelcome = true;
            failures = 0;
            const room = message.limits["message-size-limit"] - MESSAGE_OVERHEAD;
            entriesPerMessage = Math.max(1, Math.min(MOST_ENTRIES, Math.floor(room / ENTRY_LENGTH)));
            host.welcome(message.peer, message.ice);
            flush();
        }
        if (action === "found") waiting?.forEach((asked, index) => asked.resolve(message.results[index]));
        if (action === "error") waiting?.forEach((asked) => asked.reject(Error("refused")));
        if (action === "signal") host.signal(message.from, message.data);
        if (action === "gone") host.gone(message.peer);
    }

    function rejectAll() {
        for (const each of [...queue, ...[...asked.values()].flat()]) each.reject(Error("no tracker"));
        asked.clear();
        queue = [];
        announcing = [];
    }

    function flushSoon() {
        flushTimer ??= setTimeout(flush, BATCH_DELAY);
    }

    function flush() {
        clearTimeout(flushTimer);
        flushTimer = undefined;
        if (!isWelcome) return;
        while (announcing.length) {
            send({ action: "announce", id: ++lastID, certificates: announcing.splice(0, entriesPerMessage) });
        }
        while (queue.length) {
            const { peers } = queue[0];
            const batch = queue.filter((each) => each.peers === peers).slice(0, entriesPerMessage);
            queue = queue.filter((each) => !batch.includes(each));
            const urls = batch.flatMap(({ query }) => ("url" in query ? query.url : []));
            const certificates = batch.flatMap(({ query }) => ("url" in query ? [] : query.certificate));
            asked.set(++lastID, [
                ...batch.filter(({ query }) => "url" in query),
                ...batch.filter(({ query }) => !("url" in query)),
            ]);
            send({ action: "find", id: lastID, urls, certificates, peers });
        }
    }

    connect();
    return {
        find: (query, peers) =>
            new Promise((resolve, reject) => {
                if (!isWelcome && failures) return reject(Error("no tracker"));
                queue.push({ query, peers, resolve, reject });
                setTimeout(() => reject(Error("no answer")), patience);
                flushSoon();
            }),
        announce(certificate) {
            announcing.push(certificate);
            flushSoon();
        },
        leave(contents) {
            if (!contents) return send({ action: "leave", id: ++lastID });
            for (let at = 0; at < contents.length; at += MOST_LEFT) {
                send({ action: "leave", id: ++lastID, contents: contents.slice(at, at + MOST_LEFT) });
            }
        },
        signal: (to, data) => send({ action: "signal", to, data }),
        close() {
            isClosed = true;
            clearTimeout(reconnectTimer);
            socket?.close();
        },
    };
}
