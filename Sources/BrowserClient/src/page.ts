/** The script tag: reads its attributes, starts and ends the session, and is `window.shoal` for the site. */

import { check } from "./bytes";
import { forgetAll, recall, remember } from "./memory";
import { ToPage, ToWorker } from "./messages";
import { answerRequest, transfers } from "./requests";
import { Session, startSession } from "./session";
import { Settings, readSettings } from "./settings";
import { deleteStore } from "./store";
import { Counts, Shoal, Stats } from "../shoal";

/** Firefox ends a worker that has heard nothing for 30 seconds, and cuts the bodies that pass through it. Milliseconds. */
const KEEP_ALIVE_INTERVAL = 15_000;
/** Between two `change` events. Milliseconds. */
const CHANGE_INTERVAL = 250;
/** What is remembered: the visitor's answer, and the URL of the worker that Shoal registered. */
const CONSENT = "consent";
const WORKER = "worker";

const { serviceWorker } = navigator;
const dataset = (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
let settings: Settings | undefined;
let session: Session | undefined;
/** Why there is no session. */
let reason = "no consent";
let hasWarned = false;
let changeTimer: number | undefined;

/** The one line in the console. */
function warn(problem: string) {
    if (!hasWarned) console.warn("Shoal is of no use here, the origin serves this page. " + problem);
    hasWarned = true;
}

function notify() {
    if (changeTimer) return;
    changeTimer = setTimeout(() => {
        changeTimer = undefined;
        shoal.dispatchEvent(new Event("change"));
    }, CHANGE_INTERVAL);
}

const tellWorker = (word: ToWorker["shoal"], worker: ServiceWorker | null = serviceWorker.controller) =>
    worker?.postMessage({ shoal: word });

async function register(worker: URL) {
    try {
        const { installing, waiting, active } = await serviceWorker.register(worker);
        remember(WORKER, worker.href);
        for (const version of [installing, waiting, active]) tellWorker("own", version);
    } catch (error) {
        warn("The service worker: " + (error as Error).message);
    }
}

function start() {
    const consent = recall(CONSENT);
    if (session || !settings || (settings.needsConsent ? consent !== "true" : consent === "false")) return;
    session = startSession(settings, warn, notify);
    if (settings.worker) register(settings.worker);
}

function stop(why: string) {
    session?.close();
    session = undefined;
    reason = why;
    notify();
}

async function off() {
    stop("switched off");
    const own = recall(WORKER);
    for (const registration of (await serviceWorker?.getRegistrations()) ?? []) {
        const { installing, waiting, active } = registration;
        if ([installing, waiting, active].some((version) => version && version.scriptURL === own)) {
            await registration.unregister();
        }
    }
    await deleteStore();
    forgetAll();
}

function stats(): Stats {
    const { isConnected, ...statistics } = session?.stats() ?? { uploaded: 0, resources: [], peers: [], isConnected: false };
    const totals: Counts = { fromPeers: 0, fromOrigin: 0, fromCache: 0, verified: 0, rejected: 0 };
    for (const resource of statistics.resources) {
        for (const name of Object.keys(totals) as (keyof Counts)[]) totals[name] += resource[name];
    }
    const state = session ? (isConnected ? "on" : "connecting") : "off: " + reason;
    return { state, totals, ...statistics };
}

const shoal: Shoal = Object.assign(new EventTarget(), {
    stats,
    off,
    consent(given: boolean) {
        remember(CONSENT, String(given));
        if (given) return start();
        stop("no consent");
        deleteStore();
    },
});

// At once: until the document is parsed, messages of the worker would wait, and every request with them. Shoal answers
// them even when it is off, for a worker that gets no answer waits for one.
serviceWorker?.startMessages();
serviceWorker?.addEventListener("message", ({ data, ports }) => {
    if ((data as ToPage | null)?.shoal) answerRequest(data, ports[0], (url, range) => session?.answer(url, range));
});
serviceWorker?.addEventListener("controllerchange", () => tellWorker("here"));
if (serviceWorker) tellWorker("here");
setInterval(() => transfers.size && tellWorker("here"), KEEP_ALIVE_INTERVAL);

Object.assign(window, { shoal });
try {
    if ("off" in dataset) {
        off().catch(() => {});
    } else {
        const isAble = window.isSecureContext && serviceWorker && window.caches && window.RTCPeerConnection;
        check(isAble, "The browser has no WebRTC or service worker, or the page is not https");
        settings = readSettings(dataset, document.baseURI);
        start();
    }
} catch (error) {
    reason = (error as Error).message;
    warn(reason);
}
