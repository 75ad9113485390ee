//! Links the addon the way Node.js loads it; on Linux so that it is never
//! unloaded, because a worker thread may end before what it left behind.

fn main() {
    napi_build::setup();
}
