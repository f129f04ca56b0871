//! RabbitMQ definitions: what `rabbitmqctl export_definitions` and the management plugin write and read.

mod export;
mod import;
mod policy;

pub use export::export;
pub use import::import;

use crate::time::Span;
use serde_json::Value;

/// Whether a text looks like RabbitMQ definitions.
pub fn is(text: &str) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return false };
    fields.contains_key("rabbit_version")
        || fields.contains_key("rabbitmq_version")
        || fields.contains_key("exchanges") && fields.contains_key("queues")
}

/// `x-max-age`: a whole number and a unit, from years (`Y`) to seconds (`s`).
fn age(text: &str) -> Option<Span> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (_, seconds) = AGES.iter().find(|(known, _)| *known == unit)?;
    Some(Span(number.parse::<u64>().ok()?.checked_mul(*seconds)?.checked_mul(1_000_000_000)?))
}

/// Units of `x-max-age` in seconds, the longest first.
const AGES: [(&str, u64); 6] = [("Y", 31_536_000), ("M", 2_592_000), ("D", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Carried;
    use crate::scenario::Scenario;
    use crate::scenario::broker::rabbitmq::{ExchangeKind, Leads, Overflow, QueueKind, Strategy};
    use crate::scenario::broker::{BrokerKind, RabbitMq};
    use crate::scenario::document::{Broker, Node};
    use crate::scenario::units::Size;

    const SERVER: &str = r##"{
        "rabbit_version": "4.0.5", "users": [{"name": "guest", "password_hash": "x"}], "vhosts": [{"name": "/"}, {"name": "other"}],
        "policies": [{"name": "p"}],
        "queues": [
            {"name": "work", "vhost": "/", "durable": true, "auto_delete": false,
             "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 5, "x-dead-letter-exchange": "dlx", "x-quorum-target-group-size": 3}},
            {"name": "dead", "vhost": "/", "durable": true, "auto_delete": true, "arguments": {"x-message-ttl": 60000, "x-max-length": 10, "x-overflow": "reject-publish"}},
            {"name": "log", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {"x-queue-type": "stream", "x-max-age": "7D", "x-stream-max-segment-size-bytes": 1000000, "x-initial-cluster-size": 1}},
            {"name": "elsewhere", "vhost": "other", "durable": true, "auto_delete": false, "arguments": {}}],
        "exchanges": [
            {"name": "dlx", "vhost": "/", "type": "fanout", "durable": true, "auto_delete": false, "internal": true, "arguments": {}},
            {"name": "in", "vhost": "/", "type": "headers", "durable": true, "auto_delete": false, "internal": false, "arguments": {"alternate-exchange": "dlx"}}],
        "bindings": [
            {"source": "dlx", "vhost": "/", "destination": "dead", "destination_type": "queue", "routing_key": "", "arguments": {}},
            {"source": "in", "vhost": "/", "destination": "work", "destination_type": "queue", "routing_key": "k",
             "arguments": {"x-match": "any", "format": "pdf", "pages": 3, "draft": true, "stamp": null}},
            {"source": "in", "vhost": "/", "destination": "log", "destination_type": "queue", "routing_key": "", "arguments": {}},
            {"source": "in", "vhost": "/", "destination": "dlx", "destination_type": "exchange", "routing_key": "", "arguments": {}}]
    }"##;

    fn parts(scenario: &Scenario) -> RabbitMq {
        match &scenario.nodes[0] {
            Node::Broker(Broker { kind: BrokerKind::RabbitMq(parts), .. }) => parts.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_servers_definitions_become_a_broker_and_the_rest_is_named() {
        assert!(is(SERVER));
        let carried = import(SERVER, None).unwrap();
        let parts = parts(&carried.result);
        assert_eq!((parts.exchanges.len(), parts.queues.len(), parts.bindings.len()), (2, 3, 4));
        assert_eq!((parts.queues[2].kind, parts.queues[2].max_age), (QueueKind::Stream, Some(Span::from_millis(604_800_000))));
        assert_eq!(parts.queues[0].delivery_limit, Some(5));
        assert_eq!(parts.queues[1].ttl, Some(Span::from_millis(60_000)));
        assert!(parts.queues[1].auto_delete);
        assert_eq!(parts.bindings[1].headers.0.len(), 4);
        let left = carried.left.join("\n");
        for word in ["other", "x-quorum-target-group-size", "the policy `p`", "1 users"] {
            assert!(left.contains(word), "{word}: {left}");
        }
        assert_eq!(parts.memory, None);
        assert!(import(SERVER, Some("nope")).is_err());
        assert!(import(SERVER, Some("other")).unwrap().left.iter().any(|line| line.contains("`/`")));
    }

    #[test]
    fn what_was_imported_is_exported_and_imported_again_unchanged() {
        let first = import(&SERVER.replace(r#", "stamp": null"#, ""), None).unwrap().result;
        let text = export(&first, None).unwrap().result;
        let again = import(&text, None).unwrap();
        assert_eq!(parts(&first), parts(&again.result));
        assert_eq!(again.left, Vec::<String>::new());
        assert_eq!(export(&again.result, Some("rabbitmq")).unwrap().result, text);
    }

    #[test]
    fn a_header_that_only_has_to_be_there_is_named_and_left_out() {
        let carried = export(&import(SERVER, None).unwrap().result, None).unwrap();
        assert!(!carried.result.contains("null") && carried.left.iter().any(|line| line.contains("`stamp`")), "{:?}", carried.left);
    }

    #[test]
    fn what_is_imported_passes_the_checks() {
        let carried = import(SERVER, None).unwrap();
        let checked = crate::scenario::check(&carried.result, &crate::scenario::NoFiles);
        assert!(checked.is_ok(), "{:?}", checked.err());
    }

    /// A definition with these policies and operator policies over a handful of queues.
    fn governed(policies: &str, operators: &str) -> Carried<Scenario> {
        let queue = |name: &str, arguments: &str| {
            format!(r#"{{"name": "{name}", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {{{arguments}}}}}"#)
        };
        let queues = [
            queue("jobs.a", r#""x-max-length": 50"#),
            queue("jobs.b", r#""x-queue-type": "quorum", "x-dead-letter-exchange": "amq.fanout""#),
            queue("log", r#""x-queue-type": "stream""#),
            queue("dead", ""),
        ];
        let text = format!(
            r#"{{"rabbit_version": "4.0.5", "vhosts": [{{"name": "/"}}], "policies": [{policies}], "parameters": [{operators}],
            "exchanges": [{{"name": "in", "vhost": "/", "type": "topic", "durable": true, "auto_delete": false, "arguments": {{}}}},
                          {{"name": "dlx", "vhost": "/", "type": "fanout", "durable": true, "auto_delete": false, "arguments": {{}}}}],
            "queues": [{}], "bindings": [
              {{"source": "amq.topic", "vhost": "/", "destination": "jobs.a", "destination_type": "queue", "routing_key": "job.#", "arguments": {{}}}}]}}"#,
            queues.join(", ")
        );
        import(&text, None).unwrap()
    }

    #[test]
    fn policies_become_settings_of_what_they_match() {
        let carried = governed(
            r#"{"vhost": "/", "name": "jobs", "pattern": "^jobs\\.", "apply-to": "queues", "priority": 1,
                "definition": {"max-length": 100, "message-ttl": 60000, "dead-letter-exchange": "dlx", "overflow": "reject-publish"}},
               {"vhost": "/", "name": "lower", "pattern": ".*", "priority": 0, "definition": {"max-length": 7, "alternate-exchange": "dlx"}},
               {"vhost": "/", "name": "lazy", "pattern": "^dead$", "apply-to": "classic_queues", "priority": 9,
                "definition": {"queue-mode": "lazy", "expires": 5000}},
               {"vhost": "other", "name": "elsewhere", "pattern": ".*", "definition": {"max-length": 1}}"#,
            r#"{"component": "operator_policy", "vhost": "/", "name": "cap", "value":
                {"pattern": "^jobs", "apply-to": "queues", "priority": 0, "definition": {"max-length": 80, "expires": 60000}}},
               {"component": "shovel", "vhost": "/", "name": "s", "value": {}}"#,
        );
        let found = parts(&carried.result);
        let queue = |name: &str| found.queues[found.queue(name).unwrap()].clone();
        // The lowest limit counts, be it the argument's, the policy's or the operator's.
        let (a, b) = (queue("jobs.a"), queue("jobs.b"));
        assert_eq!((a.max_length, b.max_length), (Some(50), Some(80)));
        assert_eq!(
            (a.ttl, a.expires, a.overflow),
            (Some(Span::from_millis(60_000)), Some(Span::from_millis(60_000)), Overflow::RejectPublish)
        );
        // What is no limit is the argument's, if there is one.
        let way = |queue: &crate::scenario::broker::rabbitmq::Queue| queue.dead_letter.as_ref().map(|way| way.exchange.clone());
        assert_eq!((way(&a).as_deref(), way(&b).as_deref()), (Some("dlx"), Some("amq.fanout")));
        // Only the policy with the highest priority counts, and one with a key that a stream does not have is none for it.
        let (dead, log) = (queue("dead"), queue("log"));
        assert_eq!((dead.max_length, dead.expires), (None, Some(Span::from_millis(5_000))));
        assert_eq!((log.kind, log.max_length), (QueueKind::Stream, None));
        assert_eq!(found.exchanges[0].alternate.as_deref(), Some("dlx"));
        let left = carried.left.join("\n");
        for words in ["`jobs`", "`cap`", "`queue-mode` with the value \"lazy\"", "1 parameters"] {
            assert!(left.contains(words), "{words}: {left}");
        }
        assert!(!left.contains("elsewhere"), "{left}");
        let checked = crate::scenario::check(&carried.result, &crate::scenario::NoFiles);
        assert!(checked.is_ok(), "{:?}", checked.err());
    }

    #[test]
    fn exchanges_of_every_virtual_host_are_there_for_what_refers_to_them() {
        let parts = parts(&governed("", "").result);
        let kind = |name: &str| parts.exchange(name).map(|at| parts.exchanges[at].kind);
        assert_eq!(
            (kind("amq.topic"), kind("amq.fanout"), kind("amq.direct")),
            (Some(ExchangeKind::Topic), Some(ExchangeKind::Fanout), None)
        );
        assert_eq!(parts.leads(&parts.bindings[0]), Some(Leads::Queue(0)));
        let text = export(&governed("", "").result, None).unwrap().result;
        assert!(text.contains("\"source\": \"amq.topic\"") && !text.contains("\"name\": \"amq.topic\""));
    }

    #[test]
    fn policies_that_cannot_be_read_are_named() {
        let carried = governed(r#"{"vhost": "/", "name": "odd", "pattern": "(?<=x)y", "definition": {"max-length": 1}}"#, "");
        assert!(carried.left.iter().any(|line| line.contains("`odd`") && line.contains("pattern")), "{:?}", carried.left);
        assert!(parts(&carried.result).queues.iter().all(|queue| queue.max_length != Some(1)));
    }

    #[test]
    fn queues_that_come_and_go_are_carried_as_far_as_definitions_know_them() {
        let queue = |name: &str| crate::scenario::broker::rabbitmq::Queue { name: name.to_owned(), ..Default::default() };
        let way = crate::scenario::broker::rabbitmq::DeadLetter {
            key: Some("b".to_owned()),
            strategy: Strategy::AtLeastOnce,
            ..Default::default()
        };
        let quorum = crate::scenario::broker::rabbitmq::Queue {
            kind: QueueKind::Quorum,
            overflow: Overflow::RejectPublish,
            max_bytes: Some(Size(1_000)),
            dead_letter: Some(way),
            expires: Some(Span(1)),
            ..queue("c")
        };
        let broker = RabbitMq {
            queues: vec![
                crate::scenario::broker::rabbitmq::Queue { exclusive: true, ..queue("a") },
                crate::scenario::broker::rabbitmq::Queue { auto_delete: true, expires: Some(Span::from_millis(5_000)), ..queue("b") },
                quorum,
            ],
            ..RabbitMq::default()
        };
        let node = Node::Broker(Broker { id: "b".to_owned(), at: None, zone: None, kind: BrokerKind::RabbitMq(broker) });
        let carried = export(&Scenario { nodes: vec![node], ..Scenario::default() }, None).unwrap();
        assert!(carried.left.iter().any(|line| line.contains("`a`, which is exclusive")), "{:?}", carried.left);
        let again = parts(&import(&carried.result, None).unwrap().result);
        assert_eq!(again.queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        assert!(again.queues[0].auto_delete && again.queues[1].keeps_dead_letters());
        assert_eq!(again.queues[0].expires, Some(Span::from_millis(5_000)));
        // Nothing that lives for less than a millisecond.
        assert_eq!(again.queues[1].expires, Some(Span::from_millis(1)));
    }

    #[test]
    fn other_texts_are_not_taken_for_definitions() {
        for text in ["", "[]", "{}", "Scenario(format: 1)", r#"{"rows": []}"#] {
            assert!(!is(text));
        }
        assert!(import("{\"queues\": 3}", None).is_err());
        assert!(export(&Scenario::default(), None).is_err());
    }
}
