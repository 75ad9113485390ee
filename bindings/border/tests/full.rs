//! As many engines as there can be. A test of its own process, for it leaves no
//! room to others.

use sergo::{Code, Config};
use sergo_border::handle::MAX_ENGINES;
use sergo_border::{close, open, with};
use std::collections::HashSet;

#[test]
fn a_full_table_says_so_and_its_places_serve_again() {
    let first: Vec<u64> = (0..MAX_ENGINES).map(|_| open(Config::new("demo-app")).unwrap()).collect();
    assert_eq!(open(Config::new("demo-app")), Err(Code::Full));
    for &handle in &first {
        close(handle).unwrap();
    }
    let again: Vec<u64> = (0..MAX_ENGINES).map(|_| open(Config::new("demo-app")).unwrap()).collect();
    assert_eq!(open(Config::new("demo-app")), Err(Code::Full));

    let all: HashSet<u64> = first.iter().chain(&again).copied().collect();
    assert_eq!(all.len(), 2 * MAX_ENGINES, "no handle stands for two engines");
    assert!(all.iter().all(|&handle| handle != 0 && handle < 1 << 53));
    for &handle in &first {
        assert_eq!(with(handle, |_| Ok(())), Err(Code::Closed));
    }
    for &handle in &again {
        assert_eq!(with(handle, |_| Ok(())), Ok(()));
        close(handle).unwrap();
    }
}
