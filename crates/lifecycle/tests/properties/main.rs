//! Properties of the tracker and its parts over random histories, and exact vectors of single parts.

mod segments;
mod silence;
mod tracker;
mod world;
