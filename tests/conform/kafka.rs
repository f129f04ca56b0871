//! Kafka's rows.

use super::{all_pass, verdicts};

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
