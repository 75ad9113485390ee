//! Whatever a client says, what it costs is bounded, and the protocol holds.

use super::*;
use crate::catalog::Catalog;
use crate::files::File;
use proptest::prelude::*;
use sergo::subscribe::wire::{Any, SubscribeLabelKv, read_response};

const MOST: usize = 5;

fn rights() -> Rights<'static> {
    let sees: &dyn Fn(&str) -> Result<(), String> =
        &|namespace| if namespace == "secret" { Err("not for you".to_owned()) } else { Ok(()) };
    Rights { sees, subscriptions: MOST }
}

fn snapshot(before: &Snapshot, threshold: u32) -> Snapshot {
    let text = format!(
        "{{\"apiVersion\": \"fault-tolerance.opensergo.io/v1alpha1\", \"kind\": \"RateLimitStrategy\", \
         \"metadata\": {{\"name\": \"l\"}}, \"spec\": {{\"threshold\": {threshold}, \"statDuration\": \"1s\"}}}}"
    );
    let file = File { name: "a.yaml".to_owned(), text: text.into() };
    before.next(before.catalog.after(vec![file]))
}

/// What is sent, as a client reads it.
fn sent(frame: Frame) -> SubscribeResponse {
    let mut bytes = frame.head;
    bytes.extend_from_slice(frame.data.as_deref().unwrap_or_default());
    read_response(&bytes).unwrap()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("demo".to_owned()),
        Just(String::new()),
        Just("secret".to_owned()),
        Just("n".repeat(2_000)),
        "[a-d]",
    ]
}

fn kind() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy".to_owned()),
        1 => "[a-c]/v1/[a-c]",
        1 => "[a/]{0,5}",
    ]
}

fn request() -> impl Strategy<Value = SubscribeRequest> {
    let target = (name(), name(), prop::collection::vec(kind(), 0..4), prop::collection::vec((name(), name()), 0..3));
    let target = target.prop_map(|(namespace, app, kinds, labels)| {
        let label = |(key, value)| SubscribeLabelKv { key, value };
        SubscribeRequestTarget { namespace, app, kinds, labels: labels.into_iter().map(label).collect() }
    });
    let accept = prop::collection::vec(any::<u8>(), 0..8);
    let accept = accept.prop_map(|value| Any { type_url: STRUCT_URL.to_owned(), value });
    let answer = prop_oneof![3 => Just(String::new()), 1 => Just("ACK".to_owned()), 1 => Just("NACK".to_owned())];
    let status = prop::option::of((-1..5000i32).prop_map(|code| Status { code, ..Status::default() }));
    (prop::option::of(target), 0..3i32, answer, prop::option::of(accept), status, "[0-9]", name()).prop_map(
        |(target, op_type, response_ack, accept, status, request_id, identifier)| SubscribeRequest {
            target,
            op_type,
            response_ack,
            attachments: accept.into_iter().collect(),
            status,
            identifier,
            request_id,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn requests_of_every_form_are_met(steps in prop::collection::vec((request(), 0..4usize, any::<bool>()), 1..60)) {
        let mut conversation = Conversation::default();
        let mut now = snapshot(&Snapshot::default(), 1);
        let mut changes = 1;
        for (request, reads, changed) in steps {
            let is_answer = !request.response_ack.is_empty();
            let waiting = conversation.answers.len();
            match conversation.hear(request, &rights()).unwrap() {
                Heard::Bad(_) => prop_assert_eq!(conversation.answers.len(), waiting + 1),
                Heard::Request => prop_assert!(!is_answer),
                Heard::Acknowledged(_) | Heard::Refused(..) | Heard::Stray => prop_assert!(is_answer),
            }
            prop_assert!(conversation.subscriptions.len() <= MOST && conversation.labels.len() <= MAX_LABELS);
            prop_assert!(conversation.subscriptions.iter().all(|one| one.key.namespace != "secret"));
            if changed {
                changes += 1;
                now = snapshot(&now, changes);
            }
            for _ in 0..reads {
                conversation.next(&now, "cp").map(sent);
            }
        }
        // Once all is read, everybody has the newest, and nothing more is sent.
        let most = conversation.answers.len() + conversation.subscriptions.len();
        let read: Vec<_> = std::iter::from_fn(|| conversation.next(&now, "cp").map(sent)).take(most + 1).collect();
        prop_assert!(read.len() <= most);
        for one in &conversation.subscriptions {
            prop_assert!(one.pushed.as_ref().is_some_and(|set| Arc::ptr_eq(set, &now.set(&one.key))));
        }
        for push in read.iter().filter(|response| response.ack.is_empty()) {
            prop_assert!(push.data_with_version.as_ref().unwrap().version > 0);
        }
    }

    #[test]
    fn bytes_of_every_form_are_met(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let mut conversation = Conversation::default();
        let now = snapshot(&Snapshot::default(), 1);
        for frame in frames {
            if let Ok(request) = SubscribeRequest::decode(&*frame) {
                conversation.hear(request, &rights()).unwrap();
            }
            conversation.next(&now, "cp").map(sent);
        }
    }

    #[test]
    fn a_message_that_was_cut_or_bent_is_met(request in request(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = request.encode_to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        let place = at.index(bytes.len());
        let mut conversation = Conversation::default();
        let mut hear = |bytes: &[u8]| {
            if let Ok(request) = SubscribeRequest::decode(bytes) {
                conversation.hear(request, &rights()).unwrap();
            }
        };
        hear(&bytes[..place]);
        bytes[place] ^= 1 << bit;
        hear(&bytes);
        let now = snapshot(&Snapshot::default(), 1);
        while let Some(frame) = conversation.next(&now, "cp") {
            sent(frame);
        }
    }
}

#[test]
fn each_subscription_has_its_turn() {
    let mut conversation = Conversation::default();
    let kinds = ["a/v1/A", "a/v1/B", "a/v1/C"].map(str::to_owned).to_vec();
    let target = SubscribeRequestTarget { namespace: "default".into(), kinds, ..Default::default() };
    let request = SubscribeRequest { target: Some(target), ..Default::default() };
    let now = snapshot(&Snapshot::default(), 1);
    let mut pushed = Vec::new();
    for _ in 0..6 {
        // All are asked for again before each push.
        conversation.hear(request.clone(), &rights()).unwrap();
        pushed.push(sent(conversation.next(&now, "cp").unwrap()).kind);
    }
    assert_eq!(pushed, ["a/v1/A", "a/v1/B", "a/v1/C", "a/v1/A", "a/v1/B", "a/v1/C"]);
}

#[test]
fn a_set_that_has_not_changed_keeps_its_version() {
    let mut conversation = Conversation::default();
    let kinds = vec!["fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy".to_owned()];
    let target = SubscribeRequestTarget { namespace: "default".into(), kinds, ..Default::default() };
    conversation.hear(SubscribeRequest { target: Some(target), ..Default::default() }, &rights()).unwrap();
    let first = snapshot(&Snapshot::default(), 1);
    let push = sent(conversation.next(&first, "cp").unwrap());
    let same = snapshot(&first, 1);
    assert!(same.version > first.version);
    assert!(conversation.next(&same, "cp").is_none());
    let other = snapshot(&same, 2);
    let next = sent(conversation.next(&other, "cp").unwrap());
    let version = |push: &SubscribeResponse| push.data_with_version.as_ref().unwrap().version;
    assert_eq!((version(&push), version(&next)), (first.version, other.version));
}

#[test]
fn what_is_too_large_to_push_is_told() {
    let mut conversation = Conversation::default();
    let kinds = vec!["fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy".to_owned()];
    let target = SubscribeRequestTarget { namespace: "default".into(), kinds, ..Default::default() };
    let accept = serde_json::json!({"accept": "document"});
    let value = sergo::subscribe::structure::from_json(accept.as_object().unwrap()).encode_to_vec();
    let attachments = vec![Any { type_url: STRUCT_URL.to_owned(), value }];
    conversation.hear(SubscribeRequest { target: Some(target), attachments, ..Default::default() }, &rights()).unwrap();
    let note = "n".repeat(sergo::subscribe::wire::MAX_MESSAGE);
    let text = format!(
        "{{\"apiVersion\": \"fault-tolerance.opensergo.io/v1alpha1\", \"kind\": \"RateLimitStrategy\", \
         \"metadata\": {{\"name\": \"l\", \"annotations\": {{\"note\": \"{note}\"}}}}, \
         \"spec\": {{\"threshold\": 1, \"statDuration\": \"1s\"}}}}"
    );
    let file = File { name: "a.yaml".to_owned(), text: text.into() };
    let now = Snapshot::default().next(Catalog::default().after(vec![file]));
    let told = sent(conversation.next(&now, "cp").unwrap());
    assert_eq!((told.status.unwrap().code, told.data_with_version), (code::NOT_WATCHED, None));
    assert!(conversation.next(&now, "cp").is_none());
}
