//! Kafka's rows.

use super::{all_pass, verdicts};
use tidemill::cli::conform::run;

#[test]
fn every_row_passes() {
    let verdicts = verdicts("kafka", "kafka.public.json");
    assert_eq!(verdicts.len(), 302);
    all_pass(&verdicts);
}

/// Random groups, most of which the real client library has assigned: racks, unequal subscriptions, claims of several generations.
#[test]
fn groups_are_assigned_as_the_client_library_does() {
    let verdicts = verdicts("kafka", "kafka.assignors.json");
    assert_eq!(verdicts.len(), 82);
    all_pass(&verdicts);
}

/// What no observed row shows, after Kafka's source (4.x).
#[test]
fn rules_that_no_row_shows_hold_as_well() {
    let rows = [
        // `Partition.effectiveMinIsr`: no more replicas are asked for than there are.
        r#"{"kind": "replication", "rule": "min-isr", "given": {"replicas": [1, 2], "leader": 1, "isr": [1, 2], "alive": [1, 2],
            "min_insync_replicas": 3, "acks": "all"}, "expected": {"result": "ok", "appended": true, "visible": true}}"#,
        r#"{"kind": "replication", "rule": "min-isr", "given": {"replicas": [1], "leader": 1, "isr": [1], "alive": [1],
            "min_insync_replicas": 2, "acks": 1}, "expected": {"result": "ok", "appended": true, "visible": true}}"#,
        // Who leaves the ISR while the leader waits for it.
        r#"{"kind": "replication", "rule": "min-isr", "given": {"replicas": [1, 2], "leader": 1, "isr": [1, 2], "alive": [1, 2],
            "min_insync_replicas": 2, "acks": "all", "event": "the ISR shrinks to [1] while the request waits"},
            "expected": {"result": "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "appended": true, "visible": false}}"#,
        r#"{"kind": "replication", "rule": "leader-election", "given": {"replicas": [3, 2, 1], "leader": 3, "isr": [3, 2, 1],
            "event": "broker 3 is killed"}, "expected": {"leader": 2, "isr": [1, 2]}}"#,
        r#"{"kind": "replication", "rule": "leader-election", "given": {"replicas": [3, 2, 1], "leader": 2, "isr": [1, 2], "dead": [3],
            "event": "broker 3 restarts"}, "expected": {"leader": 2, "isr": [1, 2, 3]}}"#,
        // A dead replica out of sync is no reason for an election.
        r#"{"kind": "replication", "rule": "unclean", "given": {"replicas": [5, 2, 4, 1], "isr": [1], "alive": [2, 5], "leader": 1,
            "elr": [2], "elr_enabled": true, "unclean": true, "min_insync_replicas": 3}, "expected": {"leader": 2}}"#,
        r#"{"kind": "replication", "rule": "failure-detection", "given": {"broker_session_timeout_ms": 9000,
            "replica_lag_time_max_ms": 30000, "follower": "crashed"}, "expected": {"seconds_min": 6.5, "seconds_max": 12}}"#,
        r#"{"kind": "offsets", "rule": "lag", "given": {"log_start": 0, "high_watermark": 10, "committed": 14}, "expected": {"lag": -4}}"#,
        r#"{"kind": "offsets", "rule": "transactions-and-lag", "given": {"steps": ["txn of 2 still open", "1 plain record",
            "the open txn commits"]}, "expected": {"high_watermark": 4, "read_committed_offsets": [0, 1, 2],
            "read_uncommitted_offsets": [0, 1, 2], "end_offset_seen_by_read_committed": 4}}"#,
        r#"{"kind": "retention", "rule": "retention-time", "config": {"retention.ms": "-1"}, "segments": [{"base_offset": 0, "bytes": 158}],
            "records": [{"offset": 0, "age_s": 1000000}, {"offset": 1, "age_s": 5}], "high_watermark": 2,
            "expected_log_start_offset": 0, "expected_segment_bases": [0]}"#,
        r#"{"kind": "sticky", "batch_size": 10, "partition_has_leader": [true, true], "random_draws": [1, 3], "expected_initial_partition": 1,
            "steps": [{"update_load": {"queue_sizes": [0, 3], "partition_ids": [0, 1], "length": 2}, "expected_cumulative_table": [4, 5]},
            {"update_load": null, "expected_cumulative_table": null}]}"#,
    ];
    let rows: Vec<String> = rows.iter().enumerate().map(|(at, row)| row.replacen('{', &format!("{{\"id\": \"own-{at}\", "), 1)).collect();
    all_pass(&run("kafka", &format!("{{\"rows\": [{}]}}", rows.join(","))).unwrap());
}
