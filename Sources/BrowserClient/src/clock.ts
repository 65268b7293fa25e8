/** Milliseconds since the page began; for everything that is not compared with a certificate. */
export const now = (): number => performance.now();
