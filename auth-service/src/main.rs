//! The program `auth-service`.

fn main() {}
