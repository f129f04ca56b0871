//! What the model of EventBridge keeps of the service, and what not.

/// What is as in the service, what is not, and what the newer product does otherwise: a headline and sentences for each.
pub const FIDELITY: &[(&str, &[&str])] = &[
    (
        "As in the service",
        &[
            "Event patterns follow aws/event-ruler 2.0.1, the service's own engine: every operator, numbers by value, array consistency, and its refusals.",
            "Every matching rule delivers to each of its targets (at most five) for itself; two rules with one target deliver twice, under one event id.",
            "At least once and in no order: each delivery takes its own time, and a few are made twice.",
            "PutEvents refuses what is too large or beyond its quota per second; invocations beyond theirs wait and are not lost.",
            "Each target has a retry policy, a dead-letter queue and an input of its own; here the rule can say what holds for all of its targets that have none. A bus takes no input.",
            "A target that fails is tried again until the age (counted from when the service took the event in, for a replay anew) or the number of tries that its policy allows is used up; then the event goes to its dead-letter queue with the service's attributes (RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, EXHAUSTED_RETRY_CONDITION, RETRY_ATTEMPTS), or is gone.",
            "An input transformer whose filled template is not JSON delivers nothing (INVALID_JSON), and is not tried again.",
            "Archives keep what their pattern takes for their retention; replays come in slices of one minute, those in order, inside of one in none, marked with the replay's name, and are never archived again.",
            "An event goes from bus to bus once only, within a broker or to another one (account or region): the loop protection refuses a second time (THIRD_ACCOUNT_HOP_DETECTED, THIRD_REGION_HOP_DETECTED) and does not retry. It keeps the account, region and source of where it was put.",
            "Scheduled rules send their targets an event of the service's own, by rate or by cron expression in UTC, on the default bus only.",
            "A call of PutEvents has up to ten entries. Too many bytes or a call beyond the quota refuse all of it, an entry can fail alone.",
            "A target that is a function takes no more than its limit: what comes on top is a throttled delivery, tried again as its retry policy says.",
        ],
    ),
    (
        "Simplified",
        &[
            "The service publishes neither its backoff nor how rare duplicates are. Here the first wait is one second, doubled each time up to ten minutes, with jitter; one delivery in 100,000 is made twice.",
            "Latency is drawn from published measurements unless the scenario says otherwise. There is no guarantee of it in the service.",
            "Each event is a call of its own unless `put` says otherwise; clients then fill calls up as they would with a buffer of their own. The quota counts calls.",
            "Scheduled events come at the full minute; the service takes up to a minute longer. A schedule's rate counts from the start of the run, which is the beginning of the year 2026.",
            "A target is a consumer. Its handling is part of the delivery: a failure is the target's failure. For a function that is called asynchronously, give the consumer a `retry` of its own: the service counts such an event as delivered.",
            "Rules are there from the start: the delay with which new or changed rules take effect is not modelled, nor that with which events reach an archive.",
            "The inspector shows what a target's input comes to; handling does not depend on it.",
            "Permissions are always there, and so are targets and dead-letter queues: NO_PERMISSIONS, NO_RESOURCE and InvocationsFailedToBeSentToDlq never come. The wording of ERROR_MESSAGE is not published; it is ours.",
            "Forwarding to a bus takes one more latency; to another broker also the link between the two.",
        ],
    ),
    (
        "The newer Custom Event Bus",
        &[
            "Since 2026 the bus with rules is called Custom Event Bus - Classic. The newer one has subscribers with one target each instead of rules, and filters without wildcards.",
            "It keeps every event for 1 to 365 days: a subscriber starts at the latest event, or at a point in the past, instead of an archive and a replay.",
            "It can keep order within an event group (FIFO; a failing event blocks its group), and drops duplicates published within five minutes.",
            "It takes 100 entries per call, and its retry default is 5 attempts within 300 seconds.",
        ],
    ),
];
