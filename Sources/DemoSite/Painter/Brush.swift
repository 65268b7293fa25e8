import Foundation

/// Shapes with soft edges. Lengths are in picture heights.
extension Canvas {
    /// Adds light that falls off around a point: a lamp, a star, a speck out of focus.
    mutating func glow(at centre: Point, radius: Float, _ light: Colour) {
        let reach = Point(repeating: radius)
        update(from: centre - reach, to: centre + reach) { point, colour in
            let offset = (point - centre) / radius
            let fall = max(1 - offset.dot(offset), 0)
            return colour + light * (fall * fall * fall)
        }
    }

    /// A disc of one colour whose edge is `softness` wide.
    mutating func disc(at centre: Point, radius: Float, softness: Float, _ paint: Colour, opacity: Float = 1) {
        let reach = Point(repeating: radius + softness)
        update(from: centre - reach, to: centre + reach) { point, colour in
            let inside = smoothstep(radius + softness, radius - softness, (point - centre).length)
            return mix(colour, paint, inside * opacity)
        }
    }

    /// A stroke through `points` whose half width and paint are given for each of them; its edge is `softness` wide.
    ///
    /// `additive` strokes are light (tentacles, rays), the others cover.
    mutating func stroke(_ points: [StrokePoint], softness: Float, additive: Bool = false) {
        for (a, b) in zip(points, points.dropFirst()) {
            let reach = Point(repeating: max(a.halfWidth, b.halfWidth) + softness)
            let low = pointwiseMin(a.place, b.place) - reach
            let high = pointwiseMax(a.place, b.place) + reach
            let axis = b.place - a.place
            let squared = max(axis.dot(axis), 1e-12)
            update(from: low, to: high) { point, colour in
                let along = (point - a.place).dot(axis) / squared
                // Each segment owns the half-open stretch between its ends, so that a transparent stroke is not doubled at its joints.
                guard along >= 0, along < 1 else { return colour }
                let distance = (point - a.place - axis * along).length
                let halfWidth = mix(a.halfWidth, b.halfWidth, along)
                let cover = smoothstep(halfWidth + softness, halfWidth - softness, distance)
                let opacity = cover * mix(a.opacity, b.opacity, along)
                let paint = mix(a.paint, b.paint, along)
                return additive ? colour + paint * opacity : mix(colour, paint, opacity)
            }
        }
    }

    /// Fills a closed outline; its edge is `softness` wide.
    mutating func fill(_ outline: Outline, softness: Float, opacity: Float = 1, paint: (Point) -> Colour) {
        let reach = Point(repeating: softness)
        update(from: outline.low - reach, to: outline.high + reach) { point, colour in
            let cover = smoothstep(softness, -softness, outline.distance(to: point))
            return cover > 0 ? mix(colour, paint(point), cover * opacity) : colour
        }
    }
}

/// One point of a stroke.
struct StrokePoint {
    var place: Point
    var halfWidth: Float
    var paint: Colour
    var opacity: Float = 1
}

/// A closed polygon.
struct Outline {
    let points: [Point]
    let low: Point
    let high: Point

    init(_ points: [Point]) {
        self.points = points
        low = points.reduce(Point(repeating: .infinity)) { pointwiseMin($0, $1) }
        high = points.reduce(Point(repeating: -.infinity)) { pointwiseMax($0, $1) }
    }

    /// A smooth closed curve through `points` (Catmull–Rom), turned, sized and put in its place.
    init(through points: [Point], scale: Float, angle: Float, at place: Point) {
        let count = points.count
        var curve: [Point] = []
        for index in 0..<count {
            let (p0, p1) = (points[(index + count - 1) % count], points[index])
            let (p2, p3) = (points[(index + 1) % count], points[(index + 2) % count])
            for step in 0..<6 {
                let t = Float(step) / 6
                let linear = p1 * 2 + (p2 - p0) * t
                let square = (p0 * 2 - p1 * 5 + p2 * 4 - p3) * (t * t)
                let cube = (p1 * 3 - p0 - p2 * 3 + p3) * (t * t * t)
                curve.append((linear + square + cube) / 2)
            }
        }
        self.init(curve.map { ($0 * scale).rotated(by: angle) + place })
    }

    /// Signed distance: negative inside (even-odd rule).
    func distance(to point: Point) -> Float {
        var (nearest, inside) = (Float.infinity, false)
        var previous = points[points.count - 1]
        for current in points {
            let edge = previous - current
            let to = point - current
            let along = clamp(to.dot(edge) / max(edge.dot(edge), 1e-12))
            let offset = to - edge * along
            nearest = min(nearest, offset.dot(offset))
            if (current.y > point.y) != (previous.y > point.y),
                point.x < (previous.x - current.x) * (point.y - current.y) / (previous.y - current.y) + current.x
            {
                inside.toggle()
            }
            previous = current
        }
        return inside ? -nearest.squareRoot() : nearest.squareRoot()
    }
}
