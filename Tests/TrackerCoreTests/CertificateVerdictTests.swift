import ContentTrust
import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// When a certificate is verified anew, and when a verdict is remembered.
@Suite struct CertificateVerdictTests {
    private func codes(_ actions: [TrackerAction]) -> [ProtocolError.Code?] {
        guard case .send(.announced(_, let results), _)? = actions.last else { return [] }
        return results.map { result in if case .failure(let error) = result { error.code } else { nil } }
    }

    @Test func knowsNothingWithoutAKeyset() {
        var fixture = CoreFixture()
        fixture.judge.keysetVersion = nil
        let peer = fixture.connect()
        #expect(codes(fixture.announce([Sample.certificate(1)], from: peer)) == [.unavailable])
        let found = fixture.find(certificates: [Sample.certificate(1)], id: 2, from: peer)
        guard case .send(.found(2, let results), peer)? = found.first, case .refused(let error)? = results.first else {
            Issue.record("\(found)")
            return
        }
        #expect(error.code == .unavailable)
        // It is not held against the certificate.
        fixture.judge.keysetVersion = 1
        #expect(codes(fixture.announce([Sample.certificate(1)], from: peer)) == [nil])
    }

    @Test func verifiesACertificateOnceForAllConnections() {
        var fixture = CoreFixture()
        for _ in 0..<5 {
            let peer = fixture.connect()
            _ = fixture.announce([Sample.certificate(1)], from: peer)
            _ = fixture.find(certificates: [Sample.certificate(1)], from: peer)
        }
        #expect(fixture.judge.count == 1)
        #expect(fixture.core.counters.certificatesVerified == 1)
    }

    @Test func verifiesACertificateForEachSite() {
        var fixture = CoreFixture()
        let (home, foreign) = (fixture.connect(), fixture.connect(site: "https://other.example"))
        #expect(codes(fixture.announce([Sample.certificate(1)], from: home)) == [nil])
        #expect(codes(fixture.announce([Sample.certificate(1)], from: foreign)) == [.wrongAudience])
        #expect(fixture.judge.count == 2)
    }

    @Test func verifiesAnewWhenTheKeysetChanges() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        _ = fixture.announce([Sample.certificate(1)], from: peer)
        fixture.judge.keysetVersion = 2
        for _ in 0..<3 { _ = fixture.announce([Sample.certificate(1)], from: peer) }
        #expect(fixture.judge.count == 2)
        fixture.judge.keysetVersion = nil
        #expect(codes(fixture.announce([Sample.certificate(1)], from: peer)) == [.unavailable])
    }

    @Test func judgesAnExpiredVerdictAnew() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let certificate = Sample.certificate(1, expires: fixture.now.unixSeconds + 10)
        _ = fixture.announce([certificate], from: peer)
        fixture.advance(milliseconds: 9_000)
        #expect(codes(fixture.announce([certificate], from: peer)) == [nil])
        #expect(fixture.judge.count == 1)
        fixture.advance(milliseconds: 1_000)
        #expect(codes(fixture.announce([certificate], from: peer)) == [.certificateExpired])
        #expect(fixture.judge.count == 2)
    }

    @Test func judgesARefusedCertificateEachTime() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        for _ in 0..<3 { #expect(codes(fixture.announce(["nonsense"], from: peer)) == [.badCertificate]) }
        #expect(fixture.judge.count == 3)
    }

    /// Swift's == takes KELVIN SIGN for K. A verdict is about the bytes that were verified and no others.
    @Test func doesNotTakeAnEquivalentTextForTheCertificate() {
        let verdicts = CertificateVerdicts(judge: AnyTextJudge())
        var kept = verdicts
        for certificate in ["K", "\u{212A}"] {
            _ = try? kept.judge(certificate, site: Sample.site(), now: 0)
        }
        #expect(kept.verifications == 2)
    }

    /// Accepts everything.
    private struct AnyTextJudge: CertificateJudging {
        var keysetVersion: Int? { 1 }

        func judge(_ certificate: String, site: WebOrigin, now: Int) throws(ProtocolError) -> JudgedCertificate {
            JudgedCertificate(content: Sample.content(0), url: "", notBefore: 0, expires: .max)
        }
    }
}
