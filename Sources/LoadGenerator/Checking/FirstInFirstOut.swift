/// A first-in, first-out queue in an array: what was taken from the front is dropped in one go when it is half of the array.
struct FirstInFirstOut<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard let first else { return nil }
        head += 1
        if head > 1_024, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return first
    }
}
