/** The script tag: reads its attributes, starts and ends the session, and is `window.shoal` for the site. */

import { CHANGE_INTERVAL, KEEP_ALIVE_INTERVAL } from "./limits";
import { forgetAll, recall, remember } from "./memory";
import { ToPage, ToWorker } from "./messages";
import { Session, startSession } from "./session";
import { Settings, readSettings } from "./settings";
import { discardAll } from "./store";
import { Counts, Shoal } from "../shoal";

/** Under this name the visitor's answer is remembered. */
const CONSENT = "consent";

const { serviceWorker } = navigator;
const dataset = (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
let settings: Settings | undefined;
let session: Session | undefined;
/** Why there is no session. */
let reason = "no consent";
let hasWarned = false;
let changeTimer = 0;

/** The one line in the console. */
function warn(problem: string) {
    if (!hasWarned) console.warn("Shoal is off. " + problem);
    hasWarned = true;
}

function notify() {
    if (changeTimer) return;
    changeTimer = setTimeout(() => {
        changeTimer = 0;
        shoal.dispatchEvent(new Event("change"));
    }, CHANGE_INTERVAL);
}

const tellWorker = (word: ToWorker["shoal"], worker: ServiceWorker | null = serviceWorker.controller) =>
    worker?.postMessage({ shoal: word });
const greetWorker = () => tellWorker("here");

function start() {
    const consent = recall(CONSENT);
    if (session || !settings || (settings.needsConsent ? consent !== "true" : consent === "false")) return;
    session = startSession(settings, warn, notify);
    const { worker } = settings;
    if (!worker) return;
    serviceWorker
        .register(worker)
        .then(async ({ waiting }) => {
            tellWorker("own", waiting);
            tellWorker("own", (await serviceWorker.ready).active);
        })
        .catch((error) => warn(error.message));
}

function stop(why: string) {
    session?.close();
    session = undefined;
    reason = why;
    notify();
}

const shoal: Shoal = Object.assign(new EventTarget(), {
    stats() {
        const statistics = session?.stats() ?? { state: "off: " + reason, uploaded: 0, resources: [], peers: [] };
        const totals: Counts = { fromPeers: 0, fromOrigin: 0, fromCache: 0, verified: 0, rejected: 0 };
        for (const resource of statistics.resources) {
            for (const name of Object.keys(totals) as (keyof Counts)[]) totals[name] += resource[name];
        }
        return { ...statistics, totals };
    },
    consent(given: boolean) {
        remember(CONSENT, given);
        if (given) return start();
        stop("no consent");
        discardAll().catch(() => {});
    },
    async off() {
        stop("switched off");
        forgetAll();
        await discardAll();
        // Without data-worker, the worker is the site's.
        const { worker } = dataset;
        if (worker) await (await serviceWorker.getRegistration(worker))?.unregister();
    },
});

(window as { shoal: Shoal }).shoal = shoal;
if (serviceWorker) {
    // At once: until the document is parsed, messages of the worker would wait, and each request with them. They are
    // answered even when Shoal is off, for without an answer the worker would wait for one.
    serviceWorker.startMessages();
    serviceWorker.addEventListener("message", ({ data, ports }) => {
        const request = (data as ToPage | null)?.shoal;
        if (request) session ? session.answer(request, ports[0]) : ports[0].postMessage(null);
    });
    serviceWorker.addEventListener("controllerchange", greetWorker);
    greetWorker();
    setInterval(() => session?.isBusy() && greetWorker(), KEEP_ALIVE_INTERVAL);
}
if ("off" in dataset) {
    shoal.off().catch(() => {});
} else {
    try {
        if (!serviceWorker || !window.RTCPeerConnection) throw Error("It needs https and WebRTC.");
        settings = readSettings(dataset, document.baseURI);
        start();
    } catch (error) {
        reason = (error as Error).message;
        warn(reason);
    }
}
