/** What outlives a page, in localStorage under names of our own. A browser that refuses storage, or is full, forgets. */

const PREFIX = "shoal-";

function attempt<T>(action: () => T): T | undefined {
    try {
        return action();
    } catch {
        // The next page asks anew.
    }
}

export const recall = (name: string): string | null | undefined => attempt(() => localStorage.getItem(PREFIX + name));

export const remember = (name: string, value: unknown): void =>
    attempt(() => localStorage.setItem(PREFIX + name, `${value}`));

export const forgetAll = (): void =>
    attempt(() => {
        for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
    });
