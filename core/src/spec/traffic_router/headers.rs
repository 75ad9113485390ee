//! Reading `headers: {request: {set, add, remove}, response: {..}}`.

use crate::policy::{HeaderChanges, Headers};
use crate::spec::code::Code;
use crate::spec::reader::Field;

/// Reads both sides.
pub(super) fn read(field: &Field<'_>) -> Headers {
    let Some(mut entry) = present(field).and_then(Field::object) else { return Headers::default() };
    let headers = Headers { request: changes(&entry.take("request")), response: changes(&entry.take("response")) };
    entry.finish();
    headers
}

fn changes(field: &Field<'_>) -> HeaderChanges {
    let Some(mut entry) = present(field).and_then(Field::object) else { return HeaderChanges::default() };
    let [set, add] = ["set", "add"].map(|key| pairs(&entry.take(key)));
    let remove = entry.take("remove").list().unwrap_or_default();
    let remove = remove.iter().filter_map(|item| {
        item.read(Code::BadHeader, "the name of a header", |name, _| is_name(name).then(|| name.to_owned()))
    });
    let changes = HeaderChanges { set, add, remove: remove.collect() };
    entry.finish();
    changes
}

fn pairs(field: &Field<'_>) -> Vec<(String, String)> {
    let fields = present(field).and_then(Field::map).unwrap_or_default();
    let pair = |(name, field): (&str, Field<'_>)| {
        if !is_name(name) {
            field.tell(
                Code::BadHeader,
                &format!("{name:?} for a header's name"),
                "letters, digits and the signs that a header's name can have",
            );
        }
        let value = field.required().read(Code::BadHeader, "a value without line breaks", |value, _| {
            (!value.contains(['\r', '\n', '\0'])).then(|| value.to_owned())
        })?;
        Some((name.to_owned(), value))
    };
    fields.into_iter().filter_map(pair).collect()
}

/// Whether a text can name a header; `:authority` can be set too.
fn is_name(name: &str) -> bool {
    let name = name.strip_prefix(':').unwrap_or(name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn present<'f, 'n>(field: &'f Field<'n>) -> Option<&'f Field<'n>> {
    field.is_present().then_some(field)
}
