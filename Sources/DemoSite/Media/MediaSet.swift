/// What is to be in a media directory: pictures, a film, and a still of the film to show before it plays.
struct MediaSet: Sendable {
    /// The gallery and the film as visitors see them.
    static let standard = MediaSet(version: "2", paintings: Catalogue.paintings, film: .standard)

    /// Raise it when anything that is painted or encoded changes.
    let version: String
    let paintings: [Painting]
    let film: Film
    /// Makes every picture smaller, for tests.
    var scale: Float = 1
    /// Bits per second of the film.
    var filmRate = 5_000_000

    static let filmName = "film.webm"
    static let posterName = "film.jpg"

    static func fileName(of painting: Painting) -> String { "\(painting.name).jpg" }

    var fileNames: [String] {
        // The film first: it takes longest.
        [Self.filmName, Self.posterName] + paintings.map(Self.fileName(of:))
    }
}
