//! Why a request is of its lane.

use super::Label;
use super::table::{Lane, Rule, Table, value};
use crate::matcher::{Attribute, Comparison};
use crate::route::colour::BAGGAGE;
use crate::route::condition::{Home, Seen};
use crate::route::{BlockMiss, Request};
use serde::Serialize;
use std::fmt;

/// How many lanes and rules before the one that gives the label are told of.
const MAX_MISSES: usize = 1000;

/// Which lane a request is of, and why. Its text form is for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelExplanation {
    /// The lane; `None` where it has none.
    pub lane: Option<String>,
    /// Why it is of that lane, or of none.
    pub why: String,
    /// The document that gives it the lane; `None` where it came with it.
    pub document: Option<String>,
    /// The lane that it came with, believed or not.
    pub came: Option<CameWith>,
    /// What the calls that are made for it carry; `None` where it is of no lane.
    pub goes: Option<GoesOn>,
    /// The lanes and label rules that were asked before, and why they are not
    /// for it; the first 1,000 of them.
    pub misses: Vec<LabelMiss>,
}

/// The lane that a request came with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CameWith {
    /// The lane.
    pub lane: String,
    /// The key that it stood under.
    pub key: String,
    /// The header that it stood in: that key, or `baggage`.
    pub header: String,
    /// Whether it was believed.
    pub believed: bool,
}

/// What the next calls carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GoesOn {
    /// The name of the header, whose value is the lane.
    pub key: String,
    /// The value of the `baggage` header.
    pub baggage: String,
}

/// A lane or label rule that is not for the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelMiss {
    /// The kind and the name of the document.
    pub document: String,
    /// For each of its matches, the first field that does not hold.
    pub blocks: Vec<BlockMiss>,
}

impl fmt::Display for LabelExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lane {
            Some(lane) => writeln!(f, "lane {lane}: {}", self.why)?,
            None => writeln!(f, "no lane: {}", self.why)?,
        }
        if let Some(CameWith { lane, key, header, believed }) = &self.came {
            let how = if header == key { format!("the header {key}") } else { format!("{key} in the header {header}") };
            writeln!(f, "  came in:  {lane}, by {how}{}", if *believed { "" } else { ", which is not believed" })?;
        }
        if let (Some(GoesOn { key, baggage }), Some(lane)) = (&self.goes, &self.lane) {
            writeln!(f, "  goes on:  {key}: {lane}\n            {BAGGAGE}: {baggage}")?;
        }
        self.misses.iter().try_for_each(|miss| write!(f, "{miss}"))
    }
}

impl fmt::Display for LabelMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BlockMiss::write(&self.blocks, format!("  {} is not for it: ", self.document), f)
    }
}

impl Table {
    /// Explains what [`Table::label`] answers.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>, home: Home<'_>, trust: bool) -> LabelExplanation {
        let came = self.keys().read(request).map(|(key, lane)| {
            let in_header = request.headers.header(&key.to_ascii_lowercase()).is_some_and(|value| !value.is_empty());
            let header = if in_header { key } else { BAGGAGE };
            CameWith { lane: lane.into_owned(), key: key.to_owned(), header: header.to_owned(), believed: trust }
        });
        let goes = self.label(request, home, trust).map(|Label { lane, key }| {
            let incoming = request.headers.header(BAGGAGE).unwrap_or_default();
            let baggage = Label { lane: lane.clone(), key: key.clone() }.baggage(&incoming);
            (lane, GoesOn { key, baggage })
        });
        let (lane, goes) = goes.map_or((None, None), |(lane, goes)| (Some(lane), Some(goes)));
        if trust && came.is_some() {
            let why = "it came with it, which goes before all rules".to_owned();
            return LabelExplanation { lane, why, document: None, came, goes, misses: Vec::new() };
        }
        let mut misses = Vec::new();
        let given = self.given(request, home, &mut misses);
        misses.truncate(MAX_MISSES);
        let (document, why) = match given {
            Some((document, why)) => (Some(document.to_owned()), format!("by {document}: {why}")),
            None => {
                let came = if came.is_some() { "what it came with is not believed" } else { "it came with none" };
                let rules = if misses.is_empty() { "no rule gives any here" } else { "no rule is for it" };
                (None, format!("{came}, and {rules}"))
            }
        };
        LabelExplanation { lane, why, document, came, goes, misses }
    }

    /// The document that gives the request its lane, and why; those before it
    /// are noted.
    fn given(&self, request: &Request<'_>, home: Home<'_>, misses: &mut Vec<LabelMiss>) -> Option<(&str, String)> {
        let seen = Seen::new(request, home);
        let mut note = |document: &str, blocks| misses.push(LabelMiss { document: document.to_owned(), blocks });
        for lane in self.lanes() {
            match lane.ask(&seen) {
                Ok(why) => return Some((&lane.document, why)),
                Err(blocks) => note(&lane.document, blocks),
            }
        }
        for rule in self.rules() {
            match rule.miss(request) {
                None => return Some((&rule.document, "all that it asks for holds".to_owned())),
                Some(block) => note(&rule.document, vec![block]),
            }
        }
        None
    }
}

impl Lane {
    /// Why the request is of it, or why not.
    fn ask(&self, seen: &Seen<'_>) -> Result<String, Vec<BlockMiss>> {
        if self.is_own {
            return Ok("this workload is of it, and so is every request".to_owned());
        }
        match self.blocks.iter().position(|block| block.holds(seen)) {
            Some(_) if self.blocks.len() == 1 => Ok("its traffic.http holds".to_owned()),
            Some(place) => Ok(format!("its traffic.http[{place}] holds")),
            None => Err(self.blocks.iter().filter_map(|block| block.miss(seen)).chain(self.stranger.clone()).collect()),
        }
    }
}

impl Rule {
    /// The first of its conditions that does not hold.
    fn miss(&self, request: &Request<'_>) -> Option<BlockMiss> {
        self.tests.iter().find_map(|(attribute, test)| {
            let found = value(attribute, request);
            (!test.holds(found.as_deref())).then(|| BlockMiss {
                field: match attribute {
                    Attribute::Header(name) => format!("header {name}"),
                    Attribute::Path => "path".to_owned(),
                    Attribute::Query(name) => format!("query {name}"),
                    Attribute::Cookie(name) => format!("cookie {name}"),
                    Attribute::Method => "method".to_owned(),
                },
                expected: match test {
                    Comparison::Is(text) => format!("{text:?}"),
                    Comparison::IsNot(text) => format!("anything but {text:?}"),
                    Comparison::Matches(pattern) => format!("a value that matches {:?}", pattern.as_str()),
                    Comparison::OneOf(texts) => {
                        texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" or ")
                    }
                    Comparison::BeginsWith(text) => format!("a value that begins with {text:?}"),
                },
                found: found.map_or_else(|| "nothing".to_owned(), |found| format!("{found:?}")),
            })
        })
    }
}
