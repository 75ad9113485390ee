//! What kind of mistake a diagnostic tells of: one table of codes, each with a
//! page that explains it.

use serde::{Serialize, Serializer};
use std::fmt;

/// How much a mistake matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The document does not take effect.
    Error,
    /// It does, though most likely not as it is meant.
    Warning,
}

impl Severity {
    /// The word that stands for it, in answers for programs as for people: `error`
    /// or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Makes the enum, the words and the severities out of one table.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $word:literal $severity:ident,)*) => {
        /// What kind of mistake a diagnostic tells of. The words stay what they
        /// are; later versions may have more of them.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, errors first.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The word that stands for it, as in `unknown-field`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $word,)* }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// Its page, in Markdown.
            const fn text(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("pages/", $word, ".md")),)* }
            }
        }
    };
}

codes! {
    /// A text that is neither YAML nor JSON.
    NotYaml "not-yaml" Error,
    /// More text, depth or repetition than a document may have.
    TooLarge "too-large" Error,
    /// A field that must be there is not, or is empty.
    MissingField "missing-field" Error,
    /// A list where a text belongs, a text where a number belongs, and so on.
    WrongType "wrong-type" Error,
    /// A number that is too small or too large.
    OutOfRange "out-of-range" Error,
    /// A word that is none of those that the field knows.
    UnknownValue "unknown-value" Error,
    /// A text that is no duration.
    BadDuration "bad-duration" Error,
    /// A text that is no host, or none that may stand here.
    BadHost "bad-host" Error,
    /// A name or a value that no HTTP header can have.
    BadHeader "bad-header" Error,
    /// A regular expression that RE2 refuses.
    BadRegex "bad-regex" Error,
    /// A value that the field cannot have for another reason.
    #[default]
    BadValue "bad-value" Error,
    /// One name twice, where each may stand once.
    DuplicateName "duplicate-name" Error,
    /// Two documents of one kind, namespace and name.
    DuplicateDocument "duplicate-document" Error,
    /// Fields that exclude each other.
    ConflictingFields "conflicting-fields" Error,
    /// A reference by a name that strategies of several kinds have.
    AmbiguousStrategy "ambiguous-strategy" Error,
    /// A chain of fallbacks that comes back, or does not end.
    FallbackLoop "fallback-loop" Error,
    /// A delegate whose routes cannot stand in the place of the entry.
    BadDelegate "bad-delegate" Error,
    /// Several destinations, none of which has a weight.
    ZeroWeights "zero-weights" Error,
    /// A field that is known and not to be had.
    UnsupportedField "unsupported-field" Error,
    /// A field that nobody knows.
    UnknownField "unknown-field" Warning,
    /// A kind of document that nobody knows.
    UnknownKind "unknown-kind" Warning,
    /// A known kind in a version of its API that is not.
    WrongApiVersion "wrong-api-version" Warning,
    /// Something that is right and does nothing.
    NoEffect "no-effect" Warning,
    /// A limit over all instances that each counts for itself.
    GlobalLimit "global-limit" Warning,
    /// A number in the place of a duration that is most likely not meant as
    /// milliseconds.
    MissingUnit "missing-unit" Warning,
    /// A name of something that is not there.
    DanglingReference "dangling-reference" Warning,
    /// A route behind one that takes every request.
    ShadowedRoute "shadowed-route" Warning,
    /// A host that an earlier document is about already.
    ShadowedHost "shadowed-host" Warning,
    /// A destination that nothing serves.
    UnservedDestination "unserved-destination" Warning,
    /// A strategy or an action that no rule names.
    UnusedDocument "unused-document" Warning,
    /// Two documents of which one overrules the other.
    FightingRules "fighting-rules" Warning,
    /// A route behind one that takes all of its requests.
    UnreachableRoute "unreachable-route" Warning,
    /// Weights that share otherwise than they look.
    OddWeights "odd-weights" Warning,
    /// A condition that no request can meet.
    NeverMatches "never-matches" Warning,
    /// An anchor that does nothing.
    NeedlessAnchor "needless-anchor" Warning,
    /// An asterisk that is none of a pattern.
    LooksLikeGlob "looks-like-glob" Warning,
    /// A limit per so short a time that it hardly limits.
    SuspectWindow "suspect-window" Warning,
    /// A breaker that can never open, or hardly ever.
    NeverTrips "never-trips" Warning,
    /// A limit whose fraction is cut off.
    CutThreshold "cut-threshold" Warning,
    /// A queue that nothing can wait in.
    ShortQueue "short-queue" Warning,
    /// A time that an earlier one cuts off.
    LateTimeout "late-timeout" Warning,
    /// A target that no adapter would name like this.
    UnlikelyTarget "unlikely-target" Warning,
    /// An allowance of what cannot be allowed.
    BadAllow "bad-allow" Warning,
    /// An allowance of what is not there.
    NeedlessAllow "needless-allow" Warning,
}

/// What there is to be said of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// In one line.
    pub title: &'static str,
    /// Why it matters.
    pub explanation: &'static str,
    /// Documents that have the mistake.
    pub wrong: &'static str,
    /// The same without it.
    pub right: &'static str,
}

impl Code {
    /// The code that this word stands for.
    #[must_use]
    pub fn find(word: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == word)
    }

    /// What there is to be said of it.
    #[must_use]
    pub fn page(self) -> Page {
        let mut parts = self.text().split("```");
        let mut part = || parts.next().unwrap_or_default();
        let head = part();
        let (title, explanation) = head.split_once('\n').unwrap_or((head, ""));
        let wrong = part();
        let _mended = part();
        let right = part();
        let code = |text: &'static str| text.strip_prefix("yaml\n").unwrap_or(text);
        Page {
            title: title.trim_start_matches("# ").trim(),
            explanation: explanation.trim(),
            wrong: code(wrong),
            right: code(right),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As its word.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_word_stands_for_one_code() {
        let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
            assert_eq!(Code::find(code.as_str()), Some(*code));
        }
        assert_eq!(Code::find("unknown"), None);
    }

    #[test]
    fn every_page_is_whole() {
        for code in Code::ALL {
            let Page { title, explanation, wrong, right } = code.page();
            assert!(!title.is_empty() && title.len() <= 72 && !title.ends_with('.'), "{code}: {title:?}");
            assert!(explanation.ends_with('.'), "{code}: {explanation:?}");
            assert!(!wrong.is_empty() && wrong.ends_with('\n'), "{code}");
            assert!(!right.is_empty() && right.ends_with('\n') && wrong != right, "{code}");
        }
    }
}
