import CoreMetrics

/// What a node counts of its dealings with the shards. From any thread.
struct ClusterCounters: Sendable {
    let degraded = Counter(label: "shoal_tracker_degraded_finds_total")
    let cleared = Counter(label: "shoal_tracker_dead_entries_cleared_total")
    let refills = Counter(label: "shoal_tracker_shard_refills_total")
    let refusedWrites = Counter(label: "shoal_tracker_shard_refusals_total")
    let relayed = Counter(label: "shoal_tracker_relayed_signals_total")
    let fences = Counter(label: "shoal_tracker_fences_total")
    let unreadablePacks = Counter(label: "shoal_tracker_unreadable_packs_total")
}
