import Foundation
import LoadGenerator

/// A report as a table for a person.
enum LoadTable {
    static func text(of report: LoadReport) -> String {
        let counts = report.counts
        let rows: [(String, String)] =
            [
                ("connections now", "\(counts.connections)"),
                ("announced now", "\(counts.announced)"),
                (
                    "announces",
                    "\(counts.announces), \(counts.announcesFailed) failed, \(counts.announcesUncovered) not covered by a retry"
                ),
                ("leaves", "\(counts.leaves), \(counts.leavesFailed) failed"),
                (
                    "finds",
                    "\(counts.finds), \(counts.findsFailed) failed, \(counts.degraded) degraded, \(counts.pending) pending"
                ),
                ("introductions", "\(counts.introductions), \(counts.foreign) of unknown peers"),
                ("misses", "\(counts.misses), \(counts.missesExcused) excused"),
                (
                    "wrong introductions",
                    "\(counts.staleIntroductions) stale, \(counts.selfIntroductions) of the asker, \(counts.duplicates) twice"
                ),
                (
                    "signals",
                    "\(counts.signalsSent), \(counts.signalsArrived) arrived, \(counts.signalsGone) gone, \(counts.signalsLost) lost"
                ),
                (
                    "reconnects",
                    "\(counts.reconnects), \(counts.connectsFailed) attempts failed, \(counts.moves) moved"
                ),
                ("skipped", "\(counts.skipped) operations that no connection could do"),
            ] + latencies(report.latencies)
            + counts.errors.sorted { $0.key < $1.key }.map { ("error \($0.key)", "\($0.value)") }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { $0.0.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + $0.1 }
        let faults = report.faults.map { "! " + $0 }
        let verdict = report.isClean ? "clean" : "NOT CLEAN"
        return (lines + faults + ["\(verdict) after \(String(format: "%.1f", report.elapsed)) s"])
            .joined(separator: "\n")
    }

    private static func latencies(_ latencies: LoadReport.Latencies) -> [(String, String)] {
        let all: [(String, LatencySummary?)] = [
            ("announce", latencies.announce), ("find", latencies.find), ("degraded find", latencies.degradedFind),
            ("signal, same tracker", latencies.signalSameTracker),
            ("signal, other tracker", latencies.signalOtherTracker),
        ]
        return all.compactMap { name, summary in
            guard let summary else { return nil }
            return (
                name + " took",
                String(format: "p50 %.2f ms, p99 %.2f ms, at most %.1f ms", summary.p50, summary.p99, summary.longest)
            )
        }
    }
}
