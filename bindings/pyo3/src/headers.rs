//! A request's headers, read where Python keeps them.

use crate::text::utf8;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use sergo::Headers;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

/// Calls `call` with the headers that `object` holds: a `dict`, borrowed in
/// place; anything else with `items()`, or an iterable of pairs, read once; or
/// none at all. A header that is no text is an error when a route looks at it.
pub(crate) fn read<T>(
    object: Option<&Bound<'_, PyAny>>,
    call: impl FnOnce(&dyn Headers) -> PyResult<T>,
) -> PyResult<T> {
    let Some(object) = object else { return call(&()) };
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        let headers = Borrowed { dict, failed: Cell::new(None) };
        let answer = call(&headers)?;
        return headers.failed.take().map_or(Ok(answer), Err);
    }
    let pairs = pairs(object)?;
    let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    call(&borrowed.as_slice())
}

/// A `dict` of headers: name to value, or to a list or tuple of values.
struct Borrowed<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    failed: Cell<Option<PyErr>>,
}

impl Headers for Borrowed<'_, '_> {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let length = name.chars().count();
        let found: RefCell<Option<String>> = RefCell::new(None);
        let looked = self.dict.locked_for_each(|key, value| {
            let key = key.cast::<PyString>().map_err(|_| not_text(&key, "a header's name"))?;
            // The length tells most names apart without reading them.
            if key.code_point_len()? == length && utf8(key)?.eq_ignore_ascii_case(name) {
                add(&mut found.borrow_mut(), &value)?;
            }
            Ok(())
        });
        if let Err(error) = looked {
            self.failed.set(Some(error));
            return None;
        }
        found.into_inner().map(Cow::Owned)
    }
}

/// Adds the value, or all values of a list or tuple, to those found before,
/// joined with a comma.
fn add(found: &mut Option<String>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    if let Ok(text) = value.cast::<PyString>() {
        let text = utf8(text)?;
        match found {
            None => *found = Some(text.into_owned()),
            Some(joined) => {
                joined.push(',');
                joined.push_str(&text);
            }
        }
        return Ok(());
    }
    if let Ok(list) = value.cast::<PyList>() {
        return list.iter().try_for_each(|value| add(found, &value));
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        return tuple.iter().try_for_each(|value| add(found, &value));
    }
    Err(not_text(value, "a header's value"))
}

fn pairs(object: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let items = if object.hasattr("items")? { object.call_method0("items")? } else { object.clone() };
    let mut pairs = Vec::new();
    for item in items.try_iter()? {
        // A pair may be a list: so some servers of ASGI write them.
        let [name, value] = item?.extract::<[Bound<'_, PyAny>; 2]>()?;
        let name = plain(&name, "a header's name")?;
        match value.cast::<PyBytes>() {
            Ok(_) => pairs.push((name, plain(&value, "a header's value")?)),
            Err(_) => {
                let mut joined = None;
                add(&mut joined, &value)?;
                pairs.extend(joined.map(|value| (name, value)));
            }
        }
    }
    Ok(pairs)
}

/// Text, or bytes as the wire and ASGI have them: latin-1.
fn plain(object: &Bound<'_, PyAny>, what: &str) -> PyResult<String> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().iter().map(|byte| char::from(*byte)).collect());
    }
    let text = object.cast::<PyString>().map_err(|_| not_text(object, what))?;
    Ok(utf8(text)?.into_owned())
}

fn not_text(found: &Bound<'_, PyAny>, what: &str) -> PyErr {
    let name = found.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    PyTypeError::new_err(format!("headers: {what} is of type {name}, expected str"))
}
