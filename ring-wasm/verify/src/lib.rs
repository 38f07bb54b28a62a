//! What the core's algorithms run on where they are checked: the memory of a model checker and the memory of native
//! threads, and calls that wait, as the TypeScript bindings make them of the core's functions.

pub mod blocking;
pub mod modelled;
pub mod mortal;
pub mod native;
