/** Answers the service worker, request by request: messages.ts has the words. */

import { ToPage, Word } from "./messages";
import { Answer } from "./session";

/** How many bodies are on their way to the worker. */
export let transfers = 0;

/** @param decide how the request is answered; nothing when the origin shall */
export async function answerRequest(
    { shoal: { url, range } }: ToPage,
    port: MessagePort,
    decide: (url: string, range: string | null) => Promise<Answer | undefined> | undefined,
): Promise<void> {
    let isCancelled = false;
    port.onmessage = ({ data }) => (isCancelled ||= data === Word.cancel);
    port.postMessage(Word.held);
    const answer = await decide(url, range)?.catch(() => undefined);
    port.postMessage(answer?.head ?? null);
    const reading = answer?.reading;
    if (!reading) return;

    let left = answer.head.length;
    const close = () => {
        port.onmessage = null;
        transfers--;
        reading.close();
    };
    transfers++;
    port.onmessage = async ({ data }) => {
        try {
            if (data !== Word.pull) return close();
            const chunk = await reading.read();
            left -= chunk.length;
            port.postMessage(chunk, [chunk.buffer]);
            if (!left) close();
        } catch {
            port.postMessage(null);
            close();
        }
    };
    if (isCancelled) close();
}
