//! Calls of remote procedures, and what rules ask of them.

use super::Text;

/// A call of a remote procedure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rpc<'a> {
    /// The service.
    pub service: &'a str,
    /// The method.
    pub method: &'a str,
    /// The arguments, in order.
    pub arguments: &'a [RpcArgument<'a>],
    /// What is attached to the call: name and value pairs; of several with one
    /// name the first counts.
    pub attachments: &'a [(&'a str, &'a str)],
}

/// An argument of a remote procedure.
#[derive(Clone, Copy, Debug, Default)]
pub struct RpcArgument<'a> {
    /// Its type, as the caller's language names it; `None` where unknown.
    pub kind: Option<&'a str>,
    /// Its value as text; `None` where it has none.
    pub value: Option<&'a str>,
}

impl<'a> Rpc<'a> {
    /// The first value that is attached under this name.
    #[must_use]
    pub fn attachment(&self, name: &str) -> Option<&'a str> {
        self.attachments.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

/// A method of a remote service: all that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodMatch {
    /// The service.
    pub service: Option<Text>,
    /// The method's name.
    pub name: Option<Text>,
    /// Its arguments.
    pub arguments: Vec<ArgumentMatch>,
}

/// An argument of a remote call: all that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgumentMatch {
    /// Which one, from 0.
    pub index: usize,
    /// Its type.
    pub kind: Option<Text>,
    /// Its value.
    pub value: Option<Text>,
}

impl MethodMatch {
    /// Whether the call is of this method.
    #[must_use]
    pub fn matches(&self, rpc: &Rpc<'_>) -> bool {
        let fits = |text: &Option<Text>, value| text.as_ref().is_none_or(|text| text.matches(value));
        fits(&self.service, rpc.service)
            && fits(&self.name, rpc.method)
            && self.arguments.iter().all(|argument| argument.matches(rpc))
    }
}

impl ArgumentMatch {
    fn matches(&self, rpc: &Rpc<'_>) -> bool {
        let Some(argument) = rpc.arguments.get(self.index) else { return false };
        let fits = |text: &Option<Text>, value: Option<&str>| {
            text.as_ref().is_none_or(|text| value.is_some_and(|value| text.matches(value)))
        };
        fits(&self.kind, argument.kind) && fits(&self.value, argument.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_asked_by_its_index() {
        let exact = |text: &str| Some(Text::Exact(text.into()));
        let arguments = [
            RpcArgument { kind: Some("String"), value: Some("a") },
            RpcArgument { kind: Some("Student"), value: None },
        ];
        let rpc = Rpc { service: "s", method: "hello", arguments: &arguments, attachments: &[("k", "v"), ("k", "w")] };
        let asked = |index, kind, value| {
            let arguments = vec![ArgumentMatch { index, kind, value }];
            MethodMatch { name: exact("hello"), arguments, ..MethodMatch::default() }.matches(&rpc)
        };
        assert!(asked(0, None, exact("a")) && asked(1, exact("Student"), None) && asked(0, None, None));
        assert!(!asked(1, None, exact("a")) && !asked(2, None, None) && !asked(0, exact("Student"), None));
        assert_eq!((rpc.attachment("k"), rpc.attachment("K")), (Some("v"), None));
    }
}
