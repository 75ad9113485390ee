//! The last good documents as one text, so that a process that begins during an
//! outage is governed from its first request.

use super::document::{Document, fingerprint};
use crate::spec::diagnostic::Identity;
use crate::spec::yaml;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a session holds that is worth keeping. Documents are written as the texts
/// that they are, and read as values.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved<D> {
    pub(super) namespace: String,
    pub(super) app: String,
    pub(super) subscriptions: Vec<Kept<D>>,
}

/// The documents of one subscription.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept<D> {
    pub(super) app: String,
    pub(super) kind: String,
    pub(super) documents: Vec<D>,
}

/// What the first line begins with; the number is the form's version.
const HEAD: &str = "sergo last good 1 ";

impl<D: Serialize> Saved<D> {
    /// A line with a checksum of what follows it, and the documents as JSON.
    pub(super) fn to_text(&self) -> String {
        let body = serde_json::to_string(self).unwrap_or_default();
        format!("{HEAD}{:016x}\n{body}\n", fingerprint(body.as_bytes()))
    }
}

impl Saved<Value> {
    /// Reads back what [`Saved::to_text`] gave.
    ///
    /// # Errors
    /// What was found and what would be right.
    pub(super) fn read(text: &str) -> Result<Saved<Value>, String> {
        const WHOLE: &str = "the whole text that a session gave to be saved";
        if text.len() > yaml::MAX_BYTES.saturating_mul(2) {
            return Err(format!("found {} bytes, expected {WHOLE}", text.len()));
        }
        let Some((sum, body)) = text.strip_prefix(HEAD).and_then(|text| text.split_once('\n')) else {
            return Err(format!("found another first line than {HEAD:?} begins, expected {WHOLE}"));
        };
        let body = body.trim_end();
        if u64::from_str_radix(sum, 16) != Ok(fingerprint(body.as_bytes())) {
            return Err(format!("found a text that is not the one of its checksum {sum:.16}, expected {WHOLE}"));
        }
        serde_json::from_str(body).map_err(|error| format!("found no such JSON ({error}), expected {WHOLE}"))
    }
}

impl Kept<Value> {
    /// The documents, as far as they say which they are.
    pub(super) fn into_documents(self) -> Vec<Document> {
        self.documents.iter().filter_map(document).collect()
    }
}

fn document(value: &Value) -> Option<Document> {
    let text = |pointer| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let namespace = text("/metadata/namespace").filter(|namespace| !namespace.is_empty());
    let identity = Identity {
        kind: text("/kind")?,
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        name: text("/metadata/name")?,
    };
    Some(Document { identity, text: value.to_string().into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_reads_back_or_says_why_not() {
        let document = json!({"kind": "K", "metadata": {"name": "a"}, "spec": {"b": [1, 0.5, "ü\n"]}});
        let kept = Kept { app: "a".into(), kind: "g/v/K".into(), documents: vec![document.clone(), json!({})] };
        let saved = Saved { namespace: "n".into(), app: "a".into(), subscriptions: vec![kept] };
        let text = saved.to_text();
        let mut read = Saved::read(&text).unwrap();
        assert_eq!((read.namespace.as_str(), read.app.as_str()), ("n", "a"));
        let documents = read.subscriptions.remove(0).into_documents();
        assert_eq!(documents.len(), 1);
        assert_eq!(
            (&*documents[0].text, documents[0].identity.to_string()),
            (&*document.to_string(), "K \"a\"".into())
        );
        for end in 0..text.trim_end().len() {
            assert!(text.get(..end).is_none_or(|cut| Saved::read(cut).is_err()), "{end}");
        }
        assert!(Saved::read(&text.replace("0.5", "0.6")).unwrap_err().contains("checksum"));
    }
}
