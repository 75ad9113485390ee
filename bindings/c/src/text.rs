//! Borrowed and owned text, lists, and the checks of pointers.

use sergo_core::Code;
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::ptr::{null, null_mut, slice_from_raw_parts_mut};
use std::slice::from_raw_parts;

/// Text that somebody else owns: UTF-8 that need not end with a NUL. `data ==
/// NULL` is absent text, which is not the same as empty text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_str {
    /// Its first byte.
    pub data: *const c_char,
    /// Its length in bytes.
    pub len: usize,
}

/// Text that sergo made and you own: free it with `sergo_text_free`. UTF-8, with
/// a NUL after the last byte.
#[repr(C)]
#[derive(Debug)]
pub struct sergo_text {
    /// Its first byte; `NULL` after an error and after it was freed.
    pub data: *mut c_char,
    /// Its length in bytes, without the NUL.
    pub len: usize,
}

/// A name and its value: a label or a header.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_pair {
    /// The name.
    pub name: sergo_str,
    /// The value.
    pub value: sergo_str,
}

/// Frees text that sergo made, and makes it absent: freeing it again is harmless,
/// and so is `NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_text_free(text: *mut sergo_text) {
    // SAFETY: the caller hands in NULL or text that it owns.
    unsafe { free(text) };
}

impl Default for sergo_str {
    fn default() -> Self {
        sergo_str { data: null(), len: 0 }
    }
}

impl Default for sergo_text {
    fn default() -> Self {
        sergo_text { data: null_mut(), len: 0 }
    }
}

impl sergo_str {
    /// Lends text out, for as long as its owner keeps it.
    pub(crate) fn lend(text: &str) -> Self {
        sergo_str { data: text.as_ptr().cast(), len: text.len() }
    }

    /// As [`lend`](Self::lend); `None` is absent.
    pub(crate) fn lend_option(text: Option<&str>) -> Self {
        text.map(Self::lend).unwrap_or_default()
    }

    /// The text, or `None` where it is absent.
    ///
    /// # Safety
    /// `data` is null or has `len` bytes that stay as they are for `'a`.
    #[inline]
    pub(crate) unsafe fn option<'a>(self) -> Result<Option<&'a str>, Code> {
        if self.data.is_null() {
            return if self.len == 0 { Ok(None) } else { Err(Code::Argument) };
        }
        // SAFETY: not null, and the caller vouches for the rest.
        let bytes = unsafe { list(self.data.cast::<u8>(), self.len) }?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| Code::Utf8)
    }

    /// The text, which must not be absent.
    ///
    /// # Safety
    /// As for [`option`](Self::option).
    #[inline]
    pub(crate) unsafe fn get<'a>(self) -> Result<&'a str, Code> {
        // SAFETY: as the caller vouches.
        unsafe { self.option() }?.ok_or(Code::Argument)
    }
}

impl sergo_text {
    /// Hands text over to C.
    pub(crate) fn own(text: String) -> Self {
        Self::own_bytes(text.into_bytes())
    }

    /// Hands bytes over to C, which need not be text.
    pub(crate) fn own_bytes(mut bytes: Vec<u8>) -> Self {
        let len = bytes.len();
        bytes.push(0);
        sergo_text { data: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }
}

/// Frees text and makes it absent.
///
/// # Safety
/// `text` is null, or points to text of [`sergo_text::own`] or to absent text.
pub(crate) unsafe fn free(text: *mut sergo_text) {
    if text.is_null() || !text.is_aligned() {
        return;
    }
    // SAFETY: not null, aligned, and the caller vouches for the rest.
    let sergo_text { data, len } = unsafe { text.replace(sergo_text::default()) };
    if !data.is_null() {
        // SAFETY: `own` made it of a box of this many bytes, the NUL included.
        drop(unsafe { Box::from_raw(slice_from_raw_parts_mut(data.cast::<u8>(), len + 1)) });
    }
}

/// The list of `count` elements at `first`, which may be null if there are none.
///
/// # Safety
/// `first` is null or has `count` elements that stay as they are for `'a`.
#[inline]
pub(crate) unsafe fn list<'a, T>(first: *const T, count: usize) -> Result<&'a [T], Code> {
    if count == 0 {
        return Ok(&[]);
    }
    let fits = count.checked_mul(size_of::<T>()).is_some_and(|bytes| isize::try_from(bytes).is_ok());
    if first.is_null() || !first.is_aligned() || !fits {
        return Err(Code::Argument);
    }
    // SAFETY: not null, aligned, of a possible size; the caller vouches for the rest.
    Ok(unsafe { from_raw_parts(first, count) })
}

/// The thing at `pointer`, which must not be null.
///
/// # Safety
/// `pointer` is null or has a `T` that stays as it is for `'a`.
#[inline]
pub(crate) unsafe fn one<'a, T>(pointer: *const T) -> Result<&'a T, Code> {
    // SAFETY: as the caller vouches.
    unsafe { list(pointer, 1) }?.first().ok_or(Code::Argument)
}

/// A list of pairs as a map; of two with one name, the later counts.
///
/// # Safety
/// As for [`list`], and all their texts as for [`sergo_str::option`].
pub(crate) unsafe fn map(first: *const sergo_pair, count: usize) -> Result<BTreeMap<String, String>, Code> {
    let mut map = BTreeMap::new();
    // SAFETY: as the caller vouches.
    for pair in unsafe { list(first, count) }? {
        // SAFETY: as the caller vouches.
        let (name, value) = unsafe { (pair.name.get()?, pair.value.get()?) };
        map.insert(name.to_owned(), value.to_owned());
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_over_and_comes_back() {
        let mut text = sergo_text::own("grün".into());
        assert_eq!(text.len, 5);
        // SAFETY: own text, with a NUL behind it.
        assert_eq!(unsafe { *text.data.add(5) }, 0);
        // SAFETY: own text, then absent text.
        unsafe {
            free(&raw mut text);
            free(&raw mut text);
        }
        assert!(text.data.is_null());
    }

    #[test]
    fn bad_pointers_are_arguments() {
        // SAFETY: nothing of these is read.
        unsafe {
            assert_eq!(list::<u64>(null(), 0), Ok(&[][..]));
            assert_eq!(list::<u64>(null(), 1), Err(Code::Argument));
            assert_eq!(list::<u64>(std::ptr::without_provenance(3), 1), Err(Code::Argument));
            assert_eq!(list::<u64>(std::ptr::without_provenance(8), usize::MAX / 8), Err(Code::Argument));
            assert_eq!(sergo_str { data: null(), len: 1 }.option(), Err(Code::Argument));
            assert_eq!(sergo_str::default().get(), Err(Code::Argument));
        }
    }
}
