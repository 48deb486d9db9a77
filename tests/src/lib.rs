//! What several of our tests share with the scratch crate of `cargo xtask corpus`.

pub mod agreement;
