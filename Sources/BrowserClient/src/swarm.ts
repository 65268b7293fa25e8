/** This page's peer connections: opening them by way of the tracker, their number, and whom not to open again. */

import { Peer, PeerHost, createPeer } from "./peer";

/** Connections of one page (Protocol.md §6.6). */
const MOST_CONNECTIONS = 24;
/** ICE candidates are collected for so long (§6.2). Milliseconds, like all here. */
const GATHERING_TIMEOUT = 1_000;
/** A connection that is not open by then is given up (§6.2). */
const OPENING_TIMEOUT = 10_000;
/** A connection over which nothing went for so long makes room for another one. */
const IDLE_TIMEOUT = 60_000;
/** Dropped peers that are remembered; the first forgotten are the first dropped. */
const MOST_DROPPED = 1_000;

interface Description {
    type: "offer" | "answer";
    sdp: string;
}

export interface SwarmHost extends Omit<PeerHost, "close"> {
    signal(to: string, description: Description): void;
}

export interface Swarm {
    /** Who this page is, and where it learns its public address. */
    welcome(self: string, ice: string[]): void;
    /** Opens a connection, unless there is one, the peer was dropped, or there are too many. */
    connect(id: string): void;
    /** A signal from a peer. */
    receive(from: string, data: unknown): void;
    /** The tracker no longer knows the peer. */
    gone(id: string): void;
    peer(id: string): Peer | undefined;
    peers(): Peer[];
    /** Bytes of blocks that went to all peers so far. */
    uploaded(): number;
    close(): void;
}

interface Link {
    peer: Peer;
    connection: RTCPeerConnection;
    /** This page made the offer. */
    isOffer: boolean;
}

export function createSwarm(host: SwarmHost): Swarm {
    const links = new Map<string, Link>();
    const dropped = new Set<string>();
    let self = "";
    /** Bytes that went to peers which are gone. */
    let uploaded = 0;
    let iceServers: RTCIceServer[] = [];

    function open(id: string, isOffer: boolean): Link {
        const connection = new RTCPeerConnection({ iceServers });
        const channel = connection.createDataChannel("shoal.v1", { negotiated: true, id: 0, ordered: false });
        const close = (peer: Peer, forGood: boolean) => {
            connection.close();
            uploaded += peer.sent;
            if (links.get(id) === link) links.delete(id);
            if (forGood) drop(id);
            host.changed();
        };
        const peer = createPeer(id, channel, { ...host, close });
        const link = { peer, connection, isOffer };
        links.set(id, link);
        connection.onconnectionstatechange = () => {
            if (connection.connectionState === "failed") peer.close();
        };
        setTimeout(() => peer.open || peer.close(), OPENING_TIMEOUT);
        return link;
    }

    function drop(id: string) {
        dropped.add(id);
        if (dropped.size > MOST_DROPPED) dropped.delete([...dropped][0]);
    }

    function hasRoom(): boolean {
        if (links.size < MOST_CONNECTIONS) return true;
        const now = performance.now();
        const idle = [...links.values()].find(({ peer }) => now - peer.active > IDLE_TIMEOUT);
        idle?.peer.close();
        return !!idle;
    }

    /** Sends this page's side of the connection, once its candidates are in it. */
    async function describe({ connection, peer: { id } }: Link) {
        await connection.setLocalDescription();
        await new Promise<void>((resolve) => {
            setTimeout(resolve, GATHERING_TIMEOUT);
            const check = () => connection.iceGatheringState === "complete" && resolve();
            connection.onicegatheringstatechange = check;
            check();
        });
        const { type, sdp } = connection.localDescription!;
        host.signal(id, { type: type as Description["type"], sdp });
    }

    /** Ends a link whose description is wrong or came too late. */
    const closing = (link: Link, step: Promise<void>) => step.catch(() => link.peer.close());

    return {
        welcome(id, ice) {
            self = id;
            // TURN needs a name and a password, which the protocol does not carry.
            iceServers = ice.filter((url) => url.startsWith("stun")).map((urls) => ({ urls }));
        },
        connect(id) {
            if (links.has(id) || dropped.has(id) || !hasRoom()) return;
            const link = open(id, true);
            closing(link, describe(link));
        },
        receive(from, data) {
            const description = data as Description;
            const known = links.get(from);
            if (description?.type === "answer") {
                if (known?.isOffer) closing(known, known.connection.setRemoteDescription(description));
            } else if (description?.type === "offer" && !dropped.has(from)) {
                // Two offers cross: that of the smaller ID stands (§6.2).
                if (known?.isOffer && !known.peer.open && self < from) return;
                known?.peer.close();
                if (!hasRoom()) return;
                const link = open(from, false);
                closing(link, link.connection.setRemoteDescription(description).then(() => describe(link)));
            }
        },
        gone(id) {
            const link = links.get(id);
            if (link && !link.peer.open) link.peer.close();
        },
        peer: (id) => links.get(id)?.peer,
        peers: () => [...links.values()].map(({ peer }) => peer),
        uploaded: () => [...links.values()].reduce((sum, { peer }) => sum + peer.sent, uploaded),
        close() {
            for (const { peer } of [...links.values()]) peer.close();
        },
    };
}
