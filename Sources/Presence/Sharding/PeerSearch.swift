import ContentTrust

/// One look-up of peers that have a content: which parts to ask, and when there are enough.
///
/// A part that answers with fewer members than it was asked for has answered with all of them. So a search asks one random part of a hot
/// content, which nearly always suffices; when that part turns out small it asks part 0, where markers say how many parts there
/// are, and then the others, a few at a time at first.
///
/// A value without IO: ``next()`` says what to ask, ``received(_:from:by:)`` takes the answer.
public struct PeerSearch: Sendable {
    /// How often one part is asked again, because too many of its members were dead.
    static let repeatLimit = 4
    /// Parts that are asked at the same time once the first ones did not suffice; twice as many each further time, so that the many parts
    /// of a swarm that has shrunk are gone through in a few rounds.
    static let firstBreadth = 8

    public struct Question: Hashable, Sendable {
        public let part: SwarmPart
        /// Members that are wanted.
        public let count: Int
    }

    public let content: ContentID
    private let limit: Int
    private let excluded: PeerAddress
    private var found: [PeerAddress] = []
    private var asked: [UInt16: (count: Int, times: Int)] = [:]
    private var toAsk: [UInt16]
    private var open = 0
    private var breadth = Self.firstBreadth
    /// Parts below this number are asked or to be asked.
    private var covered: UInt16 = 0
    private var hasFailed = false
    private var level: Int
    private var random: SplitMix64

    /// - Parameter level: where this loop believes the content to be.
    public init(_ content: ContentID, limit: Int, excluded: PeerAddress, level: Int, random: SplitMix64) {
        self.content = content
        self.limit = max(limit, 0)
        self.excluded = excluded
        self.level = level
        self.random = random
        toAsk = [UInt16(truncatingIfNeeded: self.random.next() & (1 << UInt64(level) - 1))]
        if limit <= 0 { toAsk = [] }
    }

    /// What is known so far.
    public var peers: [PeerAddress] { Array(found.prefix(limit)) }

    /// No answer is awaited and none is needed.
    public var isComplete: Bool { open == 0 && toAsk.isEmpty }

    /// What to ask now; empty while answers are awaited that may suffice.
    public mutating func next() -> [Question] {
        guard open == 0 else { return [] }
        let questions = toAsk.prefix(breadth).map { number in
            // One more for the asker, and one for a marker.
            let count = asked[number]?.count ?? limit + 2
            asked[number] = (count, (asked[number]?.times ?? 0) + 1)
            return Question(part: SwarmPart(content: content, number: number), count: count)
        }
        toAsk.removeFirst(questions.count)
        if questions.count == breadth { breadth *= 2 }
        open = questions.count
        return questions
    }

    /// A part has answered.
    ///
    /// - Parameter leases: of the part's shard, read after the members were.
    /// - Returns: members that are dead and may be removed from the part.
    public mutating func received(_ members: [PresenceMember], from question: Question, by leases: LeaseTable)
        -> [PresenceMember]
    {
        open = max(open - 1, 0)
        var dead: [PresenceMember] = []
        var marked = level
        // A shard gives a random choice in its own order: cut off at the limit, the newest entries would never be found.
        for member in members.shuffled(using: &random) {
            switch leases.standing(of: member) {
            case .live: break
            case .dead, .absent:
                dead.append(member)
                continue
            case .ahead:
                // Not to be removed: its lease is there, only not read yet.
                continue
            }
            if let level = member.markedLevel {
                marked = max(marked, level)
                continue
            }
            let address = PeerAddress(node: member.node, epoch: member.epoch, peer: member.peer)
            if address != excluded, !found.contains(address) { found.append(address) }
        }
        guard found.count < limit, !hasFailed else {
            toAsk = []
            return dead
        }
        let number = question.part.number
        let isWhole = members.count < question.count
        if !isWhole, let asked = asked[number], asked.times < Self.repeatLimit {
            // The dead ones are being removed; the rest were markers and the asker, so more has to be asked for: a part of the usual
            // size at once, however few peers are wanted.
            self.asked[number]?.count = max(asked.count * 2, SwarmPart.targetSize)
            toAsk.insert(number, at: 0)
        }
        if asked[0] == nil, !toAsk.contains(0) {
            toAsk.append(0)
        }
        if number == 0 { broaden(to: marked) }
        return dead
    }

    /// A part could not be asked; the search ends with what it has. Answers that still come add to it.
    public mutating func failed() {
        hasFailed = true
        open = 0
        toAsk = []
    }

    /// Part 0 did not suffice and there are others: all of them, in random order.
    private mutating func broaden(to marked: Int) {
        let end = UInt16(1 << marked)
        guard marked > 0, covered < end else { return }
        level = marked
        var others = (covered..<end).filter { asked[$0] == nil }
        covered = end
        others.shuffle(using: &random)
        toAsk += others
    }
}
