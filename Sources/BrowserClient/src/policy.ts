/** Whether this device may give to others (Protocol.md §6.7). Consent comes before any of this: see page.ts. */

import { LOW_BATTERY } from "./limits";

interface Battery extends EventTarget {
    level: number;
    charging: boolean;
}

/** What only some browsers have. */
type Device = Navigator & {
    connection?: EventTarget & { saveData?: boolean; type?: string };
    getBattery?(): Promise<Battery>;
};

/** Watches the device; the function says why it gives nothing now, or nothing when it may. */
export function watchDevice(changed: () => void): () => string | undefined {
    const device = navigator as Device;
    const { connection } = device;
    let battery: Battery | undefined;

    connection?.addEventListener("change", changed);
    device
        .getBattery?.()
        .then((found) => {
            battery = found;
            battery.addEventListener("levelchange", changed);
            battery.addEventListener("chargingchange", changed);
            changed();
        })
        .catch(() => {}); // Forbidden by a permissions policy: then the battery is not known.

    return () => {
        if (connection?.saveData || connection?.type === "cellular") return "metered connection";
        if (battery && battery.level < LOW_BATTERY && !battery.charging) return "low battery";
    };
}
