//! Resources by number, and paths with ids in them under one name.

use std::borrow::Cow;
use std::collections::HashMap;

/// The most resources that are told apart, beside those that rules name.
const MOST: usize = 10_000;
/// What an id in a path is replaced by.
const ID: &str = "{id}";

/// The resources of a trace, each with a number.
pub(crate) struct Names {
    numbers: HashMap<Box<str>, usize>,
    names: Vec<Box<str>>,
    shape: Shape,
    /// The number of all that came too late to be told apart.
    others: Option<usize>,
}

/// How resources are made out of paths.
#[derive(Default)]
pub(crate) struct Shape {
    pub(crate) templates: Vec<Template>,
    /// Whether ids in paths are folded.
    pub(crate) folds_ids: bool,
}

impl Names {
    pub(crate) fn new(shape: Shape) -> Self {
        Names { numbers: HashMap::new(), names: Vec::new(), shape, others: None }
    }

    /// The number of a resource. One that no rule names shares its number with
    /// others once there are too many.
    pub(crate) fn number(&mut self, resource: &str, is_governed: impl Fn(&str) -> bool) -> usize {
        let name = self.shape.of(resource);
        if let Some(number) = self.numbers.get(&*name) {
            return *number;
        }
        if self.names.len() < MOST || is_governed(&name) {
            self.numbers.insert((*name).into(), self.names.len());
            self.names.push((*name).into());
            return self.names.len() - 1;
        }
        *self.others.get_or_insert_with(|| {
            // Too long to be a resource's, so that no rule can name it.
            self.names.push(format!("(more than {MOST} others)").into());
            self.names.len() - 1
        })
    }

    pub(crate) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", |name| name)
    }

    /// What it would be called with the ids in it folded, where it has any.
    pub(crate) fn folded(&self, number: usize) -> Option<String> {
        let name = self.name(number);
        let shape = Shape { folds_ids: true, ..Shape::default() };
        Some(shape.of(name)).filter(|folded| folded != name).map(Cow::into_owned)
    }

    /// Whether the number stands for all resources that are not told apart.
    pub(crate) fn is_others(&self, number: usize) -> bool {
        self.others == Some(number)
    }
}

impl Shape {
    /// What a resource is called: by the first template that it fits, or with
    /// the ids in its path folded, or as it came.
    fn of<'a>(&self, resource: &'a str) -> Cow<'a, str> {
        let Some((method, path)) = split(resource) else { return Cow::Borrowed(resource) };
        if let Some(template) = self.templates.iter().find(|template| template.fits(method, path)) {
            let colon = if method.is_empty() { "" } else { ":" };
            return Cow::Owned(format!("{method}{colon}{}", template.path));
        }
        if !self.folds_ids || !path.split('/').any(is_id) {
            return Cow::Borrowed(resource);
        }
        let folded: Vec<&str> = path.split('/').map(|part| if is_id(part) { ID } else { part }).collect();
        let before = resource.len() - path.len();
        Cow::Owned(resource.get(..before).unwrap_or_default().to_owned() + &folded.join("/"))
    }
}

/// The method, perhaps none, and the path of a resource that has one.
fn split(resource: &str) -> Option<(&str, &str)> {
    if resource.starts_with('/') {
        return Some(("", resource));
    }
    resource.split_once(':').filter(|(_, path)| path.starts_with('/'))
}

/// Whether this part of a path is most likely no word: a number, a UUID, at
/// least 8 hexadecimal digits, or at least 16 letters and digits.
fn is_id(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        return false;
    }
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths = || part.split('-').map(str::len).collect::<Vec<_>>();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    digits == part.len()
        || part.len() >= 8 && is_hex(part)
        || part.len() == 36 && lengths() == [8, 4, 4, 4, 12] && part.split('-').all(is_hex)
        || part.len() >= 16 && digits >= 2 && part.bytes().all(is_word)
}

/// A route as a framework has it, `GET:/orders/{id}`: what fits it is called by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Empty for every method.
    method: String,
    path: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What would be right.
    pub(crate) fn read(text: &str) -> Result<Template, String> {
        let (method, path) = split(text).ok_or("a template is a path like /orders/{id}, or GET:/orders/{id}")?;
        Ok(Template { method: method.to_owned(), path: path.to_owned() })
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        if !self.method.is_empty() && self.method != method {
            return false;
        }
        let mut parts = path.split('/');
        for wanted in self.path.split('/') {
            match (wanted, parts.next()) {
                ("**", Some(_)) => return true,
                (_, None) => return false,
                (wanted, Some(part)) => {
                    if wanted != part && (part.is_empty() || !is_any(wanted)) {
                        return false;
                    }
                }
            }
        }
        parts.next().is_none()
    }
}

/// Whether this part of a template stands for any one part of a path.
fn is_any(part: &str) -> bool {
    let is_in = |open: char, close: char| part.len() > 2 && part.starts_with(open) && part.ends_with(close);
    part == "*" || is_in('{', '}') || is_in('<', '>') || part.len() > 1 && part.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_folded() {
        let shape = Shape { folds_ids: true, ..Shape::default() };
        let cases = [
            ("GET:/orders/123", "GET:/orders/{id}"),
            ("/orders/123/items/4", "/orders/{id}/items/{id}"),
            ("GET:/u/0b86b24a-3f0b-4d1e-8f3c-2f1d6a1b0c9d", "GET:/u/{id}"),
            ("GET:/u/507f1f77bcf86cd799439011/x", "GET:/u/{id}/x"),
            ("GET:/u/cus_9s6XKzkNRiz8i3", "GET:/u/{id}"),
            ("GET:/v2/feedbacks/release-2026", "GET:/v2/feedbacks/release-2026"),
            ("pay/123", "pay/123"),
            ("GET:/", "GET:/"),
        ];
        for (resource, name) in cases {
            assert_eq!(shape.of(resource), name);
            assert_eq!(Shape::default().of(resource), resource);
        }
    }

    #[test]
    fn templates_come_first() {
        let templates = ["GET:/orders/{order}", "/users/:user/<what>", "/files/**", "/*/x"]
            .map(|text| Template::read(text).unwrap());
        let shape = Shape { folds_ids: true, templates: templates.to_vec() };
        let cases = [
            ("GET:/orders/abc", "GET:/orders/{order}"),
            ("PUT:/orders/7", "PUT:/orders/{id}"),
            ("PUT:/users/7/8", "PUT:/users/:user/<what>"),
            ("/users/7/8", "/users/:user/<what>"),
            ("GET:/users//8", "GET:/users//{id}"),
            ("GET:/files/a/b", "GET:/files/**"),
            ("GET:/files", "GET:/files"),
            ("GET:/a/x", "GET:/*/x"),
            ("GET:/a/x/y", "GET:/a/x/y"),
        ];
        for (resource, name) in cases {
            assert_eq!(shape.of(resource), name);
        }
        assert!(Template::read("orders").is_err());
    }

    #[test]
    fn too_many_names_share_one() {
        let mut names = Names::new(Shape::default());
        for number in 0..MOST {
            assert_eq!(names.number(&number.to_string(), |_| false), number);
        }
        let is_governed = |name: &str| name == "known";
        assert_eq!(names.number("a", is_governed), MOST);
        assert_eq!(names.number("known", is_governed), MOST + 1);
        assert_eq!(names.number("b", is_governed), MOST);
        assert_eq!(names.number("7", is_governed), 7);
        assert_eq!((names.name(MOST + 1), names.is_others(MOST), names.is_others(7)), ("known", true, false));
    }
}
