/** A clock that a test moves: its timers stand still until `pass` is called. */
export async function withClock<T>(run: (pass: (milliseconds: number) => void) => T | Promise<T>): Promise<T> {
    const real = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
    let timers: { at: number; act: (...rest: unknown[]) => void; id: number }[] = [];
    let now = 0;
    let lastID = 0;
    Object.assign(globalThis, {
        setTimeout: (act: () => void, delay: number) => (timers.push({ at: now + delay, act, id: ++lastID }), lastID),
        clearTimeout: (id: number) => (timers = timers.filter((timer) => timer.id !== id)),
    });
    try {
        return await run((milliseconds) => {
            now += milliseconds;
            for (const due of timers.filter(({ at }) => at <= now)) {
                timers = timers.filter((timer) => timer !== due);
                due.act();
            }
        });
    } finally {
        globalThis.setTimeout = real.set;
        globalThis.clearTimeout = real.clear;
    }
}

/** Lets everything go on that waits for no timer. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
