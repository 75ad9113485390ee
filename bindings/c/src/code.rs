//! What calls answer, and the stop for panics.

use sergo_core::Code;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

/// What a call came to: `SERGO_OK`, or a negative number.
pub type sergo_code = i32;

/// The call did what it says.
pub const SERGO_OK: i32 = 0;
/// The handle names no open engine: it is closed, or was never made.
pub const SERGO_CLOSED: i32 = -1;
/// An earlier call on this engine failed inside sergo: close it, make a new one.
pub const SERGO_POISONED: i32 = -2;
/// This call failed inside sergo and was stopped; a bug in sergo, please report it.
pub const SERGO_PANICKED: i32 = -3;
/// An argument is out of its bounds: a null pointer, an unknown flag.
pub const SERGO_ARGUMENT: i32 = -4;
/// Text is not UTF-8.
pub const SERGO_UTF8: i32 = -5;
/// The id is from before the rules changed: ask for it again.
pub const SERGO_STALE: i32 = -6;
/// A buffer is too small. No call of this version answers it.
pub const SERGO_SPACE: i32 = -7;
/// Too many engines are open (4,096).
pub const SERGO_FULL: i32 = -8;

/// The version of this header: raised whenever a program that was built for an
/// older one would have to be built anew.
pub const SERGO_ABI_VERSION: u32 = 2;

/// The `SERGO_ABI_VERSION` that the library was built with. A program that loads
/// the library at run time compares the two before any other call.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_abi_version() -> u32 {
    SERGO_ABI_VERSION
}

/// The version of the library, as in `0.1.0`. Static, ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The stable word for a code, as in `closed`; `unknown` for a number that is no
/// code. Static, ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_code_word(code: sergo_code) -> *const c_char {
    describe(code, |texts| &texts.word, c"unknown".as_ptr())
}

/// What happened and what to do about it, in a sentence. Static, ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_code_sentence(code: sergo_code) -> *const c_char {
    describe(code, |texts| &texts.sentence, c"no call of sergo answers this number".as_ptr())
}

/// A code's texts as C wants them.
struct Texts {
    code: sergo_code,
    word: CString,
    sentence: CString,
}

static TEXTS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let text = |text| CString::new(text).unwrap_or_default();
    Code::ALL
        .iter()
        .map(|&code| Texts { code: code as sergo_code, word: text(code.word()), sentence: text(code.sentence()) })
        .collect()
});

fn describe(code: sergo_code, part: fn(&Texts) -> &CString, unknown: *const c_char) -> *const c_char {
    catch_unwind(|| TEXTS.iter().find(|texts| texts.code == code).map(|texts| part(texts).as_ptr()))
        .ok()
        .flatten()
        .unwrap_or(unknown)
}

/// Runs a call that answers nothing but its code.
#[inline]
pub(crate) fn run(call: impl FnOnce() -> Result<(), Code>) -> sergo_code {
    stop_panics(call).err().map_or(SERGO_OK, |code| code as sergo_code)
}

/// Runs a call that answers a value, and writes it to `out`; in the case of an
/// error an empty one, so that `out` can be read and freed after any call.
///
/// # Safety
/// `out` is null or may be written.
#[inline]
pub(crate) unsafe fn answer<T: Default>(out: *mut T, call: impl FnOnce() -> Result<T, Code>) -> sergo_code {
    if out.is_null() || !out.is_aligned() {
        return SERGO_ARGUMENT;
    }
    let (value, code) = match stop_panics(call) {
        Ok(value) => (value, SERGO_OK),
        Err(code) => (T::default(), code as sergo_code),
    };
    // SAFETY: not null, aligned, and the caller vouches for the rest.
    unsafe { out.write(value) };
    code
}

/// No panic reaches C, wherever in a call it starts. One inside an engine is
/// stopped before, and poisons that engine.
#[inline]
fn stop_panics<T>(call: impl FnOnce() -> Result<T, Code>) -> Result<T, Code> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Code::Panicked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_the_cores_table() {
        let ours = [
            ("ok", SERGO_OK),
            ("closed", SERGO_CLOSED),
            ("poisoned", SERGO_POISONED),
            ("panicked", SERGO_PANICKED),
            ("argument", SERGO_ARGUMENT),
            ("utf8", SERGO_UTF8),
            ("stale", SERGO_STALE),
            ("space", SERGO_SPACE),
            ("full", SERGO_FULL),
        ];
        let core: Vec<_> = Code::ALL.iter().map(|&code| (code.word(), code as sergo_code)).collect();
        assert_eq!(ours.as_slice(), core);
    }

    #[test]
    fn a_panic_outside_any_engine_is_a_code() {
        assert_eq!(run(|| panic!("on purpose")), SERGO_PANICKED);
        let mut out = 7;
        // SAFETY: a pointer to a variable.
        assert_eq!(unsafe { answer(&raw mut out, || -> Result<i32, Code> { panic!("on purpose") }) }, SERGO_PANICKED);
        assert_eq!(out, 0);
    }
}
