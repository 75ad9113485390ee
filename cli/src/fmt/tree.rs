//! A document as it is written: its values in their order, and the comments and
//! empty lines between them.

/// An entry of a map, an item of a list, or the whole of a document.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// An empty line stands right before it, behind its comments.
    pub(super) gap: bool,
    /// The comments of the lines before it.
    pub(super) above: Vec<Comment>,
    /// The key, in a map.
    pub(super) key: Option<Word>,
    /// Comments on the line of the key or value.
    pub(super) beside: Vec<String>,
    pub(super) value: Value,
}

/// A comment on a line of its own, with its `#`.
#[derive(Debug)]
pub(super) struct Comment {
    pub(super) text: String,
    /// An empty line stands before it.
    pub(super) gap: bool,
}

#[derive(Debug, Default)]
pub(super) enum Value {
    /// Nothing is written at all.
    #[default]
    Nothing,
    Word(Word),
    Block(Block),
    Group(Group),
}

/// A scalar that is written in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Without quotes: what it is, readers decide.
    Plain(String),
    /// Text, whatever it looks like.
    Text(String),
}

impl Word {
    pub(super) fn as_str(&self) -> &str {
        let (Word::Plain(text) | Word::Text(text)) = self;
        text
    }
}

/// A text in lines of its own, behind `|` or `>`.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) is_folded: bool,
    /// Its lines as they are written, without their indentation and without the
    /// empty ones at the end.
    pub(super) lines: Vec<String>,
    /// How many line breaks its value ends with.
    pub(super) breaks: usize,
}

/// A map or a list.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) is_map: bool,
    /// In braces or brackets.
    pub(super) is_flow: bool,
    pub(super) items: Vec<Item>,
    /// Comments behind the last item.
    pub(super) below: Vec<Comment>,
}

impl Item {
    /// Whether an empty line stands before it and its comments.
    pub(super) fn gap_before(&mut self) -> &mut bool {
        match self.above.first_mut() {
            Some(comment) => &mut comment.gap,
            None => &mut self.gap,
        }
    }

    /// Whether a comment stands anywhere in it.
    pub(super) fn is_commented(&self) -> bool {
        let within = match &self.value {
            Value::Group(group) => !group.below.is_empty() || group.items.iter().any(Item::is_commented),
            Value::Nothing | Value::Word(_) | Value::Block(_) => false,
        };
        within || !self.above.is_empty() || !self.beside.is_empty()
    }
}
