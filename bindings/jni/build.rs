//! Link arguments of the library.

fn main() {
    // A class loader that is collected unloads its libraries, while threads of
    // the process may still have thread-local values whose destructors are code
    // of this one. The mapping stays instead; it is read-only and shared.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux" || os == "android") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
