//! Frames that are no longer what was sent.

use crate::kit::{LIMIT, RULE, limit, rule};
use crate::plane::Quirks;
use crate::world::{SECOND, World};
use proptest::prelude::*;
use sergo::subscribe::wire::read_response;

fn governed(quirks: Quirks) -> World {
    let mut world = World::new(quirks, &[RULE, LIMIT]);
    for name in ["a", "b"] {
        world.set(RULE, name, Some(rule(name)));
        world.set(LIMIT, name, Some(limit(name, 10)));
    }
    world.settle();
    world
}

/// A push of other limits, as bytes.
fn push(world: &World, documents: bool) -> Vec<u8> {
    let data = ["a", "b"].map(|name| limit(name, 20).any(documents).unwrap()).to_vec();
    world.plane.response("demo", LIMIT, 1, Some(data), "the-push".into())
}

fn thresholds(world: &World) -> [Option<u64>; 2] {
    ["a", "b"].map(|name| world.threshold(name))
}

fn change(bytes: &mut Vec<u8>, position: usize, byte: u8, how: u8) {
    let position = position % bytes.len();
    match how {
        0 => bytes[position] = byte,
        1 => bytes[position] ^= 1 << (byte % 8),
        2 => bytes.insert(position, byte),
        3 => drop(bytes.remove(position)),
        4 => bytes.truncate(position.max(1)),
        _ => {
            let piece = bytes[position..].to_vec();
            bytes.extend(piece);
        }
    }
    if bytes.is_empty() {
        bytes.push(byte);
    }
}

#[test]
fn a_truncated_frame_never_replaces_rules() {
    for quirks in [Quirks::default(), Quirks::EXISTING] {
        let whole = push(&governed(quirks), !quirks.upstream);
        let mut world = governed(quirks);
        let good = thresholds(&world);
        for end in 0..whole.len() {
            if world.stream.is_none() {
                world.run(31 * SECOND);
            }
            world.receive(&whole[..end]);
            // Cut behind its data, nothing of it is missing but names.
            let is_whole = read_response(&whole[..end]).is_ok_and(|read| read.data_with_version.is_some());
            let now = thresholds(&world);
            assert!(now == good || (is_whole && now == [Some(20); 2]), "{end}: {now:?}");
            if now != good {
                world = governed(quirks);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_frame_never_panics_and_unread_ones_change_nothing(
        upstream: bool,
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..6u8), 1..12),
    ) {
        let mut world = governed(if upstream { Quirks::EXISTING } else { Quirks::default() });
        let good = thresholds(&world);
        let mut bytes = push(&world, !upstream);
        for (position, byte, how) in changes {
            change(&mut bytes, position, byte, how);
        }
        world.receive(&bytes);
        match read_response(&bytes) {
            Err(_) => prop_assert_eq!(thresholds(&world), good),
            // Nobody can tell a number that was changed from one that was meant, but
            // what is not for us says nothing.
            Ok(read) if read.kind != LIMIT || read.app != "demo" || read.namespace != "default" => {
                prop_assert_eq!(thresholds(&world), good);
            }
            Ok(_) => {}
        }
        // Whatever it was, the next stream brings the rules again.
        world.close();
        world.run(31 * SECOND);
        prop_assert_eq!(thresholds(&world), good);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut world = governed(Quirks::default());
        let good = thresholds(&world);
        world.receive(&bytes);
        prop_assert_eq!(thresholds(&world), good);
    }

    #[test]
    fn a_payload_that_is_no_document_takes_no_other_with_it(
        value in proptest::collection::vec(any::<u8>(), 0..200),
        kind in 0..3usize,
    ) {
        let mut world = governed(Quirks::default());
        let type_url = [
            "type.googleapis.com/google.protobuf.Struct",
            "type.googleapis.com/io.opensergo.proto.fault_tolerance.v1.FaultToleranceRule",
            "nonsense",
        ][kind];
        let odd = sergo::subscribe::wire::Any { type_url: type_url.into(), value };
        let data = vec![odd, limit("a", 20).any(true).unwrap()];
        let bytes = world.plane.response("demo", LIMIT, 1, Some(data), "odd".into());
        world.receive(&bytes);
        // Nobody knows whether it was to be b: b stays.
        prop_assert_eq!(thresholds(&world), [Some(20), Some(10)]);
    }
}
