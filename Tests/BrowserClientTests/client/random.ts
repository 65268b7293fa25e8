/** Reproducible randomness (mulberry32): a failing round can be run again. */
export interface RandomSource {
    /** From 0 to below 1. */
    next(): number;
    /** An integer from 0 to below `limit`. */
    below(limit: number): number;
}

export function randomSource(seed: number): RandomSource {
    const next = () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    return { next, below: (limit) => Math.floor(next() * limit) };
}
