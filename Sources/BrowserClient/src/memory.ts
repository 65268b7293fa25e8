/** What outlives a page, in localStorage under names of our own. A browser that refuses storage just forgets. */

const PREFIX = "shoal-";

export function recall(name: string): string | null {
    try {
        return localStorage.getItem(PREFIX + name);
    } catch {
        return null;
    }
}

export function remember(name: string, value: string): void {
    try {
        localStorage.setItem(PREFIX + name, value);
    } catch {
        // Full or forbidden: the next page asks anew.
    }
}

export function forgetAll(): void {
    try {
        for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
    } catch {
        // Nothing could have been remembered.
    }
}
