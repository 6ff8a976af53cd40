//! A server on loopback that can be killed and comes back on its port, with what it kept.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a server does with one connection.
pub trait Converse: Default + Send + Sync + 'static {
    /// Talks. Whoever leaves in the middle ends it: that is part of what is tested.
    fn converse(&self, stream: TcpStream) -> Option<()>;
}

/// A server that runs.
pub struct Mortal<T> {
    pub port: u16,
    pub inner: Arc<T>,
    stop: Arc<AtomicBool>,
}

impl<T: Converse> Mortal<T> {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        Self::serve(listener, port, Arc::default())
    }

    fn serve(listener: TcpListener, port: u16, inner: Arc<T>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let server = Self { port, inner: Arc::clone(&inner), stop: Arc::clone(&stop) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let inner = Arc::clone(&inner);
                std::thread::spawn(move || inner.converse(stream));
            }
        });
        server
    }

    /// Kills it: nobody listens on its port any more.
    pub fn kill(self) -> Killed<T> {
        self.stop.store(true, Ordering::Relaxed);
        // Its thread wakes once more, and drops its listener.
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::yield_now();
        }
        Killed { port: self.port, inner: Arc::clone(&self.inner) }
    }
}

/// A server that was killed.
pub struct Killed<T> {
    port: u16,
    inner: Arc<T>,
}

impl<T: Converse> Killed<T> {
    /// The server again, on the same port, with what it kept.
    pub fn restart(self) -> Mortal<T> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free again");
        Mortal::serve(listener, self.port, self.inner)
    }
}
