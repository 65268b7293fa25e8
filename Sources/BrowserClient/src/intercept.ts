/** Which requests the service worker asks the page about. */

const DESTINATIONS = /^(image|video|audio|font|track|object|embed)$/;
/** Conditions and credentials are between the page and the origin; our own requests would come back to us. */
const PRIVATE_HEADERS = /^(if-.*|authorization|x-shoal)$/;

/** @param paths prefixes that are served whatever the destination is */
export function isServed(
    request: Pick<Request, "method" | "mode" | "destination" | "url"> & { headers: Iterable<[string, string]> },
    origin: string,
    paths: string[],
): boolean {
    const url = new URL(request.url);
    return (
        request.method === "GET" &&
        request.mode !== "navigate" &&
        url.origin === origin &&
        (DESTINATIONS.test(request.destination) || paths.some((path) => url.pathname.startsWith(path))) &&
        ![...request.headers].some(([name]) => PRIVATE_HEADERS.test(name))
    );
}
