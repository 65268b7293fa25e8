/** Whether this device may give to others (Protocol.md §6.7). Consent is asked for before any of this: see page.ts. */

const LOW_BATTERY = 0.2;

interface Battery extends EventTarget {
    level: number;
    charging: boolean;
}

/** What only some browsers have. */
type Device = Navigator & {
    connection?: EventTarget & { saveData?: boolean; type?: string };
    getBattery?(): Promise<Battery>;
};

export interface Policy {
    /** Why nothing is given now; nothing when it may be. */
    silence(): string | undefined;
}

export function watchDevice(changed: () => void): Policy {
    const { connection, getBattery } = navigator as Device;
    let battery: Battery | undefined;

    connection?.addEventListener("change", changed);
    getBattery
        ?.call(navigator)
        .then((found) => {
            battery = found;
            found.addEventListener("levelchange", changed);
            found.addEventListener("chargingchange", changed);
            changed();
        })
        .catch(() => {}); // Forbidden by a permissions policy: then the battery is not known.

    return {
        silence() {
            if (connection?.saveData || connection?.type === "cellular") return "metered connection";
            if (battery && battery.level < LOW_BATTERY && !battery.charging) return "low battery";
        },
    };
}
