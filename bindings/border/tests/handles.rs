//! Many threads open, use and close engines: a handle names its own engine or none.

use sergo::{Code, Config};
use sergo_border::{close, open, with};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

const THREADS: usize = 8;

#[test]
fn a_handle_names_its_own_engine_or_none() {
    const ROUNDS: usize = 500;
    // Handles that are in everybody's reach, each with the app of its engine.
    let shared: Vec<Mutex<Option<(u64, String)>>> = (0..16).map(|_| Mutex::new(None)).collect();
    let (used, closed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (shared, used, closed) = (&shared, &used, &closed);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let app = format!("{thread}-{round}");
                    let handle = open(Config::new(app.clone())).unwrap();
                    // Steps of 5 and 7 lead the threads through the places in different orders.
                    let put = &shared[(thread * 5 + round) % shared.len()];
                    let before = put.lock().unwrap().replace((handle, app));
                    if let Some((old, _)) = before {
                        assert_eq!(close(old), Ok(()), "who takes a handle out is alone to close it");
                        assert_eq!(with(old, |_| Ok(())), Err(Code::Closed));
                        assert_eq!(close(old), Err(Code::Closed));
                    }
                    let seen = shared[(thread + round * 7) % shared.len()].lock().unwrap().clone();
                    if let Some((handle, app)) = seen {
                        match with(handle, |host| Ok(host.engine().config().app == app)) {
                            Ok(same) => {
                                assert!(same, "{handle} names another engine");
                                used.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(code) => {
                                assert_eq!(code, Code::Closed);
                                closed.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    }
                }
            });
        }
    });
    assert!(used.load(Ordering::Relaxed) > 0);
    for (handle, _) in shared.iter().filter_map(|place| place.lock().unwrap().take()) {
        assert_eq!(close(handle), Ok(()));
    }
}

#[test]
fn of_many_closes_one_is_the_close() {
    for _ in 0..30 {
        let handle = open(Config::new("demo-app")).unwrap();
        let (closes, start) = (AtomicUsize::new(0), Barrier::new(THREADS));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    match close(handle) {
                        Ok(()) => closes.fetch_add(1, Ordering::Relaxed),
                        Err(code) => {
                            assert_eq!(code, Code::Closed);
                            0
                        }
                    };
                });
            }
        });
        assert_eq!(closes.into_inner(), 1);
    }
}

#[test]
fn calls_under_way_end_well_while_the_engine_is_closed() {
    for _ in 0..30 {
        let handle = open(Config::new("demo-app")).unwrap();
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    if thread == 0 {
                        close(handle).unwrap();
                        return;
                    }
                    // Whoever got in holds the engine until it is done with it.
                    while let Ok(app) = with(handle, |host| Ok(host.engine().config().app.clone())) {
                        assert_eq!(app, "demo-app");
                    }
                });
            }
        });
        assert_eq!(with(handle, |_| Ok(())), Err(Code::Closed));
    }
}
