//! Arguments, as Python gives them.

use crate::error::{argument, raise};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyString};
use sergo::Code;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The text of a `str`; one with lone surrogates is no text.
pub(crate) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, str>> {
    text.to_cow().map_err(|_| raise(Code::Utf8))
}

/// An argument that is text, where Python has it; none is empty.
#[derive(Default)]
pub(crate) struct Text(Option<PyBackedStr>);

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let text = PyBackedStr::try_from(object.cast::<PyString>()?.to_owned());
        text.map(|text| Text(Some(text))).map_err(|_| raise(Code::Utf8))
    }
}

/// Labels: names and values that are text.
pub(crate) struct Labels(pub(crate) BTreeMap<String, String>);

impl<'a, 'py> FromPyObject<'a, 'py> for Labels {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let labels = object.cast::<PyDict>()?.iter();
        let own = |text: Bound<'_, PyAny>| Ok::<_, PyErr>(utf8(text.cast::<PyString>()?)?.into_owned());
        let pairs = labels.map(|(name, value)| Ok((own(name)?, own(value)?)));
        pairs.collect::<PyResult<_>>().map(Labels)
    }
}

/// What an entry costs: 1 to 4,294,967,295.
pub(crate) struct Cost(pub(crate) u32);

impl Cost {
    pub(crate) const ONE: Cost = Cost(1);
}

impl<'a, 'py> FromPyObject<'a, 'py> for Cost {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let found: i128 = object.extract()?;
        match u32::try_from(found) {
            Ok(cost) if cost > 0 => Ok(Cost(cost)),
            _ => Err(argument(&format!("cost: found {found}, expected 1 to {}", u32::MAX))),
        }
    }
}

/// Which way a call goes: `"inbound"` or `"outbound"`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

impl<'a, 'py> FromPyObject<'a, 'py> for Direction {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match utf8(&*object.cast::<PyString>()?)?.as_ref() {
            "inbound" => Ok(Direction::Inbound),
            "outbound" => Ok(Direction::Outbound),
            found => Err(argument(&format!("direction: found {found:?}, expected \"inbound\" or \"outbound\""))),
        }
    }
}

/// A destination port: 0 to 65,535.
pub(crate) struct Port(pub(crate) u16);

impl<'a, 'py> FromPyObject<'a, 'py> for Port {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let found: i128 = object.extract()?;
        match u16::try_from(found) {
            Ok(port) => Ok(Port(port)),
            Err(_) => Err(argument(&format!("port: found {found}, expected 0 to {}", u16::MAX))),
        }
    }
}

/// The random numbers that a caller brings: one, or several in their order.
pub(crate) struct Roll(pub(crate) Vec<f64>);

impl<'a, 'py> FromPyObject<'a, 'py> for Roll {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let numbers = match object.extract::<f64>() {
            Ok(number) => vec![number],
            Err(_) => object.extract::<Vec<f64>>()?,
        };
        match numbers.iter().find(|number| !(0.0..1.0).contains(*number)) {
            None => Ok(Roll(numbers)),
            Some(found) => Err(argument(&format!("roll: found {found}, expected 0 up to, not including, 1"))),
        }
    }
}
