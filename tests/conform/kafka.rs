//! Kafka's rows.

use super::{all_pass, verdicts};

#[test]
fn every_row_passes() {
    let verdicts = verdicts("kafka", "kafka.public.json");
    assert_eq!(verdicts.len(), 302);
    all_pass(&verdicts);
}
