/// One picture of the gallery.
struct Painting: Sendable {
    /// Name of its file without extension; also the seed of everything random in it.
    let name: String
    let title: String
    /// What is to be seen, for those who do not see it.
    let description: String
    let width: Int
    let height: Int
    /// Quality of the JPEG on ffmpeg's scale: 1 is the best, 31 the worst.
    var quality = 2
    var development = Development()
    let scene: any Scene

    /// Rows of RGB pixels, three bytes each. `scale` makes the same picture smaller.
    func pixels(scale: Float = 1) -> (width: Int, height: Int, bytes: [UInt8]) {
        var canvas = Canvas(
            width: max(Int(Float(width) * scale), 1),
            height: max(Int(Float(height) * scale), 1)
        )
        scene.paint(on: &canvas)
        return (canvas.width, canvas.height, development.develop(canvas))
    }
}
