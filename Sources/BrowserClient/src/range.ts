export interface Span {
    status: 200 | 206 | 416;
    /** Offset of the first byte. */
    start: number;
    /** Offset behind the last byte. */
    end: number;
}

/**
 * What a `Range` header (RFC 9110 §14.2) asks of content of `length` bytes, 1 or more.
 *
 * Nothing for a header that is malformed, of another unit, or of several ranges: the origin answers those, as it would
 * without Shoal. Browsers never send them by themselves.
 */
export function parseRange(header: string | null | undefined, length: number): Span | undefined {
    if (header == null) return { status: 200, start: 0, end: length };
    const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header.trim()) ?? [];
    if (!first && !last) return;
    if (first && last && +first > +last) return;
    const start = first ? +first : Math.max(0, length - +last);
    const end = first && last ? Math.min(+last + 1, length) : length;
    return start < end ? { status: 206, start, end } : { status: 416, start: 0, end: 0 };
}
