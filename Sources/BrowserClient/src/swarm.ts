/** This page's peer connections: opened by way of the tracker, limited in number; who broke the protocol stays away. */

import { now } from "./clock";
import { GATHERING_TIMEOUT, IDLE_TIMEOUT, MOST_CONNECTIONS, MOST_DROPPED, OPENING_TIMEOUT } from "./limits";
import { Peer, PeerHost, createPeer } from "./peer";

interface Link extends Peer {
    connection: RTCPeerConnection;
    /** This page made the offer. */
    isOffer: boolean;
}

export interface Swarm {
    /** By ID: those with a connection that is open or being opened. */
    peers: Map<string, Peer>;
    /** Who this page is, and which servers tell it its public address. */
    introduce(self: string, ice: string[]): void;
    /** Opens a connection, unless there is one, the peer was dropped, or there are too many. */
    connect(id: string): void;
    /** A signal from a peer. */
    receive(from: string, data: unknown): void;
    /** The tracker no longer knows the peer. */
    gone(id: string): void;
}

/** @param signal passes a description to a peer */
export function createSwarm(host: PeerHost, signal: (to: string, description: RTCSessionDescription) => void): Swarm {
    const peers = new Map<string, Link>();
    const dropped = new Set<string>();
    let self: string;
    let iceServers: RTCIceServer[];

    /** Makes an offer, or answers this one. */
    async function open(id: string, offer?: RTCSessionDescription) {
        if (peers.size >= MOST_CONNECTIONS) {
            const [longest] = [...peers.values()].sort((a, b) => a.heard - b.heard);
            if (now() - longest.heard < IDLE_TIMEOUT) return;
            longest.end();
        }
        const connection = new RTCPeerConnection({ iceServers });
        const channel = connection.createDataChannel("shoal.v1", { negotiated: true, id: 0, ordered: false });
        const peer = createPeer(id, channel, host, (forGood) => {
            connection.close();
            peers.delete(id);
            if (dropped.size >= MOST_DROPPED) dropped.clear();
            if (forGood) dropped.add(id);
            host.changed();
        });
        peers.set(id, Object.assign(peer, { connection, isOffer: !offer }));
        connection.onconnectionstatechange = () => connection.connectionState === "failed" && peer.end();
        setTimeout(() => peer.open || peer.end(), OPENING_TIMEOUT);
        try {
            if (offer) await connection.setRemoteDescription(offer);
            await connection.setLocalDescription();
            await new Promise<void>((resolve) => {
                setTimeout(resolve, GATHERING_TIMEOUT);
                connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve();
            });
            signal(id, connection.localDescription!);
        } catch {
            peer.end();
        }
    }

    return {
        peers,
        introduce(id, ice) {
            self = id;
            // TURN wants a name and a password, which the protocol does not carry.
            iceServers = ice.filter((url) => url.startsWith("stun")).map((urls) => ({ urls }));
        },
        connect(id) {
            if (!peers.has(id) && !dropped.has(id)) open(id);
        },
        receive(from, data) {
            const description = data as RTCSessionDescription | null;
            const type = description?.type;
            const peer = peers.get(from);
            if (type === "answer" && peer?.isOffer) {
                peer.connection.setRemoteDescription(description!).catch(() => peer.end());
            }
            // When two offers cross, that of the smaller ID stands (§6.2).
            if (type === "offer" && !dropped.has(from) && !(peer?.isOffer && self < from)) {
                peer?.end();
                open(from, description!);
            }
        },
        gone(id) {
            const peer = peers.get(id);
            peer?.open || peer?.end();
        },
    };
}
