/** This page's peer connections: opened by way of the tracker, limited in number; who broke the protocol stays away. */

import { GATHERING_TIMEOUT, IDLE_TIMEOUT, MOST_CONNECTIONS, MOST_DROPPED, OPENING_TIMEOUT } from "./limits";
import { Peer, PeerHost, createPeer } from "./peer";

interface Description {
    type: "offer" | "answer";
    sdp: string;
}

interface Link {
    peer: Peer;
    connection: RTCPeerConnection;
    /** This page made the offer. */
    isOffer: boolean;
}

export interface Swarm {
    /** Who this page is, and which servers tell it its public address. */
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
}

/** @param signal passes a description to a peer */
export function createSwarm(host: PeerHost, signal: (to: string, description: Description) => void): Swarm {
    const links = new Map<string, Link>();
    const dropped = new Set<string>();
    let self: string;
    let iceServers: RTCIceServer[];
    /** To peers that have ended. */
    let uploaded = 0;

    /** `exchange` leads from the new link to the description that the peer is sent; a failure ends the link. */
    async function open(id: string, offer?: Description) {
        const idle = [...links.values()].map(({ peer }) => peer).sort((a, b) => a.active - b.active)[0];
        if (links.size >= MOST_CONNECTIONS) {
            if (performance.now() - idle.active < IDLE_TIMEOUT) return;
            idle.end();
        }
        const connection = new RTCPeerConnection({ iceServers });
        const channel = connection.createDataChannel("shoal.v1", { negotiated: true, id: 0, ordered: false });
        const peer = createPeer(id, channel, host, (forGood) => {
            connection.close();
            links.delete(id);
            uploaded += peer.sent;
            if (dropped.size >= MOST_DROPPED) dropped.clear();
            if (forGood) dropped.add(id);
            host.changed();
        });
        links.set(id, { peer, connection, isOffer: !offer });
        connection.onconnectionstatechange = () => connection.connectionState === "failed" && peer.end();
        setTimeout(() => peer.open || peer.end(), OPENING_TIMEOUT);
        try {
            if (offer) await connection.setRemoteDescription(offer);
            await connection.setLocalDescription();
            await new Promise<void>((resolve) => {
                setTimeout(resolve, GATHERING_TIMEOUT);
                connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve();
            });
            const { type, sdp } = connection.localDescription!;
            signal(id, { type, sdp } as Description);
        } catch {
            peer.end();
        }
    }

    return {
        welcome(id, ice) {
            self = id;
            // TURN wants a name and a password, which the protocol does not carry.
            iceServers = ice.filter((url) => url.startsWith("stun")).map((urls) => ({ urls }));
        },
        connect(id) {
            if (!links.has(id) && !dropped.has(id)) open(id);
        },
        receive(from, data) {
            const description = data as Description | null;
            const link = links.get(from);
            if (description?.type === "answer" && link?.isOffer) {
                link.connection.setRemoteDescription(description).catch(() => link.peer.end());
            }
            // When two offers cross, that of the smaller ID stands (§6.2).
            if (description?.type === "offer" && !dropped.has(from) && !(link?.isOffer && self < from)) {
                link?.peer.end();
                open(from, description);
            }
        },
        gone: (id) => links.get(id)?.peer.open || links.get(id)?.peer.end(),
        peer: (id) => links.get(id)?.peer,
        peers: () => [...links.values()].map(({ peer }) => peer),
        uploaded: () => [...links.values()].reduce((sum, { peer }) => sum + peer.sent, uploaded),
    };
}
