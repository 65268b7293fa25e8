export interface Span {
    status: 200 | 206 | 416;
    /** Offset of the first byte. */
    start: number;
    /** Offset behind the last byte. */
    end: number;
}

/**
 * What a `Range` header (RFC 9110 §14.2) asks of content of `length` bytes, 1 or more; without one, the whole.
 *
 * Nothing for a header that is malformed, of another unit, or of several ranges: the origin answers those, as it would
 * without Shoal. Browsers never send them by themselves.
 */
export function parseRange(header: string | null, length: number): Span | undefined {
    const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "bytes=0-") ?? [];
    if (!(first || last) || (first && last && +first > +last)) return;
    const start = first ? +first : Math.max(0, length - +last);
    const end = first && last ? Math.min(+last + 1, length) : length;
    if (start >= end) return { status: 416, start, end: start };
    return { status: header ? 206 : 200, start, end };
}
