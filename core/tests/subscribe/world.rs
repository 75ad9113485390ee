//! A session, an engine and a control plane, with a network between them on
//! virtual time. It holds what must hold at every moment.

use crate::kit::Item;
use crate::plane::{Plane, Quirks};
use sergo::subscribe::{Input, LONGEST, Options, Output, Phase, SHORTEST, Session, State};
use sergo::{Ask, Config, Direction, Engine, Report, Tick};
use std::collections::{BTreeMap, BTreeSet};

const MILLI: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MILLI;

/// What is under way.
#[derive(Debug)]
enum Event {
    Connected(u64),
    Closed(u64),
    ToClient(u64, Vec<u8>),
    ToPlane(u64, Vec<u8>),
}

/// What the network does to frames.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// Dialling comes to nothing.
    pub(crate) is_down: bool,
    /// Dialling never comes to an end.
    pub(crate) swallows_dials: bool,
    /// The next frames to the client come twice.
    pub(crate) doubled: u32,
    /// The next frames to the client lose their end.
    pub(crate) cut: u32,
    /// How long a frame is under way, in milliseconds.
    pub(crate) delay: u64,
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) session: Session,
    pub(crate) plane: Plane,
    pub(crate) trouble: Trouble,
    pub(crate) now: u64,
    under_way: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    /// The stream that is open at both ends, if one is.
    pub(crate) stream: Option<u64>,
    /// Streams on which nothing gets through any more.
    frozen: BTreeSet<u64>,
    /// When the session began to wait to dial.
    waits_since: Option<u64>,
    pub(crate) dials: Vec<(u64, String)>,
    /// A resource that must be governed from the first rules on.
    pub(crate) guarded: Option<&'static str>,
    has_been_governed: bool,
    pub(crate) reports: Vec<Report>,
}

pub(crate) fn options(kinds: &[&str]) -> Options {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Options { addresses: vec!["one".into(), "two".into()], kinds, ..Options::new(&Config::new("demo")) }
}

impl World {
    pub(crate) fn new(quirks: Quirks, kinds: &[&str]) -> World {
        World::with(Plane::new(quirks), Session::new(options(kinds), 42))
    }

    pub(crate) fn with(plane: Plane, session: Session) -> World {
        World {
            engine: Engine::new(Config::new("demo")),
            session,
            plane,
            trouble: Trouble { delay: 1, ..Trouble::default() },
            now: 0,
            under_way: BTreeMap::new(),
            sequence: 0,
            stream: None,
            frozen: BTreeSet::new(),
            waits_since: None,
            dials: Vec::new(),
            guarded: None,
            has_been_governed: false,
            reports: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.session.state()
    }

    /// Changes a document at the control plane.
    pub(crate) fn set(&mut self, kind: &str, name: &str, item: Option<Item>) {
        for (stream, bytes) in self.plane.set(kind, name, item) {
            self.deliver_later(stream, bytes);
        }
    }

    /// Runs for this long.
    pub(crate) fn run(&mut self, nanos: u64) {
        let end = self.now + nanos;
        self.handle(Input::Time);
        loop {
            let next = self.under_way.keys().next().map(|(at, _)| *at);
            let deadline = self.session.deadline().map(|tick| tick.0.max(self.now));
            match (next, deadline) {
                (Some(at), deadline) if at <= end && deadline.is_none_or(|deadline| at <= deadline) => {
                    let (_, event) = self.under_way.pop_first().unwrap();
                    self.now = at;
                    self.deliver(event);
                }
                (_, Some(at)) if at <= end => {
                    self.now = at;
                    self.handle(Input::Time);
                    let after = self.session.deadline();
                    assert!(
                        after.is_none_or(|after| after.0 > at),
                        "the deadline {at} is not over: {:?}",
                        self.state()
                    );
                }
                _ => break,
            }
        }
        self.now = end;
        self.handle(Input::Time);
    }

    /// Lets everything come to rest.
    pub(crate) fn settle(&mut self) {
        self.run(SECOND);
    }

    pub(crate) fn handle(&mut self, input: Input<'_>) {
        self.session.handle(input, Tick(self.now));
        self.watch_waiting();
        while let Some(output) = self.session.poll() {
            self.act(output);
        }
    }

    /// Bytes from the control plane, at once.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        let stream = self.stream.unwrap();
        self.handle(Input::Received { stream, bytes });
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Dial { stream, address } => {
                assert!(self.stream.is_none(), "one stream at a time");
                if let Some(since) = self.waits_since.take() {
                    let paused = self.now - since;
                    assert!((SHORTEST.nanos()..=LONGEST.nanos()).contains(&paused), "paused for {paused}");
                }
                self.dials.push((self.now, address));
                self.stream = Some(stream);
                if self.trouble.swallows_dials {
                    return;
                }
                let event = if self.trouble.is_down { Event::Closed(stream) } else { Event::Connected(stream) };
                self.later(self.trouble.delay, event);
            }
            Output::Send { stream, bytes } => {
                assert_eq!(Some(stream), self.stream);
                self.later(self.trouble.delay, Event::ToPlane(stream, bytes));
            }
            Output::Close { stream, .. } => {
                assert_eq!(Some(stream), self.stream);
                self.stream = None;
                self.plane.close(stream);
            }
            Output::Apply(update) => {
                let report = update.apply(&self.engine);
                self.session.handle(Input::Applied(&report), Tick(self.now));
                self.reports.push(report);
                if let Some(resource) = self.guarded {
                    let is_governed = self.threshold(resource).is_some();
                    assert!(is_governed || !self.has_been_governed, "ungoverned after the first rules");
                    self.has_been_governed |= is_governed;
                }
            }
        }
    }

    fn watch_waiting(&mut self) {
        if self.state().phase == Phase::Waiting {
            self.waits_since.get_or_insert(self.now);
        }
    }

    fn later(&mut self, millis: u64, event: Event) {
        self.sequence += 1;
        self.under_way.insert((self.now + millis * MILLI, self.sequence), event);
    }

    fn deliver(&mut self, event: Event) {
        match event {
            Event::Connected(stream) if self.stream == Some(stream) => self.handle(Input::Connected { stream }),
            Event::Closed(stream) if self.stream == Some(stream) => self.close(),
            Event::ToPlane(stream, bytes) if self.stream == Some(stream) && !self.frozen.contains(&stream) => {
                for answer in self.plane.receive(stream, &bytes) {
                    self.deliver_later(stream, answer);
                }
            }
            // Also what is late, from a stream that is no more.
            Event::ToClient(stream, bytes) if !self.frozen.contains(&stream) => {
                self.handle(Input::Received { stream, bytes: &bytes });
            }
            _ => {}
        }
    }

    fn deliver_later(&mut self, stream: u64, mut bytes: Vec<u8>) {
        if self.trouble.cut > 0 {
            self.trouble.cut -= 1;
            bytes.truncate(bytes.len() * 2 / 3);
        }
        if self.trouble.doubled > 0 {
            self.trouble.doubled -= 1;
            self.later(self.trouble.delay, Event::ToClient(stream, bytes.clone()));
        }
        self.later(self.trouble.delay, Event::ToClient(stream, bytes));
    }

    /// The stream comes to its end, and both sides know.
    pub(crate) fn close(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.plane.close(stream);
            self.handle(Input::Closed { stream, reason: "as the model has it" });
        }
    }

    /// From now on nothing gets through on the stream, and nobody knows.
    pub(crate) fn freeze(&mut self) {
        self.frozen.extend(self.stream);
    }

    /// The control plane dies and comes back.
    pub(crate) fn restart(&mut self) {
        self.plane.restart();
        self.close();
    }

    /// The limit that is in force for a resource.
    pub(crate) fn threshold(&self, resource: &str) -> Option<u64> {
        let ask = Ask { cost: 1, direction: Direction::Inbound };
        let explanation = self.engine.explain(resource, ask, Tick(self.now));
        let limit = explanation.gates.first()?.limit?;
        match limit {
            sergo::Amount::Whole(limit) => Some(limit),
            sergo::Amount::Part(part) => panic!("{part} is no limit"),
        }
    }

    /// The answers to pushes of a kind, as (ACK or NACK, code, request id).
    pub(crate) fn answers(&self, kind: &str) -> Vec<(String, i32, String)> {
        let of_kind = self.plane.answers.iter().filter(|answer| answer.target.as_ref().unwrap().kinds == [kind]);
        of_kind
            .map(|one| (one.response_ack.clone(), one.status.as_ref().unwrap().code, one.request_id.clone()))
            .collect()
    }
}
