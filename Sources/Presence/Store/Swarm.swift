/// The peers that have one content.
///
/// An array for picking at random and a dictionary of places for removing, so that every operation is O(1) for each peer touched.
/// A set alone was rejected: picking from it at random is O(n).
struct Swarm {
    private var peers: [PeerAddress] = []
    private var places: [PeerAddress: Int] = [:]

    var isEmpty: Bool { peers.isEmpty }

    /// Does nothing when the peer is there already.
    mutating func insert(_ peer: PeerAddress) {
        guard places[peer] == nil else { return }
        places[peer] = peers.count
        peers.append(peer)
    }

    /// Does nothing when the peer is not there. The last peer takes the removed one's place.
    mutating func remove(_ peer: PeerAddress) {
        guard let place = places.removeValue(forKey: peer) else { return }
        let last = peers.removeLast()
        if place < peers.count {
            peers[place] = last
            places[last] = place
        }
    }

    /// At most `limit` different peers without `excluded`, each set of that size equally likely.
    ///
    /// Floyd's sampling (Bentley and Floyd, CACM 30(9), 1987): `limit` draws and no copy of the swarm.
    func sample(_ limit: Int, excluding excluded: PeerAddress, using random: inout some RandomNumberGenerator)
        -> [PeerAddress]
    {
        let hole = places[excluded]
        let population = peers.count - (hole == nil ? 0 : 1)
        guard limit > 0, population > 0 else { return [] }
        // The excluded peer's place is stepped over by letting the last one stand in for it.
        func peer(_ index: Int) -> PeerAddress { peers[index == hole ? population : index] }
        guard limit < population else { return (0..<population).map(peer) }
        // A plain array, because a limit is a dozen: looking through it costs less than hashing.
        var chosen: [Int] = []
        chosen.reserveCapacity(limit)
        for upper in (population - limit)..<population {
            let drawn = Int.random(in: 0...upper, using: &random)
            chosen.append(chosen.contains(drawn) ? upper : drawn)
        }
        return chosen.map(peer)
    }
}
