//! Where a connection goes, of which only the outside is seen.

use crate::code::{answer, sergo_code};
use crate::request::{caller_labels, numbers};
use crate::text::{one, sergo_pair, sergo_str};
use sergo_border::with;
use sergo_core::route::{Caller, Connection};
use sergo_core::{Code, Rolls};

/// A TLS or TCP connection. All zero but the host is one of which nothing else is
/// known.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_connection {
    /// The host that is called, perhaps with a port.
    pub host: sergo_str,
    /// The name that a TLS client asks for; absent: no TLS.
    pub sni: sergo_str,
    /// The destination's address; may be absent.
    pub address: sergo_str,
    /// The destination port; 0 is none.
    pub port: u16,
    /// The caller's address; may be absent.
    pub client: sergo_str,
    /// A sticky key; may be absent. The same key always gets the same destination.
    pub hash: sergo_str,
    /// The calling workload's labels; `NULL` is the engine's own.
    pub caller_labels: *const sergo_pair,
    /// How many.
    pub caller_label_count: usize,
    /// The calling workload's namespace; the engine's own when absent.
    pub caller_namespace: sergo_str,
    /// The gateway that the connection came through; `mesh` when absent.
    pub caller_gateway: sergo_str,
}

/// Where a connection goes, by the TLS and TCP routes: puts an id for
/// `sergo_answer_get` into `id`, or 0 when no route says. `seed` is as for
/// `sergo_route`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_connect(
    engine: u64,
    connection: *const sergo_connection,
    seed: u64,
    id: *mut u64,
) -> sergo_code {
    // SAFETY: the caller's connection lives through the call, and it vouches for `id`.
    unsafe { answer(id, || connect(engine, one(connection)?, &mut Rolls::seeded(seed))) }
}

/// As `sergo_connect`, with the random numbers themselves, as `sergo_route_rolls`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_connect_rolls(
    engine: u64,
    connection: *const sergo_connection,
    rolls: *const f64,
    roll_count: usize,
    id: *mut u64,
) -> sergo_code {
    // SAFETY: the caller's connection and rolls live through the call, and it vouches for `id`.
    unsafe { answer(id, || connect(engine, one(connection)?, &mut Rolls::given(numbers(rolls, roll_count)?))) }
}

/// # Safety
/// All that the connection points to lives through the call.
unsafe fn connect(engine: u64, connection: &sergo_connection, rolls: &mut Rolls<'_>) -> Result<u64, Code> {
    // SAFETY: as the caller vouches.
    let labels = unsafe { caller_labels(connection.caller_labels, connection.caller_label_count) }?;
    // SAFETY: as the caller vouches.
    let connection = unsafe {
        Connection {
            host: connection.host.get()?,
            port: (connection.port != 0).then_some(connection.port),
            sni: connection.sni.option()?,
            address: connection.address.option()?,
            client: connection.client.option()?,
            caller: Caller {
                labels: labels.as_ref(),
                namespace: connection.caller_namespace.option()?,
                gateway: connection.caller_gateway.option()?,
            },
            hash: connection.hash.option()?,
        }
    };
    with(engine, |host| Ok(host.engine().connect(&connection, rolls, host.moment()).map_or(0, |id| id.0)))
}
