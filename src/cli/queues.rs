//! What RabbitMQ's queues did, as a table for people.

use super::table::{aligned, header};
use crate::figures::count;
use crate::record::Report;
use crate::record::report::NodeReport;

/// A line per queue: what is in it, and what it did so far. Columns in which nothing happened anywhere are left out.
pub fn table(text: &mut String, report: &Report) {
    for (name, node) in &report.nodes.0 {
        let NodeReport::Broker { rabbitmq: Some(view), .. } = node else { continue };
        if view.queues.is_empty() {
            continue;
        }
        let title = format!("queues of {name}");
        let head = [
            &title,
            "kind",
            "ready",
            "unacked",
            "published",
            "refused",
            "delivered",
            "redelivered",
            "returned",
            "dl rejected",
            "dl expired",
            "dl maxlen",
            "dl limit",
            "discarded",
            "dl waiting",
            "deleted",
        ];
        let mut rows = vec![header(&head)];
        let mut seen = vec![false; head.len()];
        for queue in &view.queues {
            let counts = &queue.counts;
            let (dead, gone) = (&counts.dead_lettered, counts.discarded.sum());
            let figures = [
                queue.ready,
                queue.unacked,
                counts.published,
                counts.refused,
                counts.delivered,
                counts.redelivered,
                counts.returned,
                dead.rejected,
                dead.expired,
                dead.maxlen,
                dead.delivery_limit,
                gone,
                queue.dead_letters_waiting,
                u64::from(queue.deleted),
            ];
            figures.iter().enumerate().for_each(|(i, figure)| seen[i + 2] |= *figure > 0);
            let mut row = vec![queue.name.clone(), queue.kind.to_owned()];
            row.extend(figures.map(count));
            rows.push(row);
        }
        // These say something even where they are nothing.
        [0, 1, 2, 3, 4, 6].into_iter().for_each(|column| seen[column] = true);
        for row in &mut rows {
            let mut column = 0;
            row.retain(|_| {
                column += 1;
                seen[column - 1]
            });
        }
        text.push('\n');
        aligned(text, &rows);
    }
}
