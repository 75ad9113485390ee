//! Who may subscribe to what.

use crate::json;
use serde::Deserialize;
use serde_json::Value;
use sergo::spec::yaml;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;
use tonic::Status;

/// The tokens, and what each may see. Without a file everybody sees everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    tokens: Option<Vec<Rights>>,
}

/// What the bearer of a token may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    /// What people call the token.
    pub(crate) name: String,
    /// SHA-256 of the token.
    digest: [u8; 32],
    /// `*` is every namespace.
    namespaces: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tokens: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    token: Option<String>,
    sha256: Option<String>,
    namespaces: BTreeSet<String>,
}

impl Access {
    /// Reads a file of tokens.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, and never a token.
    pub(crate) fn read(path: &Path) -> Result<Access, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("can't read the tokens {name}: {error}"))?;
        Access::parse(&text).map_err(|wrong| format!("the tokens {name}: {wrong}"))
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, and never a token.
    pub(crate) fn parse(text: &str) -> Result<Access, String> {
        let document = yaml::documents(text).into_iter().next().ok_or("found nothing, expected a list of tokens")?;
        let node = document.map_err(|error| format!("found {}, expected {}", error.found, error.expected))?;
        let value = json::from_node(&node).ok_or("found a key that stands twice")?;
        let written: Written =
            serde_json::from_value(value).map_err(|error| wrong(&error, "tokens, with a list of tokens"))?;
        let rights = |(index, entry)| {
            let entry: Entry = serde_json::from_value(entry).map_err(|error| {
                let expected = "name, token or sha256 as text, and namespaces as a list of texts";
                format!("tokens[{index}]: {}", wrong(&error, expected))
            })?;
            entry.rights()
        };
        let tokens: Result<Vec<Rights>, String> = written.tokens.into_iter().enumerate().map(rights).collect();
        let tokens = tokens?;
        let names: BTreeSet<&str> = tokens.iter().map(|rights| rights.name.as_str()).collect();
        let digests: BTreeSet<&[u8; 32]> = tokens.iter().map(|rights| &rights.digest).collect();
        if names.len().min(digests.len()) < tokens.len() {
            return Err("two tokens of one name, or two names for one token".to_owned());
        }
        Ok(Access { tokens: Some(tokens) })
    }

    /// How many tokens there are; `None` where none is asked for.
    pub(crate) fn count(&self) -> Option<usize> {
        self.tokens.as_ref().map(Vec::len)
    }

    /// What the bearer of this `authorization` may see; `None` is everything.
    ///
    /// # Errors
    /// The status that turns a stranger away.
    pub(crate) fn admit(&self, authorization: Option<&str>) -> Result<Option<Rights>, Box<Status>> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        let bearer = authorization.and_then(|value| value.split_once(' '));
        let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let Some(token) = token else {
            return Err(Box::new(Status::unauthenticated("found no token, expected authorization: Bearer <token>")));
        };
        // Digests are compared, so that the time it takes tells nothing of the token.
        let digest: [u8; 32] = Sha256::digest(token).into();
        let found = tokens.iter().find(|rights| rights.digest == digest);
        let found = found.ok_or_else(|| Box::new(Status::unauthenticated("found a token that nobody has")));
        found.cloned().map(Some)
    }

    /// Whether these rights still hold, unchanged.
    pub(crate) fn holds(&self, rights: Option<&Rights>) -> bool {
        match (&self.tokens, rights) {
            (Some(tokens), Some(rights)) => tokens.contains(rights),
            (None, _) => true,
            (Some(_), None) => false,
        }
    }
}

/// What is wrong, without the value that stands there: it may be a secret.
fn wrong(error: &serde_json::Error, expected: &str) -> String {
    let told = error.to_string();
    let what = if told.starts_with("invalid") { "found a value of another type" } else { &told };
    format!("{what}, expected {expected}")
}

impl Entry {
    fn rights(self) -> Result<Rights, String> {
        let Entry { name, token, sha256, namespaces } = self;
        let digest = match (token, sha256) {
            (Some(token), None) if token.len() >= 16 && token.trim() == token => Sha256::digest(token).into(),
            (Some(_), None) => {
                return Err(format!("{name}: expected a token of 16 bytes or more, without spaces around"));
            }
            (None, Some(digest)) => from_hex(&digest).ok_or_else(|| {
                format!("{name}: expected sha256 to be 64 hexadecimal digits, as sha256sum writes them")
            })?,
            _ => return Err(format!("{name}: expected either token or sha256")),
        };
        if namespaces.is_empty() {
            return Err(format!("{name}: expected namespaces, or \"*\" for all of them"));
        }
        Ok(Rights { name, digest, namespaces })
    }
}

impl Rights {
    /// Whether it may see a namespace.
    pub(crate) fn see(&self, namespace: &str) -> bool {
        self.namespaces.contains(namespace) || self.sees_all()
    }

    /// Whether it may see all of them.
    pub(crate) fn sees_all(&self) -> bool {
        self.namespaces.contains("*")
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
tokens:
- name: shop
  token: a-secret-of-the-shop
  namespaces: [default, prod]
- name: ops
  sha256: 8a9f4efd9c15d9cf2acbbdf3ffb9a5f2b9d9d0d7d6b9a0a2d8d6e0b8c2f1a3e4
  namespaces: ['*']
";

    #[test]
    fn a_token_sees_its_namespaces() {
        let access = Access::parse(FILE).unwrap();
        let rights = access.admit(Some("Bearer a-secret-of-the-shop")).unwrap().unwrap();
        assert_eq!((rights.name.as_str(), rights.see("prod"), rights.see("test")), ("shop", true, false));
        assert!(access.holds(Some(&rights)) && !access.holds(None));
        for stranger in [None, Some("Bearer other"), Some("a-secret-of-the-shop"), Some("Basic a-secret-of-the-shop")] {
            assert_eq!(access.admit(stranger).unwrap_err().code(), tonic::Code::Unauthenticated);
        }
        assert!(!Access::parse("tokens: []").unwrap().holds(Some(&rights)));
    }

    #[test]
    fn without_a_file_everybody_is_admitted() {
        assert_eq!(Access::default().admit(None).unwrap(), None);
        assert!(Access::default().holds(None));
    }

    #[test]
    fn a_file_with_mistakes_is_refused_and_tells_no_token() {
        let wrong = |text: &str| Access::parse(text).unwrap_err();
        assert!(wrong("").contains("nothing"));
        let expected = "expected name, token or sha256 as text, and namespaces as a list of texts";
        assert_eq!(wrong("tokens: [{name: a}]"), format!("tokens[0]: missing field `namespaces`, {expected}"));
        // What stands there is told in no message: it may be a secret.
        let numbers = "tokens: [{name: a, token: 1234567890123456789, namespaces: [b]}]";
        assert_eq!(wrong(numbers), format!("tokens[0]: found a value of another type, {expected}"));
        assert_eq!(wrong("secret"), "found a value of another type, expected tokens, with a list of tokens");
        assert!(wrong("tokens: [{name: a, token: short, namespaces: [b]}]").contains("16 bytes"));
        assert!(wrong("tokens: [{name: a, namespaces: [b]}]").contains("either"));
        assert!(wrong("tokens: [{name: a, sha256: zz, namespaces: [b]}]").contains("hexadecimal"));
        assert!(wrong("tokens: [{name: a, token: 0123456789abcdef, namespaces: []}]").contains("namespaces"));
        let two = "tokens: [{name: a, token: 0123456789abcdef, namespaces: [b]}, {name: a, token: x123456789abcdef, namespaces: [b]}]";
        assert!(wrong(two).contains("one name"));
        assert!(!wrong("tokens: [{name: a, token: 0123456789abcdef, spaces: [b]}]").contains("0123456789abcdef"));
    }
}
