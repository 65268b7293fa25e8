export const MALFORMED = "malformed";

/** Throws an error that says `problem`, unless `condition` holds. */
export function check(condition: unknown, problem: string): asserts condition {
    if (!condition) throw Error(problem);
}

/** base64url without padding (RFC 4648 §5). */
export const toBase64URL = (bytes: Uint8Array): string =>
    btoa(String.fromCharCode(...bytes))
        .replace(/\+/g, "-")
        .replace(/\//g, "_")
        .replace(/=/g, "");

/**
 * The bytes of a base64url text. Throws for padding, white space, foreign characters and spare bits that are not zero:
 * `atob` lets all of them pass, so the text must be exactly what encoding the bytes gives (Protocol.md §1.2).
 */
export function fromBase64URL(text: string): Uint8Array {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    check(toBase64URL(bytes) === text, MALFORMED);
    return bytes;
}
