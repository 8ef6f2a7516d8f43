//! Each part against a plain recomputation, and what holds for all of them.

mod carts;
mod rig;
