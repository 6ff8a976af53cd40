//! temp
pub mod nquads;
pub mod rdfc10;
