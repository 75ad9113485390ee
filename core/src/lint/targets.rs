//! Targets that no adapter would name a resource like.

use super::{Documents, Told};
use crate::spec::code::Code;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    for rule in &documents.rules {
        for (i, target) in rule.document.targets.iter().enumerate() {
            if let Some((why, right)) = unlikely(target) {
                let field = format!("spec.targets[{i}].targetResourceName");
                told.tell(rule.reading, Code::UnlikelyTarget, &field, &format!("{target:?}, {why}"), &right);
            }
        }
    }
}

/// Why a target is hardly meant, and what would be right.
fn unlikely(target: &str) -> Option<(&'static str, String)> {
    if let Some((_, rest)) = target.split_once("://") {
        let path = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
        return Some((
            "an address, and requests are named by their method and path",
            format!("{:?}", named("GET", path)),
        ));
    }
    if let Some((method, path)) = target.split_once([' ', '\t'])
        && is_method(method)
        && path.trim_start().starts_with('/')
    {
        let right = named(&method.to_ascii_uppercase(), path.trim_start());
        return Some(("which has a space where requests are named with a colon", format!("{right:?}")));
    }
    if let Some((method, path)) = target.split_once(':')
        && is_method(method)
        && path.starts_with('/')
        && method.bytes().any(|byte| byte.is_ascii_lowercase())
    {
        let right = named(&method.to_ascii_uppercase(), path);
        return Some(("whose method is not in capitals, in which requests are named", format!("{right:?}")));
    }
    if target.trim() != target {
        return Some(("which begins or ends with a space", format!("{:?}", target.trim())));
    }
    let path = target.split_once(':').map_or(target, |(_, path)| path);
    if !path.starts_with('/') {
        return None;
    }
    if path.contains('?') {
        let right = target.split('?').next().unwrap_or_default();
        return Some(("which has a query, and requests are named without it", format!("{right:?}")));
    }
    let is_glob = path.ends_with('*') || path.split('/').any(|part| part == "*");
    is_glob.then(|| {
        let expected = "the name of one resource, such as GET:/orders/{id}, or several targets";
        ("whose asterisk stands for itself: targets are no patterns", expected.to_owned())
    })
}

fn named(method: &str, path: &str) -> String {
    format!("{method}:{}", path.split('?').next().unwrap_or_default())
}

fn is_method(word: &str) -> bool {
    const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    METHODS.iter().any(|method| method.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::unlikely;

    #[test]
    fn what_adapters_name_is_likely() {
        for target in ["/foo", "GET:/foo/{id}", "com.example.Shop/buy", "createOrder(long)", "my job", "a*b", "svc:get"]
        {
            assert_eq!(unlikely(target), None, "{target}");
        }
        for (target, right) in [
            ("GET /foo", "\"GET:/foo\""),
            ("get:/foo", "\"GET:/foo\""),
            ("https://shop/foo?a=1", "\"GET:/foo\""),
            ("/foo?a=1", "\"/foo\""),
            ("/foo ", "\"/foo\""),
        ] {
            assert_eq!(unlikely(target).unwrap().1, right, "{target}");
        }
        assert!(unlikely("GET:/foo/*").is_some() && unlikely("/foo/*/bar").is_some());
    }
}
