//! Which partition a record goes to.

use super::{Compared, read};
use crate::engine::kafka::partitioner::{Sticky, murmur2, of_key, positive};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Keyed {
    key_hex: String,
    num_partitions: u32,
    expected: Value,
}

/// A key's hash and partition.
pub fn partitioner(row: &Value) -> Result<Compared, String> {
    let row: Keyed = read(row)?;
    let key = bytes(&row.key_hex)?;
    let hash = murmur2(&key);
    let actual = json!({ "murmur2": hash, "positive": positive(hash), "partition": of_key(&key, row.num_partitions) });
    Ok(Compared { expected: row.expected, actual })
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(|| format!("`{hex}` is not hexadecimal"))?;
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[derive(Deserialize)]
struct Keyless {
    batch_size: u64,
    partition_has_leader: Vec<bool>,
    random_draws: Vec<u32>,
    expected_initial_partition: u32,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    append_bytes: Option<u64>,
    #[serde(default)]
    switch_allowed: bool,
    expected_partition_for_next_record: Option<u32>,
    /// `null` forgets what is known of loads.
    #[serde(default, deserialize_with = "given")]
    update_load: Option<Option<Queues>>,
    expected_cumulative_table: Option<Vec<u32>>,
}

#[derive(Deserialize)]
struct Queues {
    queue_sizes: Vec<u32>,
    partition_ids: Vec<u32>,
    length: usize,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<Queues>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// The way of a producer without keys: its first partition, then one answer per step.
pub fn sticky(row: &Value) -> Result<Compared, String> {
    let row: Keyless = read(row)?;
    let mut draws = row.random_draws.iter().copied();
    let mut draw = || draws.next().unwrap_or(0);
    let mut model = Sticky::new(row.batch_size, &row.partition_has_leader, draw());
    let (mut expected, mut actual) = (vec![json!(row.expected_initial_partition)], vec![json!(model.current())]);
    for step in &row.steps {
        if let Some(queues) = &step.update_load {
            let none = Queues { queue_sizes: Vec::new(), partition_ids: Vec::new(), length: 0 };
            let queues = queues.as_ref().unwrap_or(&none);
            if queues.length > queues.queue_sizes.len().min(queues.partition_ids.len()) {
                return Err("`length` is beyond the lists of `update_load`".to_owned());
            }
            model.update_load(&queues.queue_sizes, &queues.partition_ids, queues.length);
            expected.push(json!(step.expected_cumulative_table));
            actual.push(json!(model.load().map(|load| &load.cumulative)));
        }
        if let Some(bytes) = step.append_bytes {
            model.append(bytes, step.switch_allowed, &mut draw);
            expected.push(json!(step.expected_partition_for_next_record));
            actual.push(json!(model.current()));
        }
    }
    Ok(Compared { expected: json!(expected), actual: json!(actual) })
}
