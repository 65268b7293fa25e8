import Foundation

/// A manta ray overhead, against the light.
struct MantaRay: Sendable {
    var place: Point
    /// Half the span of its wings, in picture heights.
    var size: Float
    var angle: Float
    /// 0 near and dark, 1 lost in the haze.
    var haze: Float
    /// Where in its wing beat it is, in radians.
    var beat: Float = 0

    func paint(in palette: UnderwaterPalette, on canvas: inout Canvas) {
        let lift = 0.1 * sin(beat)
        // Wings shorten a little as they bend up or down.
        let span = 1 - 0.12 * abs(sin(beat))
        let half: [Point] = [
            Point(0.06, -0.2), Point(0.16, -0.17), Point(0.4, -0.1 - lift * 0.3), Point(0.72, 0.02 - lift),
            Point(1, 0.2 - lift * 2),
            Point(0.7, 0.16 - lift), Point(0.42, 0.2 - lift * 0.2), Point(0.16, 0.34), Point(0.035, 0.42),
            Point(0.012, 0.95),
        ]
        let right = half.map { Point($0.x * span, $0.y) }
        let left = half.reversed().map { Point(-$0.x * span, $0.y) }
        let outline = Outline(through: right + left, scale: size, angle: angle, at: place)
        let back = mix(palette.haze * 0.12, palette.haze, haze)
        canvas.fill(outline, softness: 0.002 + 0.006 * haze) { point in
            let local = ((point - place) / size).rotated(by: -angle)
            let rim = smoothstep(0.5, -0.25, local.y) * 0.6
            return back + palette.sunlight * (0.05 * rim * (1 - haze * 0.5))
        }
    }
}
