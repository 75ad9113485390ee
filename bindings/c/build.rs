//! What the linker must know of the shared library.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // Threads run the library's destructors of thread-local values when they
        // end, so its code has to outlive a dlclose.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // A program linked by the library's path must not look for it there.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libsergo.so");
    }
}
