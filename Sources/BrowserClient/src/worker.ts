/** The service worker: asks the page for what a request wants, and passes on what it answers. */

import { isServed } from "./intercept";
import { ANSWER_TIMEOUT, MOST_SILENT } from "./limits";
import { Chunk, Head, ToWorker, Word } from "./messages";

declare const self: ServiceWorkerGlobalScope;

/** In our own URL, because it must be known before the first request, each time the browser starts this worker. */
const paths: string[] = new URLSearchParams(location.search).get("paths")?.match(/\/\S*/g) ?? [];

/** Pages that did not answer, so that their next requests do not wait. */
const silent = new Set<string>();

self.addEventListener("message", ({ data, source }) => {
    const word = (data as ToWorker | null)?.shoal;
    if (!word) return;
    silent.delete((source as Client).id);
    // A site's own worker decides by itself when it takes over; only one that Shoal registered does so at once.
    if (word === "own") {
        self.skipWaiting();
        self.clients.claim().catch(() => {}); // A waiting worker cannot; it need not, its pages follow it.
    }
});

self.addEventListener("fetch", (event) => {
    const { request, clientId } = event;
    if (!clientId || silent.has(clientId) || !isServed(request, location.origin, paths)) return;
    event.respondWith(answer(event).then((response) => response ?? fetch(request)));
});

async function answer({ request, clientId }: FetchEvent): Promise<Response | undefined> {
    const client = await self.clients.get(clientId);
    if (!client) return;
    const { port1, port2 } = new MessageChannel();
    const cancel = () => port1.postMessage(Word.cancel);
    // A body that was never taken is not cancelled by itself.
    request.signal.onabort = cancel;
    const head = await new Promise<Head | null>((resolve) => {
        const timer = setTimeout(() => {
            if (silent.size >= MOST_SILENT) silent.clear();
            silent.add(clientId);
            port1.postMessage(Word.late);
            resolve(null);
        }, ANSWER_TIMEOUT);
        port1.onmessage = ({ data }) => {
            clearTimeout(timer);
            if (data !== Word.held) resolve(data);
        };
        client.postMessage({ shoal: { url: request.url.split("#")[0], range: request.headers.get("range") } }, [port2]);
    });
    if (!head) return;
    return new Response(head.length ? body(port1, head.length, cancel) : null, head);
}

/** Takes a chunk when the reader wants one. Ends when `length` bytes have come, and with an error otherwise. */
function body(port: MessagePort, length: number, cancel: () => void): ReadableStream<Uint8Array> {
    return new ReadableStream(
        {
            async pull(controller) {
                const chunk = await new Promise<Chunk>((resolve) => {
                    port.onmessage = ({ data }) => resolve(data);
                    port.postMessage(Word.pull);
                });
                if (!chunk) return controller.error();
                controller.enqueue(chunk);
                length -= chunk.length;
                if (!length) controller.close();
            },
            cancel,
        },
        { highWaterMark: 0 },
    );
}
