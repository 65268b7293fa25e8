import ContentTrust

/// What an origin gave to recognize a response by when it is asked again (RFC 9110 §8.8).
struct Validators: Hashable, Sendable {
    /// The URL that gave them: the last one, where there were redirects.
    let url: ContentURL
    let entityTag: String?
    let lastModified: String?
}

/// Content as its origin gave it.
struct FetchedContent: Hashable, Sendable {
    let tree: MerkleTree
    /// `Content-Type`, or nothing where the origin gave none.
    let mediaType: String
    let validators: Validators?
}

/// The registry's knowledge of one URL of one site.
struct CertifiedContent: Hashable, Sendable {
    let content: FetchedContent
    let generation: Int
    /// When the origin last said that this is the content; seconds since 1970.
    let checkedAt: Int

    /// What is known after the origin has given content again, or for the first time.
    ///
    /// The first generation is the time: so it grows even if the registry has forgotten, or lost, that it knew the URL before.
    static func after(_ previous: CertifiedContent?, fetched: FetchedContent, now: Int) -> CertifiedContent {
        let isSame = previous?.content.tree.contentID == fetched.tree.contentID
        let generation =
            switch previous {
            case nil: now
            case let previous? where isSame: previous.generation
            case let previous?: max(previous.generation + 1, now)
            }
        return CertifiedContent(content: fetched, generation: generation, checkedAt: now)
    }
}
