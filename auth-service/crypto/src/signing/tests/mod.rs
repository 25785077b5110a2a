//! Keys made, imported, kept, refused and signed with.

mod crashes;
mod ending;
mod files;
mod import;
mod material;
mod ring;
mod rotator;
mod signing;
