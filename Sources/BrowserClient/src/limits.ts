/**
 * Every limit and every time of the client: milliseconds and bytes, unless it says otherwise. Those that the client shares
 * with others name the section of Protocol.md; the rest was chosen here.
 */

// Between peers.
/** Connections of one page (§6.6). */
export const MOST_CONNECTIONS = 24;
/** ICE candidates are collected for so long (§6.2). */
export const GATHERING_TIMEOUT = 1_000;
/** A connection that is not open by then is given up (§6.2). */
export const OPENING_TIMEOUT = 10_000;
/** When there are too many connections, one that was silent for so long makes room. */
export const IDLE_TIMEOUT = 60_000;
/** Dropped peers that are remembered. */
export const MOST_DROPPED = 1_000;
/** Open requests to one peer: so many pieces, and so many bytes unless it is a single piece (§6.6). */
export const MOST_REQUESTS = 16;
export const MOST_REQUESTED = 1_048_576;
/** A request that is not answered in full by then is asked elsewhere (§6.6). */
export const REQUEST_TIMEOUT = 4_000;
/** A peer that let so many requests pass is not asked again (§6.6). */
export const MOST_MISSED = 3;
/** Blocks of a withdrawn request may still arrive for so long (§6.4). */
export const CANCEL_GRACE = 10_000;
/** Requests that wait here; more are refused as too busy (§6.6). */
export const MOST_WAITING = 64;
/** A peer that is too busy is left alone for so long. */
export const BUSY_PAUSE = 1_000;
/** Bytes given to a data channel ahead of the network. */
export const SEND_AHEAD = 1_048_576;

// Scheduling.
/** Bytes that are fetched beyond each reader; also the most that is fetched to complete a content that nobody reads. */
export const LOOK_AHEAD = 16_777_216;
/** Bytes that the origin serves in one go while there are peers. */
export const ORIGIN_RUN = 4_194_304;
/** After a failure of the origin it is not asked for so long. */
export const ORIGIN_PAUSE = 4_000;
/** Between two looks at the clock while something is awaited. */
export const TICK = 250;

// The tracker.
/** What is asked within so long goes into one message. */
export const BATCH_DELAY = 5;
/** Entries of one message: so many of the longest always fit into the default limit of §2.4, and 32 do not. */
export const MOST_ENTRIES = 31;
/** URLs that Shoal looks after in one page (§3.1), and their length (§3.2); the others are the origin's. */
export const MOST_RESOURCES = 4_096;
export const LONGEST_URL = 2_048;
/** Peers wanted for a content. */
export const PEERS_WANTED = 8;
/** The tracker is asked again about a URL after so long, when it did not answer or more peers are wanted. */
export const SEARCH_INTERVAL = 10_000;
/** A URL that was refused, or got a bad certificate, is left to the origin for so long (Certificates.md §6). */
export const REFUSAL_LIFETIME = 60_000;
/** A pending URL is asked for again so many times. */
export const MOST_ADOPTIONS = 5;
/** A broken connection is opened again after a random pause up to a limit, which begins here and doubles up to there. */
export const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 120_000;

// Certificates.md. Times are in seconds there.
/** JWS (§2.3). */
export const LONGEST_CERTIFICATE = 2_048;
export const LONGEST_KEYSET = 32_768;
/** Claims (§3, §4). */
export const LONGEST_VALIDITY = 3_600;
export const CLOCK_SKEW = 30;
export const MOST_KEYS = 16;
export const MOST_REVOKED = 256;
/** A keyset is fetched no more often than that (§4.2). */
export const KEYSET_INTERVAL = 10;
/** The piece length is the least of this times a power of two that gives no more pieces than that (§1.2). */
export const SHORTEST_PIECE = 65_536;
export const MOST_PIECES = 1_024;
/** Under one leaf of the tree (§1.1); also the block between peers. */
export const BLOCK = 16_384;

// The page.
/** A battery below this share, and not charging, gives nothing (§6.7). */
export const LOW_BATTERY = 0.2;
/** Firefox ends a worker that has heard nothing for 30 seconds, and cuts the bodies that pass through it. */
export const KEEP_ALIVE_INTERVAL = 15_000;
/** Between two `change` events. */
export const CHANGE_INTERVAL = 250;
/** data-patience: until the origin takes over. */
export const DEFAULT_PATIENCE = "1500";
/** data-quota: of the cache, in MiB. */
export const DEFAULT_QUOTA = "512";

// The service worker.
/** A page that has not said by then that it is there does not run Shoal, or is stuck. */
export const ANSWER_TIMEOUT = 300;
/** Silent pages that are remembered. */
export const MOST_SILENT = 100;
