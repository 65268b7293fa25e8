import KeyRotation
import Testing

@Suite struct RotationTimingTests {
    @Test func theDefaultsAreSafe() {
        let timing = RotationTiming()
        #expect(timing.publishDelay >= timing.leastPublishDelay)
        #expect(timing.retireDelay >= timing.leastRetireDelay)
    }
}
