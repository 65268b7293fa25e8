/** Answers the service worker, request by request: messages.ts has the words. */

import { CANCEL, HELD, PULL, ToPage } from "./messages";
import { Answer } from "./session";

/** The bodies on their way to the worker. */
export const transfers = new Set<MessagePort>();

/** @param decide how the request is answered; nothing when the origin shall */
export async function answerRequest(
    { shoal: { url, range } }: ToPage,
    port: MessagePort,
    decide: (url: string, range: string | null) => Promise<Answer | undefined> | undefined,
): Promise<void> {
    let isCancelled = false;
    port.onmessage = ({ data }) => (isCancelled ||= data === CANCEL);
    port.postMessage(HELD);
    const answer = await decide(url, range)?.catch(() => undefined);
    port.postMessage(answer?.head ?? null);
    const reading = answer?.reading;
    if (!reading) return;

    let left = answer.head.length;
    const close = () => {
        transfers.delete(port);
        reading.close();
    };
    transfers.add(port);
    port.onmessage = async ({ data }) => {
        try {
            if (data !== PULL) return close();
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
