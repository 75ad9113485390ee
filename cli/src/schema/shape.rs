//! What may stand at a place of a document: its JSON Schema, and what a template
//! shows of it.
//!
//! Each keyword of JSON Schema speaks of one type of value (`pattern` of texts,
//! `minimum` of numbers, `properties` of maps), so that a place where several types
//! may stand needs no alternatives: an editor's message names the field itself.

use serde_json::{Map, Value, json};

/// What may stand at a place.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// What it means, with units, bounds and what holds where it is absent.
    pub(crate) about: String,
    /// How such values are written, which is the same in many places.
    pub(crate) hint: &'static str,
    types: Vec<&'static str>,
    keywords: Map<String, Value>,
    /// What concerns several fields.
    rules: Vec<Value>,
    /// The keys that a map knows.
    pub(crate) fields: Vec<Field>,
    /// What stands at every other key; `None` where there must be none.
    pub(crate) others: Option<Box<Shape>>,
    /// What the items of a list are.
    pub(crate) item: Option<Box<Shape>>,
    /// What a template writes here, `{app}` being the app and `{name}` the document; without it, what it
    /// writes of the fields or of the item.
    pub(crate) example: Option<Value>,
    /// More items that a template writes behind the first.
    pub(crate) also: Vec<Value>,
}

/// A key that a map knows.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    /// Whether null is as good as absent.
    may_be_null: bool,
    pub(crate) shown: Shown,
}

/// Where a template shows a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In every template.
    Always,
    /// In a full one.
    Full,
    /// In a full one, as a comment: it is for few, or cannot stand beside what is shown.
    Aside,
    /// In none: an older name, or something that does nothing.
    Never,
}

impl Shape {
    /// Nothing that is said of it holds for anything but these types.
    pub(crate) fn new(types: &[&'static str], about: &str) -> Shape {
        Shape {
            about: about.to_owned(),
            hint: "",
            types: types.to_vec(),
            keywords: Map::new(),
            rules: Vec::new(),
            fields: Vec::new(),
            others: None,
            item: None,
            example: None,
            also: Vec::new(),
        }
    }

    /// The same, with other words.
    pub(crate) fn about(mut self, about: &str) -> Shape {
        about.clone_into(&mut self.about);
        self
    }

    /// The same, with words on how such values are written.
    pub(crate) fn hint(mut self, hint: &'static str) -> Shape {
        self.hint = hint;
        self
    }

    /// Adds a keyword of JSON Schema.
    pub(crate) fn keyword(mut self, key: &str, value: Value) -> Shape {
        self.keywords.insert(key.to_owned(), value);
        self
    }

    /// Takes a keyword away.
    pub(crate) fn without(mut self, key: &str) -> Shape {
        self.keywords.remove(key);
        self
    }

    /// Adds a rule that concerns several fields, and what an editor says of the map
    /// where it is broken: that it should not be there at all, in other words.
    pub(crate) fn rule(self, rule: Value, message: &str) -> Shape {
        self.given(json!({"if": rule, "else": {"type": "null", "errorMessage": message}}))
    }

    /// Adds a rule that speaks of fields by itself.
    pub(crate) fn given(mut self, rule: Value) -> Shape {
        self.rules.push(rule);
        self
    }

    /// No two of these fields stand together.
    pub(crate) fn apart(self, one: &str, others: &[&str]) -> Shape {
        others.iter().fold(self, |shape, other| {
            let is_there = json!({"not": {"type": "null"}});
            let both = json!({"required": [one, other], "properties": {one: is_there, *other: is_there}});
            shape.rule(
                json!({"not": {"type": "object", "allOf": [both]}}),
                &format!("{one} beside {other}: only one of them"),
            )
        })
    }

    /// What holds where it is absent.
    pub(crate) fn default(self, value: impl Into<Value>) -> Shape {
        let value = value.into();
        let shape = match &self.example {
            None => self.example(value.clone()),
            Some(_) => self,
        };
        shape.keyword("default", value)
    }

    /// What a template writes here.
    pub(crate) fn example(mut self, value: impl Into<Value>) -> Shape {
        self.example = Some(value.into());
        self
    }

    /// Items that a template writes behind the first.
    pub(crate) fn also(mut self, item: Value) -> Shape {
        self.also.push(item);
        self
    }

    /// One more type, of which this keyword speaks.
    pub(crate) fn or(mut self, other: Shape) -> Shape {
        self.types.extend(other.types.iter().filter(|one| !self.types.contains(one)).collect::<Vec<_>>());
        self.keywords.extend(other.keywords);
        self.rules.extend(other.rules);
        self.fields.extend(other.fields);
        self.others = self.others.or(other.others);
        self.item = self.item.or(other.item);
        self
    }

    /// Nothing at all may stand here, too.
    pub(crate) fn or_nothing(mut self) -> Shape {
        self.types.push("null");
        self
    }

    /// Of its types, these only.
    pub(crate) fn only(mut self, types: &[&'static str]) -> Shape {
        self.types = types.to_vec();
        self
    }

    /// The values of a map at every key that is not among its fields.
    pub(crate) fn others(mut self, shape: Shape) -> Shape {
        self.others = Some(Box::new(shape));
        self
    }

    fn field(mut self, name: &'static str, shape: Shape, is_required: bool, shown: Shown) -> Shape {
        self.fields.push(Field { name, shape, is_required, may_be_null: !is_required, shown });
        self
    }

    /// Adds a field that has to be there.
    pub(crate) fn required(self, name: &'static str, shape: Shape) -> Shape {
        self.field(name, shape, true, Shown::Always)
    }

    /// Adds a field that most documents have.
    pub(crate) fn usual(self, name: &'static str, shape: Shape) -> Shape {
        self.field(name, shape, false, Shown::Always)
    }

    /// Adds a field.
    pub(crate) fn more(self, name: &'static str, shape: Shape) -> Shape {
        self.field(name, shape, false, Shown::Full)
    }

    /// Adds a field that a template has as a comment.
    pub(crate) fn aside(self, name: &'static str, shape: Shape) -> Shape {
        self.field(name, shape, false, Shown::Aside)
    }

    /// Adds a field that no template has.
    pub(crate) fn silent(self, name: &'static str, shape: Shape) -> Shape {
        self.field(name, shape, false, Shown::Never)
    }

    /// Where null stands at this field, which was added before, something is amiss.
    pub(crate) fn never_null(mut self, name: &str) -> Shape {
        self.fields.iter_mut().filter(|field| field.name == name).for_each(|field| field.may_be_null = false);
        self
    }

    /// Whether a map of fields may stand here.
    pub(crate) fn is_map(&self) -> bool {
        self.types.contains(&"object")
    }

    /// Whether a list may stand here.
    pub(crate) fn is_list(&self) -> bool {
        self.types.contains(&"array")
    }

    /// What it means, with what holds where it is absent.
    pub(crate) fn explained(&self) -> String {
        let default = match self.keywords.get("default") {
            Some(Value::String(text)) => format!(" (default: {text})"),
            Some(value) => format!(" (default: {value})"),
            None => String::new(),
        };
        let about = self.about.trim_end_matches('.');
        if about.is_empty() { String::new() } else { format!("{about}{default}.") }
    }

    /// Its JSON Schema. What is not required may be null, which is as good as absent.
    pub(crate) fn schema(&self, is_required: bool) -> Value {
        let mut schema = Map::new();
        if !self.about.is_empty() {
            let hint = if self.hint.is_empty() { String::new() } else { format!(" {}.", self.hint) };
            schema.insert("description".to_owned(), (self.explained() + &hint).into());
        }
        match (self.types.as_slice(), is_required || self.types.contains(&"null")) {
            ([], _) => {}
            ([only], true) => drop(schema.insert("type".to_owned(), (*only).into())),
            (types, true) => drop(schema.insert("type".to_owned(), json!(types))),
            (types, false) => {
                schema.insert("type".to_owned(), types.iter().chain(&["null"]).copied().collect());
            }
        }
        for (key, value) in &self.keywords {
            let value = match value {
                Value::Array(words) if key == "enum" && !is_required => {
                    words.iter().cloned().chain([Value::Null]).collect()
                }
                value => value.clone(),
            };
            schema.insert(key.clone(), value);
        }
        if self.is_map() {
            self.add_fields(&mut schema);
        }
        if !self.rules.is_empty() {
            schema.insert("allOf".to_owned(), self.rules.as_slice().into());
        }
        if let Some(item) = &self.item {
            schema.insert("items".to_owned(), item.schema(true));
        }
        if let Some(example) = &self.example
            && !self.keywords.contains_key("default")
        {
            schema.insert("examples".to_owned(), json!([named(example, "shop", "cart")]));
        }
        Value::Object(schema)
    }

    fn add_fields(&self, schema: &mut Map<String, Value>) {
        if !self.fields.is_empty() {
            let fields = self.fields.iter();
            let fields = fields.map(|field| (field.name.to_owned(), field.shape.schema(!field.may_be_null)));
            schema.insert("properties".to_owned(), Value::Object(fields.collect()));
        }
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        let others = self.others.as_ref().map_or(Value::Bool(false), |others| others.schema(true));
        schema.insert("additionalProperties".to_owned(), others);
    }
}

/// A value with these in the places of `{app}` and `{name}`.
pub(crate) fn named(value: &Value, app: &str, name: &str) -> Value {
    match value {
        Value::String(text) => text.replace("{app}", app).replace("{name}", name).into(),
        Value::Array(items) => items.iter().map(|item| named(item, app, name)).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), named(value, app, name))).collect())
        }
        other => other.clone(),
    }
}

/// A map of these fields only, which are added one by one.
pub(crate) fn map(about: &str) -> Shape {
    Shape::new(&["object"], about)
}

/// A list.
pub(crate) fn list(about: &str, item: Shape) -> Shape {
    Shape { item: Some(Box::new(item)), ..Shape::new(&["array"], about) }
}

/// A list with at least one item.
pub(crate) fn filled_list(about: &str, item: Shape) -> Shape {
    list(about, item).keyword("minItems", json!(1))
}
